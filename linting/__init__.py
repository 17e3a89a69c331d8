"""Contracts of import-linter that this project adds to the common ones."""
