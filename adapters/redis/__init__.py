"""Redis: the message bus, the tick stream, counts that all processes share, and the board of processes."""
