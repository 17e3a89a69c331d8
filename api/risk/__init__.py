"""Risk rules, as the API shows them."""
