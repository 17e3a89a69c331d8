"""GraphQL only: input, one domain call, view. One package per area beside the transport that carries them."""
