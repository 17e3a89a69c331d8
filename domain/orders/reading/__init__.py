"""Reads of orders, executions and trades: lists, statistics and reports."""
