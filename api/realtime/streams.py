"""Streams, the results of subscription resolvers: the source of their events, and the right to see them.

A ``LogStream`` is numbered and stored: each subscriber gets every event once and in order, from its last position. A
``StateStream`` is the newest state: a slow subscriber gets the newest value of each part and no older ones.

``key`` names the source with everything that selects its events and their content (the account, a filter, an interval):
streams of equal keys must be interchangeable. ``permit`` is called with the actor when a subscription begins and
whenever rights have changed. It raises the domain's error if the actor may not see the stream, and it is the only
check.
"""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from api.scalars import Cursor
from domain.access.types import Actor
from domain.kernel.errors import BadInput
from domain.kernel.pages import decode_cursor, encode_cursor

Event = TypeVar("Event")
Event_co = TypeVar("Event_co", covariant=True)
View = TypeVar("View")
# The name of a log: that of an account is the account's id.
LogName = UUID | str
RISK_LOG, ANOMALY_LOG, CASE_LOG = "riskEvents", "anomalies", "anomalyCases"

_CURSOR_PARTS = (2, 3)
_CURSOR_KIND = "event"
_MARK_BYTES = 6
_MAX_POSITION_DIGITS = 18


class EventLog(Protocol[Event_co]):
    """A log whose events are numbered 1, 2, 3 ... and become visible in that order."""

    async def head(self) -> int:
        """The number of the newest event, 0 when there is none."""
        ...

    async def read(self, after: int, limit: int) -> Sequence[tuple[int, Event_co]]:
        """The next events after a number, in order; empty only when there are none yet."""
        ...

    def follow(self, after: int) -> AsyncIterator[Sequence[tuple[int, Event_co]]]:
        """Every event after a number, once, in order, without end, in groups as they become known.

        It reads again what a lost hint hid. May raise ``Unavailable``; it is then called again with the last position.
        """
        ...


@dataclass(frozen=True, slots=True)
class LogStream(AsyncIterable[View], Generic[Event, View]):
    """Every event of ``log`` after ``after`` (None: from now on) as ``view`` shows it; None of a view skips one."""

    key: Hashable
    log: EventLog[Event]
    view: Callable[[Event], View | None]
    permit: Callable[[Actor], None]
    after: int | None = None

    async def __aiter__(self) -> AsyncGenerator[View, None]:
        """For a single reader outside the hub."""
        position = await self.log.head() if self.after is None else self.after
        async for events in self.log.follow(position):
            for _, event in events:
                shown = self.view(event)
                if shown is not None:
                    yield shown


@dataclass(frozen=True, slots=True)
class StateStream(AsyncIterable[View], Generic[View]):
    """The values of ``open``, beginning with the present state; ``part`` names the part that a value replaces."""

    key: Hashable
    open: Callable[[], AsyncIterator[View]]
    permit: Callable[[Actor], None]
    part: Callable[[View], Hashable] = lambda _: None

    def __aiter__(self) -> AsyncIterator[View]:
        """For a single reader outside the hub."""
        return self.open()


def anybody(_actor: Actor) -> None:
    """The ``permit`` of a stream that every signed-in caller may see."""


def cursor_of(position: int, log: LogName) -> Cursor:
    """The cursor that resumes a log after ``position``."""
    return Cursor(encode_cursor(_CURSOR_KIND, str(position), _mark(log)))


def position_of(cursor: Cursor | None, log: LogName | None, *, field: str = "after") -> int | None:
    """The position in a log that a cursor resumes after; without a log, in its own.

    Cursors of earlier versions do not name their log.

    Raises:
        BadInput: it is not a cursor of an event stream, or it is one of another log.
    """
    if cursor is None:
        return None
    kind, number, *mark = decode_cursor(cursor, parts=_CURSOR_PARTS, field=field)
    if kind != _CURSOR_KIND or not number.isascii() or not number.isdigit() or len(number) > _MAX_POSITION_DIGITS:
        raise BadInput("This cursor belongs to another list.", field=field)
    if log is not None and mark not in ([], [_mark(log)]):
        raise BadInput("This cursor belongs to another stream or account: start without a cursor.", field=field)
    return int(number)


@lru_cache(maxsize=10_000)
def _mark(log: LogName) -> str:
    return blake2b(str(log).encode(), digest_size=_MARK_BYTES).hexdigest()
