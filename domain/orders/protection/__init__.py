"""Protection of accounts: the risk monitor, halts, and the timers that cancel orders."""
