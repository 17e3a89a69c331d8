"""uvicorn's WebSocket protocol with a fast path for outgoing text.

One event for a thousand subscribers is a thousand frames that differ in a few bytes. Through ASGI each costs a
dictionary, a coroutine, a copy to text and back; here it costs one join and one write. Everything else (handshake,
pings, closing, incoming frames) stays with uvicorn. Frames go out whole, so both paths may be mixed; compression is off
(``server_options``), because each connection would have to compress anew.
"""

import logging
from asyncio import BaseTransport
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from api.transport.connections import Connections, ConnectionState
from api.transport.inbox import Gate, Inbox

EXTENSION = "tradegraph.frames"

_FINAL_TEXT = 0x81
_SHORT = 126
_MEDIUM = 1 << 16
_SLICE_BYTES = 8_192
_MAX_FRAGMENTS = 1_024
_MESSAGE_TOO_BIG = 1009
_TRY_AGAIN_LATER = 1013
_GRACE_SECONDS = 2.0
# uvicorn tells of each socket that opens: whoever opens them would fill the log.
_log = logging.getLogger("uvicorn.error.sockets")
_log.setLevel(logging.WARNING)


def text_header(length: int) -> bytes:
    """The header of an unfragmented, unmasked text frame (RFC 6455 §5.2)."""
    if length < _SHORT:
        return bytes((_FINAL_TEXT, length))
    if length < _MEDIUM:
        return bytes((_FINAL_TEXT, 126, length >> 8, length & 0xFF))
    return bytes((_FINAL_TEXT, 127)) + length.to_bytes(8, "big")


class TextFrames(WebSocketsSansIOProtocol):
    """Offers itself to the application as the scope's extension ``tradegraph.frames``."""

    # Beside the attributes of its base, which are so many already that a few more would double their table.
    __slots__ = ("_connections", "_place", "_queued", "_unread", "is_writable", "on_lost", "on_writable")

    def __init__(self, *arguments: Any, connections: Connections, place: ConnectionState, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.logger = _log
        self.queue: Inbox[ASGIReceiveEvent] = Inbox()  # type: ignore[assignment]  # only these methods are used
        self.writable = Gate()  # type: ignore[assignment]  # has all that is used of an event
        # Whether the client takes what is sent; when not, whatever is written waits in memory.
        self.is_writable = True
        self.on_writable: Callable[[], None] | None = None
        self.on_lost: Callable[[], None] | None = None
        self._connections = connections
        self._place = place
        # What the application keeps until the client takes it.
        self._queued = 0
        # What has come and was not looked at yet: the application has enough to do with what came before.
        self._unread: deque[bytes] | None = None
        connections.replace(place, self)

    # ------------------------------------------------------------------ the connection

    def connection_made(self, transport: BaseTransport) -> None:
        """Give the client a while to sign in."""
        super().connection_made(transport)
        seconds = self._connections.limits.connection_init_seconds + _GRACE_SECONDS
        self._connections.wait(self._place, self.loop.time() + seconds)

    def handle_connect(self, event: Any) -> None:
        """Put the extension into the scope before the application sees it."""
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"][EXTENSION] = self

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application, which may be waiting for the client to take something."""
        self._connections.leave(self._place)
        self._unread = None
        super().connection_lost(exc)
        lost, self.on_lost, self.on_writable = self.on_lost, None, None
        if lost is not None:
            lost()

    def own(self, owner: Hashable) -> None:
        """A user has signed in: waiting bytes count for this user, and the place no longer gives way."""
        self._connections.own(self._place, owner)
        self._connections.work(self._place)

    # ------------------------------------------------------------------ as a guest

    @property
    def held(self) -> int:
        """The bytes that wait for the client, here and in the application."""
        return self._queued + int(self.transport.get_write_buffer_size())

    @property
    def is_closing(self) -> bool:
        """True if it is being closed."""
        return self.transport.is_closing()

    def give_way(self) -> None:
        """Close because another connection needs its place."""
        self._fail(_TRY_AGAIN_LATER, "Other connections need this place")

    def expire(self) -> None:
        """Close because of a missing sign-in; the application closes earlier, if it can."""
        self._fail(_TRY_AGAIN_LATER, "Nobody signed in")

    def abort(self) -> None:
        """Close at once and drop waiting bytes."""
        self.transport.abort()

    def _fail(self, code: int, reason: str) -> None:
        if self.transport.is_closing():
            return
        if self.handshake_complete and not self.close_sent:
            self.conn.fail(code, reason)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        self.transport.close()
        self.loop.call_later(_GRACE_SECONDS, self.transport.abort)

    # ------------------------------------------------------------------ what comes in

    def data_received(self, data: bytes) -> None:
        """Take in only as much at a time as can be kept: a chunk may hold ten thousands of small messages."""
        if len(data) <= _SLICE_BYTES and not self._unread and not self.read_paused:
            super().data_received(data)
            return
        if self._unread is None:
            self._unread = deque()
        self._unread.extend(data[start : start + _SLICE_BYTES] for start in range(0, len(data), _SLICE_BYTES))
        self._read_on()

    def _read_on(self) -> None:
        while self._unread and not self.read_paused and not self.transport.is_closing():
            super().data_received(self._unread.popleft())
        if self._unread and not self.transport.is_closing():
            # Also when there was no message in it: nothing more is read before this is.
            self.transport.pause_reading()

    async def send(self, message: ASGISendEvent) -> None:
        """Send for the application; a client that does not answer a close is cut off."""
        await super().send(message)
        if message["type"] == "websocket.accept":
            # Nobody asks for the handshake any more, and its headers are as large as the rest of the connection.
            del self.request, self.response
        if self.close_sent:
            self.loop.call_later(_GRACE_SECONDS, self.transport.abort)

    async def receive(self) -> ASGIReceiveEvent:
        """The next event, followed by events that have arrived since."""
        event = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self.transport.resume_reading()
        if self._unread and not self.read_paused:
            self._read_on()
        return event

    def handle_cont(self, event: Frame) -> None:
        """Take a fragment of a message; their number is bounded."""
        if len(self.frames) >= _MAX_FRAGMENTS:
            self._fail(_MESSAGE_TOO_BIG, "Too many fragments")
            return
        super().handle_cont(event)

    def handle_ping(self) -> None:
        """Answer a ping, unless the client does not take the answers."""
        answer = self.conn.data_to_send()
        if self.is_writable:
            self.transport.write(b"".join(answer))

    # ------------------------------------------------------------------ what goes out

    def pause_writing(self) -> None:
        """The client does not keep up."""
        super().pause_writing()
        self.is_writable = False
        self._connections.stalls(self._place, self.loop.time())

    def resume_writing(self) -> None:
        """Tell the application that the client has caught up."""
        super().resume_writing()
        self.is_writable = True
        self._connections.flows(self._place)
        if self.on_writable is not None:
            self.on_writable()

    def hold(self, size: int) -> None:
        """Count the bytes that the application keeps until the client takes them."""
        self._queued += size
        if size > 0:
            self._connections.holds(self._place)

    def write_text(self, text: bytes) -> None:
        """Send UTF-8 as one text message; nothing once the connection is closing."""
        self.write_message(text, b"", b"")

    def write_message(self, start: bytes, middle: bytes, end: bytes) -> None:
        """The same for a text in three parts."""
        if self.close_sent or self.disconnected or not self.handshake_complete:
            return
        header = text_header(len(start) + len(middle) + len(end))
        self.transport.write(b"".join((header, start, middle, end)))
