"""Accounts, the ledger of their money and the event log of their changes."""
