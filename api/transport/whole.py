"""Requests and answers in one piece: taken from the connection, and given to it, without messages of ASGI.

Nearly all requests come whole and are answered at once. A message is a dictionary and an awaited call in each layer,
and the server searches each header of an answer for what the application must not send: a tenth of an order's time.
"""

from collections.abc import Iterable
from typing import Final

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from api.transport.guarded import EXTENSION, GuardedHttp

_END: Final = b"\r\n"
CLOSE: Final = (b"connection", b"close")


def _cycle_of(scope: Scope) -> RequestResponseCycle | None:
    """The state of a request in the server; None for one that is not its connection's newest, or of another server."""
    connection = scope.get("extensions", {}).get(EXTENSION)
    cycle = connection.cycle if isinstance(connection, GuardedHttp) else None
    return cycle if cycle is not None and cycle.scope is scope else None


def whole_body(scope: Scope) -> bytes | None:
    """The body of a request, if all of it has come and nothing of it was received."""
    cycle = _cycle_of(scope)
    if cycle is None or cycle.more_body or cycle.disconnected:
        return None
    cycle.flow.resume_reading()
    # The connection keeps its last request until the next one.
    body, cycle.body = bytes(cycle.body), bytearray()
    return body


def write_whole(scope: Scope, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
    """Write a whole answer; False where it has to be sent by messages.

    That is so while nothing can be written, and for an answer whose body is not sent.

    ``headers`` are all headers, with names in small letters, but for those that the server adds itself. After an answer
    with ``connection: close`` the connection is closed.

    Raises:
        ValueError: a header has more than one line.
    """
    cycle = _cycle_of(scope)
    if cycle is None or cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
        return False
    if cycle.transport.is_closing() or scope["method"] == "HEAD":
        return False
    lines = [*cycle.default_headers, *headers]
    if CLOSE in lines:
        cycle.keep_alive = False
    elif not cycle.keep_alive:
        lines.append(CLOSE)
    parts = [STATUS_LINE[status]]
    for name, value in lines:
        parts += (name, b": ", value, _END)
    head = b"".join(parts)
    if not head.count(b"\n") == head.count(b"\r") == len(lines) + 1:
        raise ValueError("a header has more than one line")
    cycle.waiting_for_100_continue = False
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(b"".join((head, _END, body)))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True
