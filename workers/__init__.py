"""The engine and the scheduled worker: thin loops that call domain services."""
