"""Orders that a real venue cannot hold: kept here and sent when their trigger is reached."""
