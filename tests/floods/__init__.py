"""Attacks on a web process, and what somebody else notices of them."""
