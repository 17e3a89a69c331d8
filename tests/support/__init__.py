"""Shared parts of the tests: throw-away servers, fresh databases, real processes."""
