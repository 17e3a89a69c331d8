"""A second author's market: other prices, sessions, lots, habits and ways to do wrong than the first one's."""
