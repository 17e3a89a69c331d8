"""Venues that are reached by FIX 4.4: a session with a counterparty's acceptor."""
