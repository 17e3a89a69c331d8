"""Close codes of sockets, by the protocol graphql-transport-ws and HTTP, and the error that closes a socket."""

from typing import Final

from domain.kernel.errors import DomainError

BAD_REQUEST: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
PROTOCOL_NOT_ACCEPTABLE: Final = 4406
INIT_TIMEOUT: Final = 4408
ALREADY_SUBSCRIBED: Final = 4409
TOO_MANY: Final = 4429
INTERNAL_ERROR: Final = 4500


class CloseSocket(Exception):
    """The socket must be closed with this code, because of the protocol or a lost right."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def forbidden(error: DomainError) -> CloseSocket:
    """The end of a socket whose caller has lost a right."""
    return CloseSocket(FORBIDDEN, f"Forbidden: {error.message}")
