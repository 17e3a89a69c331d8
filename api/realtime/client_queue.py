"""The queue of one subscription's events: sent directly while the client keeps up, else bounded.

An ``EventQueue`` refuses an event that does not fit, so that its stream reads the log again once the client has caught
up. A ``StateQueue`` keeps the newest payload of each part and drops the older ones.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Hashable, Sequence

from graphql import GraphQLFormattedError

from api.limits import RequestLimits
from api.realtime.send_queue import SendQueue


class ClientQueue(ABC):
    """The base of both kinds: sends waiting payloads, and the operation's last message after them."""

    __slots__ = ("_last", "_limits", "_operation_id", "_outbox", "_prefix", "_suffix")

    def __init__(self, send_queue: SendQueue, operation_id: str, limits: RequestLimits) -> None:
        self._operation_id = operation_id
        self._prefix, self._suffix = send_queue.format.around(operation_id)
        self._outbox = send_queue
        self._limits = limits
        self._last: bytes | None = None

    @property
    @abstractmethod
    def is_empty(self) -> bool:
        """True if no payload waits."""

    @abstractmethod
    def _next(self) -> bytes:
        """Take the next payload."""

    @abstractmethod
    def _clear(self) -> None:
        """Drop the waiting payloads."""

    def complete(self) -> None:
        """Say after the waiting payloads that the operation has ended."""
        self._finish(self._outbox.format.complete(self._operation_id))

    def fail(self, errors: Sequence[GraphQLFormattedError]) -> None:
        """Say after the waiting payloads that the operation has failed."""
        self._finish(self._outbox.format.error(self._operation_id, errors))

    def _finish(self, frame: bytes) -> None:
        if self.is_empty:
            self._outbox.send(frame)
        else:
            self._last = frame

    def drain(self) -> bool:
        """Send waiting payloads while the client takes them; True when none is left."""
        while not self.is_empty:
            if not self._outbox.is_open:
                return False
            self._outbox.write(self._prefix, self._next(), self._suffix)
        if self._last is not None:
            self._outbox.send(self._last)
            self._last = None
        return True

    def discard(self) -> None:
        """Drop the waiting payloads: the client has unsubscribed."""
        self._clear()
        self._last = None
        self._outbox.forget(self)

    async def drained(self) -> None:
        """Wait until the client has taken all payloads."""
        while not self.is_empty and not self._outbox.closed:
            await self._outbox.progress()


class EventQueue(ClientQueue):
    """Loses no event: every payload is taken, or refused by ``offer``."""

    __slots__ = ("_bytes", "_queue")

    def __init__(self, send_queue: SendQueue, operation_id: str, limits: RequestLimits) -> None:
        super().__init__(send_queue, operation_id, limits)
        # Made when an event has to wait: an empty one takes three quarters of a kilobyte for each subscription.
        self._queue: deque[bytes] | None = None
        self._bytes = 0

    def offer(self, payload: bytes) -> bool:
        """Send a payload or keep it; False when there is no room, and then it is not kept."""
        if not self._queue and self._outbox.is_open:
            self._outbox.write(self._prefix, payload, self._suffix)
            return True
        if self._outbox.closed:
            return True
        limits = self._limits
        # The first always fits, or a large one could never be sent.
        if self._queue and (
            len(self._queue) >= limits.queued_events or self._bytes + len(payload) > limits.queued_event_bytes
        ):
            return False
        if self._queue is None:
            self._queue = deque()
        self._queue.append(payload)
        self._bytes += len(payload)
        self._outbox.hold(len(payload))
        self._outbox.wait(self)
        return True

    @property
    def is_empty(self) -> bool:
        """True if no payload waits."""
        return not self._queue

    def _next(self) -> bytes:
        assert self._queue is not None, "it is asked for while something waits"
        payload = self._queue.popleft()
        self._bytes -= len(payload)
        self._outbox.hold(-len(payload))
        return payload

    def _clear(self) -> None:
        self._outbox.hold(-self._bytes)
        self._queue = None
        self._bytes = 0


class StateQueue(ClientQueue):
    """Keeps the newest payload of each part; beyond the bound on parts the oldest is forgotten."""

    __slots__ = ("_parts",)

    def __init__(self, send_queue: SendQueue, operation_id: str, limits: RequestLimits) -> None:
        super().__init__(send_queue, operation_id, limits)
        self._parts: dict[Hashable, bytes] = {}

    def offer(self, part: Hashable, payload: bytes) -> None:
        """Send a payload, or keep it in place of an older one of the same part."""
        if not self._parts and self._outbox.is_open:
            self._outbox.write(self._prefix, payload, self._suffix)
            return
        before = self._parts.pop(part, b"")
        self._parts[part] = payload
        if len(self._parts) > self._limits.state_parts:
            before = self._parts.pop(next(iter(self._parts)))
        self._outbox.hold(len(payload) - len(before))
        self._outbox.wait(self)

    @property
    def is_empty(self) -> bool:
        """True if no payload waits."""
        return not self._parts

    def _next(self) -> bytes:
        payload = self._parts.pop(next(iter(self._parts)))
        self._outbox.hold(-len(payload))
        return payload

    def _clear(self) -> None:
        self._outbox.hold(-sum(map(len, self._parts.values())))
        self._parts.clear()
