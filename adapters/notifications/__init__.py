"""The way out of the platform for messages: addresses, what may be connected to, and signed webhooks."""
