"""Following the event log of an account: every event once, in order, however unreliable the hints are.

The bus brings events as they happen. What it loses is read from PostgreSQL: at once when a gap in the numbers shows
it, and within a second when nothing shows it, because the head of every followed log is looked at that often, all of
them with one statement.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from domain.accounts.events import channel, decode_events, read_events, read_heads
from domain.accounts.types import AccountEvent
from domain.kernel.bus import LOST, Bus, Message
from domain.kernel.errors import Unavailable

POLL_SECONDS = 1.0
# Polls of many logs that come within this time share a statement.
_GATHER_SECONDS = 0.02
Numbered = tuple[int, AccountEvent]


class Heads:
    """The newest sequences of logs, asked for together."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, list[asyncio.Future[int]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def of(self, account_id: UUID) -> int:
        """The newest sequence of an account, 0 when there is no such account."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(account_id, []).append(future)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._ask(), context=contextvars.Context())
        return await future

    async def _ask(self) -> None:
        await asyncio.sleep(_GATHER_SECONDS)
        taken, self._waiting, self._task = self._waiting, {}, None
        try:
            heads = await read_heads(taken)
        except Exception as error:  # noqa: BLE001  whatever went wrong belongs to those who wait
            for future in (future for futures in taken.values() for future in futures if not future.done()):
                future.set_exception(error)
            return
        for account_id, futures in taken.items():
            for future in futures:
                if not future.done():
                    future.set_result(heads.get(account_id, 0))


@dataclass(frozen=True, slots=True)
class AccountLogs:
    """The logs of all accounts, as one process follows them."""

    bus: Bus
    heads: Heads = field(default_factory=Heads)

    def of(self, account_id: UUID) -> "AccountLog":
        """The log of one account."""
        return AccountLog(account_id, self.bus, self.heads)


@dataclass(frozen=True, slots=True)
class AccountLog:
    """The log of one account. Equal for equal accounts."""

    account_id: UUID
    bus: Bus
    heads: Heads

    async def head(self) -> int:
        """The number of the newest event, 0 when there is none."""
        return await self.heads.of(self.account_id)

    async def read(self, after: int, limit: int) -> Sequence[Numbered]:
        """The next events after a number, in order."""
        return [(event.sequence, event) for event in await read_events(self.account_id, after, limit=limit)]

    async def follow(self, after: int) -> AsyncIterator[Sequence[Numbered]]:
        """Every event after ``after``, once, in order, without end.

        Raises:
            Unavailable: the database is away or the bus was closed; call again with the last number that came.
        """
        async with self.bus.listen(channel(self.account_id)) as messages:
            heard: asyncio.Task[Message] | None = None
            try:
                while True:
                    async for events in self._missed(after):
                        after = events[-1][0]
                        yield events
                    # Quiet or in step: take what the bus brings until it shows, or the poll shows, a gap.
                    behind = False
                    while not behind:
                        heard = heard or asyncio.ensure_future(_hear(messages))
                        done, _ = await asyncio.wait({heard}, timeout=POLL_SECONDS)
                        if not done:
                            behind = await self.head() > after
                            continue
                        message, heard = heard.result(), None
                        events, behind = self._next(after, message)
                        if events:
                            after = events[-1][0]
                            yield events
            finally:
                if heard is not None:
                    heard.cancel()
                    with suppress(asyncio.CancelledError, Unavailable):
                        await heard

    async def _missed(self, after: int) -> AsyncIterator[list[Numbered]]:
        while events := await read_events(self.account_id, after):
            after = events[-1].sequence
            yield [(event.sequence, event) for event in events]

    def _next(self, after: int, message: Message) -> tuple[list[Numbered], bool]:
        """The new events of a message, and whether some before them are missing."""
        if message == LOST:
            return [], True
        events = [event for event in decode_events(self.account_id, message[1]) if event.sequence > after]
        if events and events[0].sequence != after + 1:
            return [], True
        return [(event.sequence, event) for event in events], False


async def _hear(messages: AsyncIterator[Message]) -> Message:
    async for message in messages:
        return message
    raise Unavailable("The bus is closed.")
