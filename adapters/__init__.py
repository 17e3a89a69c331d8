"""Adapters to the outside: settings, database, bus, venues, feeds."""
