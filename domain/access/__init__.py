"""Who may do what: users, sessions, API keys, grants and the audit log."""
