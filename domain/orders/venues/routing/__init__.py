"""Routing to one real venue: requests in flight, questions that are due, and comparisons of the books."""
