"""Sources of market data: simulated, replayed from files, or none."""
