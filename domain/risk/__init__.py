"""Pre-trade risk rules and their evaluation."""
