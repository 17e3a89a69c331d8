"""Accounts, their ledger and their proofs, as the API shows them."""
