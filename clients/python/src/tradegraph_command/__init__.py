"""The command `tradegraph` for people: a client of the API."""
