"""Crypto exchanges through ccxt, an optional extra: nothing here imports it before an exchange is configured."""
