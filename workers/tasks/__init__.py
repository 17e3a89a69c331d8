"""The functions of scheduled tasks: they call domain services, one module per area."""
