"""Time series for stores outside: what is exported, how it is written, and how far."""
