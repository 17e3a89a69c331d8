"""Authentication and authorization: users, sessions, API keys, grants and the audit log."""
