"""Positions and live PnL, as the API shows them."""
