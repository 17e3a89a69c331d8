"""The send queue of one connection: frames go out at once while the client takes them, and wait in order when not.

The callers bound the waiting frames: answers by the number of operations, events by each subscription's queue.
"""

import asyncio
from collections import deque
from typing import Protocol

from api.realtime.protocol_messages import SOCKET_MESSAGES, MessageFormat


class Frames(Protocol):
    """A connection for text messages. ``is_writable`` is true while the client accepts more."""

    is_writable: bool

    def write_text(self, text: bytes) -> None:
        """Send one text message."""
        ...

    def write_message(self, start: bytes, middle: bytes, end: bytes) -> None:
        """Send one text message in three parts."""
        ...

    def hold(self, size: int) -> None:
        """Count bytes that wait for the client with the caller; below zero when they are gone."""
        ...


class Waiting(Protocol):
    """A sender with frames of its own that wait for the client."""

    def drain(self) -> bool:
        """Write while the client takes it; True when nothing is left."""
        ...


class SendQueue:
    """Writes to one connection, in the ``format`` of its protocol."""

    __slots__ = ("_frames", "_held", "_moved", "_queue", "_waiting", "closed", "format")

    def __init__(self, frames: Frames, message_format: MessageFormat = SOCKET_MESSAGES) -> None:
        self.format = message_format
        self._frames = frames
        # Made when a frame has to wait: an empty one takes three quarters of a kilobyte for each connection.
        self._queue: deque[bytes] | None = None
        # Those with queues of their own, in the order in which they began to wait.
        self._waiting: dict[Waiting, None] = {}
        self._moved: asyncio.Event | None = None
        self._held = 0
        self.closed = False

    @property
    def is_open(self) -> bool:
        """True if a frame written now goes out now."""
        return self._frames.is_writable and not self._queue and not self.closed

    def write(self, start: bytes, middle: bytes, end: bytes) -> None:
        """Send one message now; only while ``is_open``."""
        self._frames.write_message(start, middle, end)

    def send(self, frame: bytes) -> None:
        """Send a frame, or keep it until the client takes it."""
        if self.closed:
            return
        if self.is_open:
            self._frames.write_text(frame)
        else:
            if self._queue is None:
                self._queue = deque()
            self._queue.append(frame)
            self.hold(len(frame))

    def hold(self, size: int) -> None:
        """Count bytes that wait for this client, here and in subscriptions' queues."""
        if not self.closed:
            self._held += size
            self._frames.hold(size)

    def wait(self, waiting: Waiting) -> None:
        """Call ``waiting.drain`` when the client takes frames again."""
        self._waiting[waiting] = None

    def forget(self, waiting: Waiting) -> None:
        """Do not call it any more."""
        self._waiting.pop(waiting, None)
        self._wake()

    def resume(self) -> None:
        """Send waiting frames, in turn: the client takes frames again."""
        while self._queue and self._frames.is_writable:
            frame = self._queue.popleft()
            self.hold(-len(frame))
            self._frames.write_text(frame)
        for waiting in list(self._waiting):
            if not self.is_open:
                break
            # Whoever is not done goes to the end of the line.
            if waiting in self._waiting:
                del self._waiting[waiting]
                if not waiting.drain():
                    self._waiting[waiting] = None
        self._wake()

    async def answered(self) -> None:
        """Wait until every frame handed to ``send`` has gone out, or the connection is closed."""
        while self._queue and not self.closed:
            await self.progress()

    async def progress(self) -> None:
        """Wait until the client has taken something, or the connection is closed."""
        if self._moved is None:
            self._moved = asyncio.Event()
        await self._moved.wait()

    def close(self) -> None:
        """Drop everything; nothing is sent any more."""
        self.hold(-self._held)
        self.closed = True
        self._queue = None
        self._waiting.clear()
        self._wake()

    def _wake(self) -> None:
        if self._moved is not None:
            # Those who wait now are woken; who comes later waits for the next time.
            self._moved.set()
            self._moved.clear()
