"""Orders: their lifecycle from placement to the last fill."""
