"""Watched accounts of this process: kept in memory from their events, revalued from quotes.

An account is loaded once for all its watchers. Then every event replaces the figures that it carries, so the database
is not read again: old state plus events equals fresh state. One task takes the quotes for all accounts, one task
follows each account's log. Changed terms of instruments are noticed within a second.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import orjson

from domain.access.types import no_account
from domain.accounts.events import apply_figures
from domain.accounts.log import AccountLogs
from domain.accounts.queries import read_books
from domain.accounts.types import AccountBook, AccountEvent
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import Unavailable
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import RESTART
from domain.kernel.supervision import HandedTo
from domain.market.board import QuoteWatch
from domain.market.market import Market
from domain.positions.events import read_positions as positions_in
from domain.positions.queries import read_positions
from domain.positions.revaluation import Revaluation
from domain.positions.types import PositionBook
from domain.positions.values import AccountValue

POLL_SECONDS = 1.0


async def load_account(account_id: UUID) -> tuple[AccountBook, list[PositionBook]]:
    """An account with its positions as stored.

    Raises:
        NotFound: there is no such account.
    """
    # The account first: an event between the two reads is then applied again, which changes nothing.
    book = (await read_books([account_id])).get(account_id)
    if book is None:
        raise no_account()
    return book, list((await read_positions([account_id]))[account_id].values())


def apply_events(account: AccountBook, events: Iterable[AccountEvent]) -> dict[UUID, PositionBook]:
    """Apply events to an account, and return the changed positions. Events that were applied before change nothing."""
    changed: dict[UUID, PositionBook] = {}
    for event in events:
        if event.sequence <= account.event_sequence:
            continue
        parts = orjson.loads(event.payload)
        apply_figures(account, parts)
        account.event_sequence = event.sequence
        for position in positions_in(event, parts):
            changed[position.id] = position
    return changed


class Watched:
    """One account while it is watched. ``version`` counts its changes."""

    def __init__(self, account_id: UUID, revaluation: Revaluation) -> None:
        self.account_id = account_id
        self.version = 0
        self.users = 0
        self.loaded = asyncio.Event()
        self.failure: Exception | None = None
        self.task: asyncio.Task[None] | None = None
        self._revaluation = revaluation
        self._waiter: asyncio.Future[None] | None = None

    def value(self) -> AccountValue:
        """Its value at the newest quotes."""
        return self._revaluation.value(self.account_id)

    async def changed(self, seen: int) -> int:
        """Wait until the version differs from ``seen``, and return it.

        Raises:
            Exception: the error that ended the watching.
        """
        await self.loaded.wait()
        while self.version == seen and self.failure is None:
            if self._waiter is None:
                self._waiter = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._waiter)
        if self.failure is not None:
            raise self.failure
        return self.version

    def touch(self) -> None:
        """Count a change."""
        self.version += 1
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def fail(self, error: Exception) -> None:
        """End the watching with an error."""
        self.failure = error
        self.loaded.set()
        self.touch()


class LiveBooks:
    """All accounts that are watched in this process."""

    def __init__(self, market: Market, logs: AccountLogs) -> None:
        self._market = market
        self._logs = logs
        self._revaluation = Revaluation({}, market.quote)
        self._watched: dict[UUID, Watched] = {}
        self._quotes: asyncio.Task[None] | None = None
        self._watch: QuoteWatch | None = None

    @asynccontextmanager
    async def watch(self, account_id: UUID) -> AsyncIterator[Watched]:
        """Watch an account while the context lasts; errors are raised by ``changed``."""
        watched = self._watched.get(account_id)
        if watched is None or watched.failure is not None:
            watched = self._watched[account_id] = Watched(account_id, self._revaluation)
            # A context of its own: it must not inherit the transaction or the request of whoever subscribes.
            watched.task = asyncio.get_running_loop().create_task(self._follow(watched), context=contextvars.Context())
        watched.users += 1
        try:
            yield watched
        finally:
            watched.users -= 1
            if not watched.users:
                await self._leave(watched)

    async def _leave(self, watched: Watched) -> None:
        tasks = [watched.task]
        if self._watched.get(watched.account_id) is watched:
            del self._watched[watched.account_id]
            self._revaluation.remove(watched.account_id)
            self._follow_symbols()
        if not self._watched:
            tasks.append(self._quotes)
            self._quotes = None
        await end_tasks(*filter(None, tasks))

    async def _follow(self, watched: Watched) -> None:
        backoff = Backoff(RESTART)
        with HandedTo(watched.fail):
            account = await self._load(watched)
            while True:
                try:
                    async for events in self._logs.of(account.id).follow(account.event_sequence):
                        changed = apply_events(account, (event for _, event in events))
                        await self._know(changed.values())
                        self._revaluation.update(account.id, changed.values())
                        self._follow_symbols()
                        watched.touch()
                except Unavailable:
                    await backoff.wait()

    async def _load(self, watched: Watched) -> AccountBook:
        account, positions = await load_account(watched.account_id)
        await self._know(positions)
        self._revaluation.put(account, positions)
        if self._quotes is None or self._quotes.done():
            self._quotes = asyncio.get_running_loop().create_task(self._follow_quotes())
        self._follow_symbols()
        watched.loaded.set()
        watched.touch()
        return account

    async def _know(self, positions: Iterable[PositionBook]) -> None:
        """Load the terms of held instruments, also of one that was created a moment ago."""
        wanted = {position.instrument_id for position in positions}
        if not wanted <= self._revaluation.instruments.keys():
            await self._relearn()
        if not wanted <= self._revaluation.instruments.keys():
            await self._market.refresh()
            await self._relearn()

    async def _relearn(self) -> None:
        instruments = (await self._market.catalog()).by_id
        if instruments is not self._revaluation.instruments:
            self._revaluation.relearn(instruments)
            self._follow_symbols()
            for watched in self._watched.values():
                watched.touch()

    def _follow_symbols(self) -> None:
        if self._watch is not None:
            wanted = self._revaluation.symbols
            self._watch.discard(self._watch.symbols - wanted)
            self._watch.add(wanted - self._watch.symbols)

    def _fail_all(self, error: Exception) -> None:
        for watched in list(self._watched.values()):
            watched.fail(error)

    async def _follow_quotes(self) -> None:
        watch: QuoteWatch | None = None
        try:
            with HandedTo(self._fail_all), self._market.board.open_watch() as watch:
                self._watch = watch
                self._follow_symbols()
                for symbol in watch.symbols:
                    self._on_quote(symbol)
                while True:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_SECONDS):
                            for quote in await watch.take():
                                self._on_quote(quote.symbol)
                    await self._relearn()
        finally:
            # A successor may have begun already.
            if self._watch is watch:
                self._watch = None

    def _on_quote(self, symbol: str) -> None:
        for figures in self._revaluation.on_quote(symbol):
            self._watched[figures.account.id].touch()
