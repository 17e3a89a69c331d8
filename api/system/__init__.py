"""Scheduled tasks, their runs, health and notifications, as the API shows them."""
