"""Real venues as the domain sees them: what can be asked of one (``port``), in which values (``types``).

Everything else in this package is the engine's half of a venue: what it takes over for venues that cannot do it
themselves, how requests and reports are booked once, and how our books are compared with theirs.
"""
