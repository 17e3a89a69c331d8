"""The engine and the scheduled worker: loops that call domain services."""
