"""Tailing a numbered log: every event once, in order, even when bus messages are lost.

The bus brings events as they happen. Lost events are read from the database: at once when a gap in the numbers shows
the loss, and otherwise within a second, because the head of a followed log is read that often.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from domain.kernel.bus import LOST, Bus, Message, next_message
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import BadInput

POLL_SECONDS = 1.0
Event = TypeVar("Event")


@dataclass(frozen=True, slots=True)
class LogSource(Generic[Event]):
    """A log: its channel on the bus and the functions that read it.

    ``read`` gives the next events after a number, none when there are none yet, ``head`` the newest number, ``decode``
    the events of a message.
    """

    channel: str
    read: Callable[[int], Awaitable[Sequence[tuple[int, Event]]]]
    head: Callable[[], Awaitable[int]]
    decode: Callable[[bytes], Sequence[tuple[int, Event]]]


class Numbered(Protocol):
    """An event with its place in a log."""

    @property
    def sequence(self) -> int:
        """The number of the event."""
        ...


Stored = TypeVar("Stored", bound=Numbered)


@dataclass(frozen=True, slots=True)
class StoredLog(Generic[Stored]):
    """A log of the whole platform, as one process reads and follows it.

    ``read_head`` gives the newest number, 0 when there is none, ``read_after`` the next events after a number, at most
    so many, ``decode`` the events of a message on the log's channel.
    """

    bus: Bus
    channel: str
    read_head: Callable[[], Awaitable[int]]
    read_after: Callable[[int, int], Awaitable[Sequence[Stored]]]
    decode: Callable[[bytes], Sequence[tuple[int, Stored]]]
    max_per_read: int

    async def head(self) -> int:
        """The number of the newest event, 0 when there is none."""
        return await self.read_head()

    async def read(self, after: int, limit: int) -> Sequence[tuple[int, Stored]]:
        """The next events after a number, in order."""
        return [(event.sequence, event) for event in await self.read_after(after, limit)]

    def follow(self, after: int) -> AsyncIterator[Sequence[tuple[int, Stored]]]:
        """Every event after ``after``, once, in order, without end.

        Raises:
            Unavailable: the database is away or the bus was closed; call again with the last number that came.
        """
        return follow(self.bus, LogSource(self.channel, self._next, self.head, self.decode), after)

    async def _next(self, after: int) -> Sequence[tuple[int, Stored]]:
        return await self.read(after, self.max_per_read)


async def follow(bus: Bus, source: LogSource[Event], after: int) -> AsyncIterator[Sequence[tuple[int, Event]]]:
    """Every event after ``after``, once, in order, without end.

    Raises:
        Unavailable: the database is away or the bus was closed; call again with the last number that came.
        BadInput: the events after ``after`` are in the log no more.
    """
    behind = False
    async with bus.listen(source.channel) as messages:
        heard: asyncio.Task[Message] | None = None
        try:
            while True:
                while missed := await source.read(after):
                    after, behind = missed[-1][0], False
                    yield missed
                if behind:
                    # Its head was read before: what is below the head and not there will not come.
                    raise gone(after)
                # Quiet or in step: take what the bus brings until it shows, or the poll shows, a gap.
                missing = False
                while not (missing or behind):
                    heard = heard or asyncio.ensure_future(next_message(messages))
                    done, _ = await asyncio.wait({heard}, timeout=POLL_SECONDS)
                    if not done:
                        behind = await source.head() > after
                        continue
                    message, heard = heard.result(), None
                    events, missing = _next(source, after, message)
                    if events:
                        after = events[-1][0]
                        yield events
        finally:
            if heard is not None:
                await end_tasks(heard)


def gone(after: int) -> BadInput:
    """The error for a request of archived events."""
    return BadInput(f"The events after {after} are no longer in the database: they are in the archive.", field="after")


def _next(source: LogSource[Event], after: int, message: Message) -> tuple[list[tuple[int, Event]], bool]:
    """The new events of a message, and True if some before them are missing."""
    if message == LOST:
        return [], True
    events = [event for event in source.decode(message[1]) if event[0] > after]
    if events and events[0][0] != after + 1:
        return [], True
    return events, False
