"""Exports: what is stored of an account, as rows for programs of others."""
