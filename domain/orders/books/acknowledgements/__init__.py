"""Acknowledgements of new orders, booked in one statement."""
