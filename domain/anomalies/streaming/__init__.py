"""The streaming core detector: scores each reading of one univariate series as it arrives, from its past alone."""
