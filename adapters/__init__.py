"""What talks to the outside: settings, database, bus, venues, feeds."""
