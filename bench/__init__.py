"""Benchmarks: each figure is measured beside a limit in the same run."""
