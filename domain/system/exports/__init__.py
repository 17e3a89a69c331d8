"""Exports: the stored rows of an account, for other programs."""
