"""Several streams as one, and the cursor of several logs.

A merged stream is executed for one subscriber, at that subscriber's pace: each cursor holds where every log stands.
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Generic, TypeVar, cast
from uuid import UUID

from api.realtime.streams import EventLog
from api.scalars import Cursor
from domain.access.types import Actor
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import BadInput, Unavailable
from domain.kernel.supervision import HandedTo

Value = TypeVar("Value")
Event = TypeVar("Event")
View = TypeVar("View")
Open = Callable[[], AsyncGenerator[Value, None]]

# What waits of all sources together; a source waits when it is full.
_MAX_WAITING: Final = 256
_OUTAGE_PAUSE_SECONDS: Final = 0.5
_MARK: Final = b"\xff\x01"
_DIGEST_BYTES: Final = 6
_POSITION_BYTES: Final = 6


async def merge(sources: Iterable[Open[Value]]) -> AsyncGenerator[Value, None]:
    """The values of all sources, as they come; fails when one of them fails, ends when all have ended."""
    waiting: asyncio.Queue[tuple[Value | None, Sequence[Exception], bool]] = asyncio.Queue(_MAX_WAITING)

    async def pump(source: Open[Value]) -> None:
        failures: list[Exception] = []
        with HandedTo(failures.append):
            async with aclosing(source()) as values:
                async for value in values:
                    await waiting.put((value, (), False))
        await waiting.put((None, failures, True))

    tasks = [asyncio.get_running_loop().create_task(pump(source)) for source in sources]
    running = len(tasks)
    try:
        while running:
            value, failures, ended = await waiting.get()
            if failures:
                raise failures[0]
            if ended:
                running -= 1
            else:
                yield value  # type: ignore[misc]  # neither an error nor an end
    finally:
        await end_tasks(*tasks)


@dataclass(frozen=True, slots=True)
class Step(Generic[Event]):
    """One event of a merged stream, and the position in every log after it."""

    event: Event
    positions: Mapping[UUID, int]


@dataclass(frozen=True, slots=True)
class MergedStream(AsyncIterable[View], Generic[Event, View]):
    """Every event of several logs, each log's in its order; goes on where it stopped when it is iterated again.

    ``positions`` holds the last event of each log that the subscriber has taken.
    """

    logs: Mapping[UUID, EventLog[Event]]
    positions: dict[UUID, int] = field(hash=False)
    view: Callable[[Step[Event]], View | None]
    permit: Callable[[Actor], None]

    def __aiter__(self) -> AsyncIterator[View]:
        """Iterate from where the subscriber has come to."""
        return self._run()

    async def _run(self) -> AsyncGenerator[View, None]:
        sources = [self._follower(log_id, log) for log_id, log in self.logs.items()]
        async with aclosing(merge(sources)) as events:
            async for log_id, number, event in events:
                shown = self.view(Step(event, {**self.positions, log_id: number}))
                if shown is not None:
                    yield shown
                # Not before the subscriber has taken it: what is cancelled on its way is told again.
                self.positions[log_id] = number

    def _follower(self, log_id: UUID, log: EventLog[Event]) -> Open[tuple[UUID, int, Event]]:
        async def follow() -> AsyncGenerator[tuple[UUID, int, Event], None]:
            position = self.positions[log_id]
            while True:
                try:
                    following = cast("AsyncGenerator[Sequence[tuple[int, Event]], None]", log.follow(position))
                    async with aclosing(following) as groups:
                        async for events in groups:
                            for number, event in events:
                                yield log_id, number, event
                                position = number
                except Unavailable:
                    await asyncio.sleep(_OUTAGE_PAUSE_SECONDS)

        return follow


def merged_cursor(positions: Mapping[UUID, int]) -> Cursor:
    """The cursor that resumes a merged stream after these positions."""
    parts = [_digest(log_id) + number.to_bytes(_POSITION_BYTES, "big") for log_id, number in sorted(positions.items())]
    return Cursor(base64.urlsafe_b64encode(_MARK + b"".join(parts)).decode().rstrip("="))


def merged_positions(cursor: Cursor, logs: Sequence[UUID], *, field: str = "after") -> dict[UUID, int]:
    """The positions of the logs at the cursor; a log that it does not know stood at its beginning.

    Raises:
        BadInput: it is not a cursor of a merged stream.
    """
    try:
        content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput("This is not a cursor of this API.", field=field) from error
    size = _DIGEST_BYTES + _POSITION_BYTES
    body = content[len(_MARK) :]
    if content[: len(_MARK)] != _MARK or len(body) % size:
        raise BadInput("This cursor belongs to another list.", field=field)
    known = {
        body[start : start + _DIGEST_BYTES]: int.from_bytes(body[start + _DIGEST_BYTES : start + size], "big")
        for start in range(0, len(body), size)
    }
    return {log_id: known.get(_digest(log_id), 0) for log_id in logs}


def _digest(log_id: UUID) -> bytes:
    return blake2b(log_id.bytes, digest_size=_DIGEST_BYTES).digest()
