"""uvicorn's WebSocket protocol with a short way out for text.

One event for a thousand subscribers is a thousand frames that differ in a few bytes. Through ASGI each costs a
dictionary, a coroutine, a copy to text and back; here it costs one join and one write. Everything else, handshake,
pings, closing, incoming frames, stays with uvicorn. Frames go out whole, so both ways may be mixed; compression is off
(``server_options``), because it would have to be done for each connection anew.
"""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "tradegraph.frames"

_FINAL_TEXT = 0x81
_SHORT = 126
_MEDIUM = 1 << 16


def text_header(length: int) -> bytes:
    """The header of an unfragmented, unmasked text frame (RFC 6455 §5.2)."""
    if length < _SHORT:
        return bytes((_FINAL_TEXT, length))
    if length < _MEDIUM:
        return bytes((_FINAL_TEXT, 126, length >> 8, length & 0xFF))
    return bytes((_FINAL_TEXT, 127)) + length.to_bytes(8, "big")


class TextFrames(WebSocketsSansIOProtocol):
    """Offers itself to the application as the scope's extension ``tradegraph.frames``."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        # Whether the client takes what is sent; when not, whatever is written waits in memory.
        self.is_writable = True
        self.on_writable: Callable[[], None] | None = None
        self.on_lost: Callable[[], None] | None = None

    def handle_connect(self, event: Any) -> None:
        """Put the extension into the scope before the application sees it."""
        super().handle_connect(event)
        scope = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"][EXTENSION] = self

    def pause_writing(self) -> None:
        """The client does not keep up."""
        super().pause_writing()
        self.is_writable = False

    def resume_writing(self) -> None:
        """Tell the application that the client has caught up."""
        super().resume_writing()
        self.is_writable = True
        if self.on_writable is not None:
            self.on_writable()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application, which may be waiting for the client to take something."""
        super().connection_lost(exc)
        lost, self.on_lost, self.on_writable = self.on_lost, None, None
        if lost is not None:
            lost()

    def write_text(self, text: bytes) -> None:
        """Send UTF-8 as one text message; nothing once the connection is closing."""
        self.write_message(text, b"", b"")

    def write_message(self, start: bytes, middle: bytes, end: bytes) -> None:
        """The same for a text in three parts."""
        if self.close_sent or self.disconnected or not self.handshake_complete:
            return
        header = text_header(len(start) + len(middle) + len(end))
        self.transport.write(b"".join((header, start, middle, end)))
