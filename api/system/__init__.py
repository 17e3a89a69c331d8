"""The platform's own affairs, as the API shows them: scheduled tasks and their runs."""
