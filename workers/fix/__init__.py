"""Order entry for clients that speak FIX 4.4: the same use cases, rules and ids as those of the API."""
