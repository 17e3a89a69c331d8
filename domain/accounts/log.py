"""The event logs of accounts, followed by ``domain.kernel.log_tail``; the heads of all logs are read together."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.accounts.event_queries import MAX_EVENTS_PER_READ, read_events, read_heads
from domain.accounts.events import channel, decode_events
from domain.accounts.types import AccountEvent
from domain.kernel.bus import Bus
from domain.kernel.log_tail import LogSource, follow, gone
from domain.kernel.supervision import HandedTo

# Polls of many logs that come within this time share a statement.
_GATHER_SECONDS = 0.02
Numbered = tuple[int, AccountEvent]


class Heads:
    """The newest sequences of logs, read in one query."""

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

        def fail(error: Exception) -> None:
            for future in (future for futures in taken.values() for future in futures if not future.done()):
                future.set_exception(error)

        with HandedTo(fail):
            heads = await read_heads(taken)
            for account_id, futures in taken.items():
                for future in futures:
                    if not future.done():
                        future.set_result(heads.get(account_id, 0))


@dataclass(frozen=True, slots=True)
class AccountLogs:
    """The logs of all accounts, as followed by one process."""

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
        """The next events after a number, in order.

        Raises:
            BadInput: some of them are in the log no more.
        """
        events = await read_events(self.account_id, after, limit=limit)
        if events and events[0].sequence != after + 1:
            raise gone(after)
        return [(event.sequence, event) for event in events]

    def follow(self, after: int) -> AsyncIterator[Sequence[Numbered]]:
        """Every event after ``after``, once, in order, without end.

        Raises:
            Unavailable: the database is away or the bus was closed; call again with the last number that came.
        """
        source = LogSource(channel(self.account_id), self._next, self.head, self._decode)
        return follow(self.bus, source, after)

    async def _next(self, after: int) -> Sequence[Numbered]:
        return await self.read(after, MAX_EVENTS_PER_READ)

    def _decode(self, message: bytes) -> list[Numbered]:
        return [(event.sequence, event) for event in decode_events(self.account_id, message)]
