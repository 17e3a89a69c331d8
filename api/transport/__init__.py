"""GraphQL over HTTP and over WebSocket (graphql-transport-ws)."""
