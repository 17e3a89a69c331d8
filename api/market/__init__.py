"""Instruments, quotes and bars in the API."""
