"""Real venues in the domain: the port to one (``port``), and its values (``types``).

The other modules are the engine's half of a venue: functions that it takes over for venues that lack them, single
booking of requests and reports, and reconciliation of our books with the venue's.
"""
