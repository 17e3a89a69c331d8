"""What scheduled tasks do: thin functions that call domain services, one module per area."""
