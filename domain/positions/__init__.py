"""Positions: averages, realised PnL and frozen quantities."""
