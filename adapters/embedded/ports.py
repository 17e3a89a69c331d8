"""Loopback ports for the private servers."""

import socket

from adapters.embedded.errors import EmbeddedError

LOOPBACK = "127.0.0.1"


class PortTakenError(EmbeddedError):
    """Another process listens on the port that a server was to use."""


def free_port() -> int:
    """A port that is free now; a server on it may still find it taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """True if the port can be bound now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: connections of the last server that linger are no reason to move elsewhere.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def says_port_taken(log: str) -> bool:
    """True if a server's log says that its port was taken."""
    return "Address already in use" in log
