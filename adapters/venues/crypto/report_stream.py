"""Reports of our orders: the exchange's own stream, else polling for a while.

ccxt keeps messages and wakes a waiting caller; a watcher here waits again within the same step of the loop, so no
message is missed. The first error ends everything: the reader then reconciles.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog

from adapters.venues.crypto.client_ids import Identities
from adapters.venues.crypto.connection import ExchangeConnection
from adapters.venues.crypto.failures import ExchangeFailure
from adapters.venues.crypto.report_polling import polled
from adapters.venues.crypto.symbols import Symbols
from adapters.venues.crypto.translation import venue_execution, venue_order
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import DomainError
from domain.kernel.supervision import HandedTo
from domain.orders.venues.port import VenueUnavailable
from domain.orders.venues.types import VenueReport

# A reader that is this far behind is told to begin again, and then compares.
MAX_WAITING = 10_000
_CONNECT_SECONDS = 15.0
_LOOK_SECONDS = 0.01
_MAX_BATCH = 500
_log = structlog.stdlib.get_logger("venue")

Raw = Mapping[str, Any]
# What was said: whether of a trade, and how ccxt gives it.
_Said = tuple[bool, Raw]


@asynccontextmanager
async def reports_of(
    connection: ExchangeConnection, symbols: Symbols, identities: Identities
) -> AsyncIterator[AsyncIterator[Sequence[VenueReport]]]:
    """Batches of reports of the account's orders.

    Where the stream cannot be opened and questions are answered all the same, it polls for a while.

    Raises:
        VenueUnavailable: neither stream nor answers are available, or (while iterating) the stream ended.
    """
    stream = _Stream(connection, symbols, identities)
    try:
        try:
            await stream.begin()
        except VenueUnavailable as error:
            await stream.end()
            _log.warning("the exchange's stream is not available, polling instead", problem=str(error))
            yield await polled(connection, symbols, identities)
        else:
            yield stream.batches()
    finally:
        await stream.end()


class _Stream:
    """Two watchers, of orders and of trades, and their messages."""

    def __init__(self, connection: ExchangeConnection, symbols: Symbols, identities: Identities) -> None:
        self._connection = connection
        self._symbols = symbols
        self._identities = identities
        self._said: list[_Said] = []
        self._news = asyncio.Event()
        self._failure: ExchangeFailure | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Subscribe, and wait until both watchers listen."""
        await self._symbols_now()
        self._tasks = [
            asyncio.create_task(self._watch("watch_orders", is_trade=False)),
            asyncio.create_task(self._watch("watch_my_trades", is_trade=True)),
        ]
        with suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_SECONDS):
                while self._failure is None and not self._listens():  # noqa: ASYNC110  ccxt tells nobody of it
                    await asyncio.sleep(_LOOK_SECONDS)
        if self._failure is not None:
            raise VenueUnavailable(self._failure.message)
        if not self._listens():
            raise VenueUnavailable("The exchange did not confirm the subscription in time.")

    def _listens(self) -> bool:
        clients = (self._connection.ccxt.clients or {}).values()
        awaited = {name for client in clients for name in client.futures}
        return awaited.issuperset(self._connection.dialect.stream_hashes)

    async def end(self) -> None:
        """Stop watching and close the exchange's connection; the next ``begin`` makes a new one."""
        await end_tasks(*self._tasks)
        self._tasks = []
        await self._connection.close_streams()

    async def _watch(self, method: str, *, is_trade: bool) -> None:
        """Collect ccxt's messages, without another wait between one answer and the next wait."""
        watch = getattr(self._connection.ccxt, method)
        with HandedTo(self._fail):
            while len(self._said) < MAX_WAITING:
                news = await watch()
                # Copies: ccxt goes on to change its own.
                self._said.extend((is_trade, dict(raw)) for raw in news)
                self._news.set()
            raise OverflowError
        self._news.set()

    def _fail(self, error: Exception) -> None:
        self._failure = self._connection.failure(error)

    async def batches(self) -> AsyncIterator[Sequence[VenueReport]]:
        """Messages in batches, until the stream ends."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._said:
                said, self._said = self._said[:_MAX_BATCH], self._said[_MAX_BATCH:]
                yield await self._translate(said)
            if self._failure is not None:
                raise VenueUnavailable(self._failure.message)

    async def _translate(self, said: Sequence[_Said]) -> list[VenueReport]:
        await self._symbols_now()
        # What cannot be read ends the stream.
        with self._connection.asking():
            for is_trade, raw in said:
                if not is_trade:
                    self._identities.learn(raw)
            return [
                venue_execution(raw, self._symbols.ours, await self._identities.of_trade(raw))
                if is_trade
                else venue_order(raw, self._symbols.ours)
                for is_trade, raw in said
            ]

    async def _symbols_now(self) -> None:
        try:
            await self._symbols.refresh()
        except DomainError as error:
            # Our own database, for a moment.
            raise VenueUnavailable(str(error)) from None
