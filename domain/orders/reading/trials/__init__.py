"""Trials of limits on the orders of the last day."""
