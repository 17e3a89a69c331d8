"""Positions: averages, realised PnL and what is frozen of them."""
