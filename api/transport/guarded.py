"""uvicorn's HTTP protocol with limits that apply before the application runs, and before the caller is known.

The parser keeps any unfinished part: a header, an address, a trailer. So the bytes of a request are counted here as
they come. A request beyond a limit is answered with its status, and the connection is closed.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Hashable
from functools import partial
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.limits import RequestLimits
from api.transport.connections import Connections, ConnectionState
from api.transport.refused_requests import refusal_of

EXTENSION = "tradegraph.connection"

# After a refusal so much longer, and so much more, is read and thrown away: a client that is cut off as it writes does
# not hear why. Who goes on sending all the same is not listened to.
_LINGER_SECONDS = 1.0
_LINGER_BYTES = 1_000_000
# What one connection sends is taken in by slices, and between two of them others have their turn: a chunk of the socket
# has up to 256 KiB, which may be ten thousands of headers.
_SLICE_BYTES = 16_384
# When the server stops, an idle connection stays open for so long: a request that was on its way is answered.
_LAST_CALL_SECONDS = 0.5
# The application ends bodies that do not come; this is for what it does not read.
_GRACE_SECONDS = 5.0
# Of one body byte in a chunk of its own so much is sent at most, and so much by the way; what else comes is no body.
_CHUNK_BYTES = 16
_FRAMING_BYTES = 65_536

# uvicorn warns of each request that is none: whoever sends them would fill the log.
_log = logging.getLogger("uvicorn.error.connections")
_log.setLevel(logging.ERROR)


class GuardedHttp(HttpToolsProtocol):
    """One connection. Offers itself to the application as the scope's extension ``tradegraph.connection``."""

    def __init__(self, *arguments: Any, connections: Connections, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.logger = _log
        self._connections = connections
        self._limits: RequestLimits = connections.limits
        self._place: ConnectionState | None = None
        # Of the request that comes in: whether its head is under way, and what has come of it.
        self._in_head = True
        self._in_message = False
        self._unfinished_bytes = 0
        self._head_bytes = 0
        self._headers_seen = 0
        self._body_bytes = 0
        self._after_head_bytes = 0
        self._requests = 0
        # What has come and was not looked at yet.
        self._unread: deque[bytes] = deque()
        self._discarded_bytes = 0
        self._refusal: HTTPStatus | None = None
        self._is_refused = False
        self._is_last = False
        # Of an answer that is a stream: whether the client takes what is sent, whom to tell, and what waits elsewhere.
        self.is_writable = True
        self._on_writable: Callable[[], None] | None = None
        self._on_lost: Callable[[], None] | None = None
        self._on_stop: Callable[[], None] | None = None
        self._queued = 0

    # ------------------------------------------------------------------ the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Find a place for it."""
        super().connection_made(transport)
        self._place = self._connections.enter(self, str(self.client[0]) if self.client else "", self.loop)
        if self._place is None:
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Release its place."""
        self._unread.clear()
        if self._place is not None:
            self._connections.leave(self._place)
        super().connection_lost(exc)
        lost = self._on_lost
        self.end_stream()
        if lost is not None:
            lost()

    def shutdown(self) -> None:
        """The server stops: answer received requests and those in flight, and close."""
        self._is_last = True
        if self._is_answered:
            self.loop.call_later(_LAST_CALL_SECONDS, self._close_idle)
        else:
            self.cycle.keep_alive = False
        if self._on_stop is not None:
            self._on_stop()

    def _close_idle(self) -> None:
        if self._is_answered and not self._in_message:
            self._leave_and_close()

    def own(self, owner: Hashable) -> None:
        """Count its waiting bytes for this user."""
        if self._place is not None:
            self._connections.own(self._place, owner)

    def handle_websocket_upgrade(self) -> None:
        """Take the place along."""
        assert self.ws_protocol_class is not None
        place, self._place = self._place, None
        # uvicorn makes it with what it knows itself.
        made: Any = self.ws_protocol_class
        self.ws_protocol_class = partial(made, connections=self._connections, place=place)  # type: ignore[assignment]  # only called
        super().handle_websocket_upgrade()

    # ------------------------------------------------------------------ as a guest

    @property
    def held(self) -> int:
        """The bytes of answers that the client has not taken, here and in the application."""
        return self._queued + self.transport.get_write_buffer_size()

    @property
    def is_closing(self) -> bool:
        """True if it is being closed."""
        return self.transport.is_closing()

    def give_way(self) -> None:
        """Close because another connection needs its place."""
        self.expire()

    def expire(self) -> None:
        """Close because the request has not come in time."""
        if self._in_message and self._in_head:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self._leave_and_close()

    def abort(self) -> None:
        """Close at once."""
        self.transport.abort()

    def pause_writing(self) -> None:
        """The client does not keep up."""
        super().pause_writing()
        self.is_writable = False
        if self._place is not None:
            self._connections.stalls(self._place, self.loop.time())

    def resume_writing(self) -> None:
        """It has caught up."""
        super().resume_writing()
        self.is_writable = True
        if self._place is not None:
            self._connections.flows(self._place)
        if self._on_writable is not None:
            self._on_writable()

    # ------------------------------------------------------------------ an answer that is a stream

    def begin_stream(
        self, on_writable: Callable[[], None], on_lost: Callable[[], None], on_stop: Callable[[], None]
    ) -> None:
        """The head of an answer is sent, and its body is written past the application's way until ``end_stream``.

        ``on_writable`` is called when the client takes data again, ``on_lost`` when it has gone, ``on_stop`` when the
        server stops. One event for a thousand subscribers is a thousand writes: each is one join and one write here.
        """
        self._on_writable, self._on_lost, self._on_stop = on_writable, on_lost, on_stop
        if self.transport.is_closing():
            on_lost()
        elif self._is_last:
            on_stop()

    def end_stream(self) -> None:
        """The body is written as usual again."""
        self._on_writable = self._on_lost = self._on_stop = None

    def hold(self, size: int) -> None:
        """Count the bytes that the application keeps until the client takes them."""
        self._queued += size
        if size > 0 and self._place is not None:
            self._connections.holds(self._place)

    def write_text(self, text: bytes) -> None:
        """Send a part of the body; nothing once the connection is closing."""
        self.write_message(text, b"", b"")

    def write_message(self, start: bytes, middle: bytes, end: bytes) -> None:
        """The same for a part in three pieces."""
        if self._on_lost is None or self.transport.is_closing():
            return
        size = b"%x\r\n" % (len(start) + len(middle) + len(end))
        self.transport.write(b"".join((size, start, middle, end, b"\r\n")))

    # ------------------------------------------------------------------ what comes in

    def data_received(self, data: bytes) -> None:
        """Take in one slice now, and the others one by one while others have their turns."""
        if self._refusal is not None:
            self._discard(data)
        elif len(data) <= _SLICE_BYTES and not self._unread:
            self._take(data)
        else:
            was_reading_on = bool(self._unread)
            self._unread.extend(data[start : start + _SLICE_BYTES] for start in range(0, len(data), _SLICE_BYTES))
            self.transport.pause_reading()
            if not was_reading_on:
                self._read_on()

    def _read_on(self) -> None:
        if self._unread and not self.transport.is_closing():
            self._take(self._unread.popleft())
        if self.transport.is_closing():
            self._unread.clear()
        elif self._refusal is not None:
            unread, self._unread = self._unread, deque()
            self._discard(b"".join(unread))
        elif self.transport.get_protocol() is not self:
            # It is a WebSocket now, on which the client says nothing before it has the answer.
            self._unread.clear()
            self.transport.resume_reading()
        elif self._unread:
            self.loop.call_soon(self._read_on)
        elif not self.flow.read_paused:
            self.transport.resume_reading()

    def _discard(self, data: bytes) -> None:
        """Discard bytes after a refusal; beyond a bound, stop reading."""
        self._discarded_bytes += len(data)
        if self._discarded_bytes > _LINGER_BYTES:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _take(self, data: bytes) -> None:
        """Count the received bytes, and refuse a request beyond a limit."""
        was_in_body = self._in_message and not self._in_head
        only = self._requests if self._in_message else self._requests + 1
        super().data_received(data)
        if self.transport.is_closing() or self._place is None:
            return
        if self._in_head and not was_in_body and self._requests == only:
            # All of it belongs to one head, which has not ended.
            self._unfinished_bytes += len(data)
            if self._unfinished_bytes > self._limits.header_bytes + self._limits.url_bytes:
                self._beyond(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif not self._in_head:
            self._after_head_bytes += len(data)
            self._check_rest()
        beyond = self._found_beyond
        if beyond is not None:
            self._refuse(beyond)
        elif self._in_head and self._in_message and self._is_answered and not self._place.is_timed:
            # The beginning of another request.
            self._connections.wait(self._place, self.loop.time() + self._limits.header_seconds)

    def _check_rest(self) -> None:
        """Check that the bytes after the head are a body of limited size."""
        allowed = _FRAMING_BYTES + _CHUNK_BYTES * self._body_bytes
        if self._after_head_bytes - self._body_bytes > allowed + self._limits.header_bytes:
            self._beyond(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._after_head_bytes > self._limits.discarded_bytes and self._is_answered:
            self._beyond(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    @property
    def _is_answered(self) -> bool:
        return self.cycle is None or bool(self.cycle.response_complete)

    @property
    def _found_beyond(self) -> HTTPStatus | None:
        return self._refusal

    def _beyond(self, status: HTTPStatus) -> None:
        """Store the reason of the refusal until the parser has returned."""
        if self._refusal is None:
            self._refusal = status

    def on_message_begin(self) -> None:
        """Start counting."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: self}  # type: ignore[dict-item]  # uvicorn has none of its own
        self._in_head = self._in_message = True
        self._unfinished_bytes = self._head_bytes = self._headers_seen = 0
        self._body_bytes = self._after_head_bytes = 0
        self._requests += 1
        if len(self.pipeline) >= self._limits.pipelined_requests:
            self._beyond(HTTPStatus.TOO_MANY_REQUESTS)

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        if len(self.url) + len(url) > self._limits.url_bytes:
            self._beyond(HTTPStatus.REQUEST_URI_TOO_LONG)
        if self._refusal is None:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer."""
        self._headers_seen += 1
        self._head_bytes += len(name) + len(value)
        if self._headers_seen > self._limits.headers or self._head_bytes > self._limits.header_bytes:
            self._beyond(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if self._refusal is None:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the application begin."""
        self._in_head = False
        if self._refusal is not None or self._place is None:
            return
        self._connections.work(self._place, self.loop.time() + self._limits.body_seconds + _GRACE_SECONDS)
        super().on_headers_complete()
        is_last = self._is_last or self._requests >= self._limits.requests_per_connection
        if is_last and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body_bytes += len(body)
        if self._refusal is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._in_head, self._in_message = True, False
        self._unfinished_bytes = 0
        if self._refusal is not None or self._place is None:
            return
        super().on_message_complete()
        if self._is_answered:
            self._connections.rest(self._place, self.loop.time() + self._limits.idle_seconds)
        else:
            self._connections.work(self._place)

    def on_response_complete(self) -> None:
        """Begin the next request that has come, or wait for one."""
        # As uvicorn has it, but for its timer for each idle connection, which costs more than the rest.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        if self._place is None or not self._is_answered:
            return
        if not self._in_message:
            self._connections.rest(self._place, self.loop.time() + self._limits.idle_seconds)
        elif self._in_head:
            self._connections.wait(self._place, self.loop.time() + self._limits.header_seconds)

    # ------------------------------------------------------------------ refusing

    def send_400_response(self, msg: str) -> None:
        """Refuse a request that the parser does not understand."""
        del msg
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer with the reason, and close when the client has had time to read it."""
        if self._is_refused or self.transport.is_closing():
            return
        self._refusal, self._is_refused = status, True
        if not self._is_answered:
            cycle = self.cycle
            if self._in_head:
                # It is the next request that is refused: those before it are answered first.
                cycle.keep_alive = False
                return
            if self.pipeline or cycle.response_started:
                self._leave_and_close()
                return
            cycle.waiting_for_100_continue, cycle.disconnected = False, True  # the body is not asked for any more
            cycle.message_event.set()
        self.transport.write(refusal_of(status))
        if self._place is None or not self.transport.can_write_eof():
            # There are too many already to wait for this one.
            self._leave_and_close()
            return
        self._connections.leave(self._place)
        self.transport.write_eof()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def _leave_and_close(self) -> None:
        if self._place is not None:
            self._connections.leave(self._place)
        self.transport.close()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)
