"""The GraphQL engine: documents, their bounds, compiled readers of results, and the execution of operations."""
