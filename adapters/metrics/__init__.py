"""Prometheus metrics: figures of each process, of all web processes together, and of the platform."""
