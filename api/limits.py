"""All limits of the API in one place; each has a clear, coded error."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The limits of one client in one process.

    Sizes are in bytes, or characters for text; times in seconds. An anonymous caller may only sign in, so its documents
    are smaller and are not cached.
    """

    # Of one process, and of one address (a /64 network in IPv6): those that work, and those that only wait because
    # their request has not come whole, or nobody has signed in on the socket.
    connections: int = 10_000
    connections_per_address: int = 2_000
    waiting_per_address: int = 200
    requests_per_connection: int = 10_000
    pipelined_requests: int = 16
    url_bytes: int = 16_384
    headers: int = 100
    header_bytes: int = 32_768
    header_seconds: float = 10.0
    idle_seconds: int = 30
    # A client that takes less than this in so long, although more waits for it, is cut off.
    stalled_seconds: float = 20.0
    stalled_bytes: int = 65_536
    # What waits for all connections of one user.
    held_bytes_per_user: int = 16_000_000

    body_bytes: int = 1_000_000
    # Of a body beyond the bound this much is read and thrown away, so that the client hears why it is refused.
    discarded_bytes: int = 16_000_000
    body_seconds: float = 30.0
    document_tokens: int = 4_000
    anonymous_document_tokens: int = 300
    depth: int = 20
    aliases: int = 100
    root_fields: int = 50
    fields: int = 5_000
    cost: int = 100_000
    # Queries that cost more run one after the other for each user.
    large_cost: int = 4_000
    # A query that takes longer is stopped.
    query_seconds: float = 30.0
    validation_errors: int = 10

    cached_documents: int = 1_000
    cached_document_characters: int = 500_000
    persisted_queries: int = 1_000
    persisted_query_characters: int = 1_000_000

    operations_per_socket: int = 100
    sockets_per_user: int = 50
    # An event stream carries one operation.
    streams_per_user: int = 200
    stream_ping_seconds: float = 15.0
    connection_init_seconds: float = 10.0
    # Operation ids come back with every message of the operation.
    operation_id_length: int = 128

    queued_events: int = 256
    queued_event_bytes: int = 1_000_000
    # Of a stream of states: how many symbols, positions ... one subscription can hold the newest of.
    state_parts: int = 2_000
    replay_page: int = 500
    # How often open sockets are looked at even if nobody said that rights have changed.
    access_check_seconds: float = 15.0
