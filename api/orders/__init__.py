"""Orders, executions and their events, as the API shows them."""
