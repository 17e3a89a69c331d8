"""Scheduled tasks, their runs, and the platform's health."""
