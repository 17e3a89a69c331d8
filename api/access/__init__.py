"""People and access in the schema."""
