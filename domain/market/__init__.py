"""Instruments, quotes, bars and the trading calendar."""
