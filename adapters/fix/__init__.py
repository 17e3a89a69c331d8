"""FIX 4.4: messages, the session that keeps them in order over broken connections, and the code sets of orders."""
