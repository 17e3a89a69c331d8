"""Limits of the connections of `web`: their number, their sizes, and their patience."""

from dataclasses import dataclass

from adapters.settings import values
from adapters.settings.fields import variable


@dataclass(frozen=True, repr=False)
class ConnectionSettings:
    """Limits; each connection beyond one is refused or closed."""

    connections: int = variable(
        "TRADEGRAPH_CONNECTIONS",
        "10000",
        values.whole_number(10, 1_000_000),
        "Limit of connections of one process of `web`.",
    )
    connections_per_address: int = variable(
        "TRADEGRAPH_CONNECTIONS_PER_ADDRESS",
        "2000",
        values.whole_number(1, 1_000_000),
        "Limit of connections of one address (a /64 network in IPv6) in one process.",
    )
    waiting_per_address: int = variable(
        "TRADEGRAPH_WAITING_PER_ADDRESS",
        "200",
        values.whole_number(1, 1_000_000),
        "Limit of those with an incomplete request, and of sockets without a sign-in.",
    )
    requests_per_connection: int = variable(
        "TRADEGRAPH_REQUESTS_PER_CONNECTION",
        "10000",
        values.whole_number(1, 999_999_999),
        "Number of requests after which a connection is closed in an orderly way.",
    )
    url_bytes: int = variable(
        "TRADEGRAPH_URL_BYTES", "16384", values.whole_number(256, 1_000_000), "Longest address of a request, in bytes."
    )
    headers: int = variable(
        "TRADEGRAPH_HEADERS", "100", values.whole_number(10, 10_000), "Largest number of headers of a request."
    )
    header_bytes: int = variable(
        "TRADEGRAPH_HEADER_BYTES",
        "32768",
        values.whole_number(1_024, 1_000_000),
        "Largest size of all headers together, in bytes.",
    )
    header_seconds: int = variable(
        "TRADEGRAPH_HEADER_SECONDS",
        "10",
        values.whole_number(1, 600),
        "Time limit for the head of a request to arrive.",
    )
    body_bytes: int = variable(
        "TRADEGRAPH_BODY_BYTES",
        "1000000",
        values.whole_number(10_000, 16_000_000),
        "Largest size of a request's body, and of a message on a socket, in bytes.",
    )
    body_seconds: int = variable(
        "TRADEGRAPH_BODY_SECONDS", "30", values.whole_number(1, 600), "Time limit for the body to arrive."
    )
    idle_seconds: int = variable(
        "TRADEGRAPH_IDLE_SECONDS",
        "30",
        values.whole_number(1, 3_600),
        "Time limit between two requests on a connection.",
    )
    stalled_seconds: int = variable(
        "TRADEGRAPH_STALLED_SECONDS",
        "20",
        values.whole_number(1, 600),
        "A client that reads less than 64 KiB in this time, although more waits for it, is disconnected.",
    )
    held_bytes_per_user: int = variable(
        "TRADEGRAPH_HELD_BYTES_PER_USER",
        "16000000",
        values.whole_number(1_000_000, 999_999_999),
        "Limit of bytes that wait for all connections of one user in one process.",
    )
