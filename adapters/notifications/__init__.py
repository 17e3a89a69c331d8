"""Sending of messages: addresses, allowed networks, and signed webhooks."""
