"""The messages of an operation in the words of both protocols: graphql-transport-ws and graphql-sse.

Pure: a subscription's payload is encoded once, and each protocol puts its own bytes around it.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import orjson
from graphql import GraphQLFormattedError


class MessageFormat(Protocol):
    """The words of a protocol for the messages of an operation."""

    def around(self, operation_id: str) -> tuple[bytes, bytes]:
        """The bytes before and after the payload of a result."""
        ...

    def complete(self, operation_id: str) -> bytes:
        """The end of an operation."""
        ...

    def error(self, operation_id: str, errors: Sequence[GraphQLFormattedError]) -> bytes:
        """The end of an operation that failed."""
        ...


class SocketMessages:
    """Messages of graphql-transport-ws; each is one frame."""

    def around(self, operation_id: str) -> tuple[bytes, bytes]:
        """The bytes before and after the payload of a ``next`` message."""
        return b'{"id":' + orjson.dumps(operation_id) + b',"type":"next","payload":', b"}"

    def complete(self, operation_id: str) -> bytes:
        """The end of an operation."""
        return orjson.dumps({"id": operation_id, "type": "complete"})

    def error(self, operation_id: str, errors: Sequence[GraphQLFormattedError]) -> bytes:
        """The end of an operation that failed."""
        return orjson.dumps({"id": operation_id, "type": "error", "payload": errors})


class ServerSentEvents:
    """Events of graphql-sse with a connection for each operation, which therefore needs no id.

    A payload has no line break, so it is one line of data. ``complete`` has an empty one: without it, browsers tell
    nobody of the event.
    """

    _COMPLETE: Final = b"event: complete\ndata:\n\n"

    def around(self, operation_id: str) -> tuple[bytes, bytes]:
        """The bytes before and after the payload of a ``next`` event."""
        del operation_id
        return b"event: next\ndata: ", b"\n\n"

    def complete(self, operation_id: str) -> bytes:
        """The end of an operation."""
        del operation_id
        return self._COMPLETE

    def error(self, operation_id: str, errors: Sequence[GraphQLFormattedError]) -> bytes:
        """A result of errors alone, and the end: the protocol has no other word for a failure."""
        start, end = self.around(operation_id)
        return start + orjson.dumps({"errors": errors}) + end + self._COMPLETE


SOCKET_MESSAGES: Final[MessageFormat] = SocketMessages()
SERVER_SENT_EVENTS: Final[MessageFormat] = ServerSentEvents()
