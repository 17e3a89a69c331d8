"""The feed of a crypto exchange: quotes and trades of every instrument that names it, without a key.

Trades keep the exchange's times; quotes too where it gives one, else the time of their receipt. A lost connection is
made again (``Backoff``); events in between are missing, because an exchange's stream starts from now. Instruments that
are created while it runs are added.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from decimal import Decimal
from itertools import islice, takewhile
from typing import Any

import structlog

from adapters.feeds.feed import MAX_BATCH, FeedError, Troubled, untroubled
from adapters.venues.crypto.ccxt_library import ExtraMissing
from adapters.venues.crypto.connection import ExchangeConnection
from adapters.venues.crypto.exact_numbers import exact, exact_or_none
from adapters.venues.crypto.exchange_address import ExchangeAddress
from adapters.venues.crypto.failures import ExchangeFailure, Fate
from adapters.venues.crypto.symbols import Instruments, Symbols
from adapters.venues.crypto.translation import NANOS_PER_MILLISECOND
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import Unavailable
from domain.kernel.numbers import ZERO
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import EXCHANGE
from domain.kernel.supervision import HandedTo
from domain.kernel.time import Nanos
from domain.market.types import Aggressor, QuoteTick, Tick, TradeTick
from domain.orders.model.types import RejectReason

# How often it looks for instruments that were created since.
LOOK_SECONDS = 5.0
# More than this waits only while nobody takes it: then the connection is made anew instead.
MAX_WAITING = 20_000
# Symbols of one subscription, within what exchanges take at once.
_SYMBOLS_PER_WATCH = 100
_AGGRESSORS = {"buy": Aggressor.BUY, "sell": Aggressor.SELL}
_log = structlog.stdlib.get_logger("feed")

Raw = Mapping[str, Any]


class CryptoFeed:
    """Quotes and trades of the instruments whose exchange is the one at ``address``."""

    replays = False
    unpaced = False

    def __init__(
        self,
        market: Instruments,
        address: ExchangeAddress,
        *,
        backoff: Backoff | None = None,
        look_seconds: float = LOOK_SECONDS,
        troubled: Troubled = untroubled,
    ) -> None:
        self._market = market
        self._troubled = troubled
        self._address = address
        self._backoff = Backoff(EXCHANGE) if backoff is None else backoff
        self._look_seconds = look_seconds

    async def batches(self) -> AsyncIterator[Sequence[Tick]]:
        """Batches of ticks without end.

        Raises:
            FeedError: the library that speaks to exchanges is not installed.
        """
        while True:
            try:
                async with ExchangeConnection(self._address) as connection:
                    session = _Session(connection, self._market, self._look_seconds)
                    async for batch in session.batches():
                        self._backoff.succeeded()
                        self._troubled(None)
                        yield batch
            except ExtraMissing as error:
                raise FeedError(str(error)) from None
            except (ExchangeFailure, Unavailable) as failure:
                self._troubled(f"The exchange's market data is interrupted: {failure.message}")
                _log.warning("exchange's market data interrupted", problem=failure.message)
            await self._backoff.wait()


class _Session:
    """One connection: its received ticks, and its end."""

    def __init__(self, connection: ExchangeConnection, market: Instruments, look_seconds: float) -> None:
        self._connection = connection
        self._symbols = Symbols(connection, market)
        self._look_seconds = look_seconds
        self._ticks: deque[Tick] = deque()
        self._news = asyncio.Event()
        self._failure: ExchangeFailure | None = None
        # What was taken last of each of ccxt's symbols.
        self._last_quote: dict[str, Raw] = {}
        self._last_trade: dict[str, Raw] = {}

    async def batches(self) -> AsyncIterator[Sequence[Tick]]:
        """Received ticks, until the connection ends.

        Raises:
            ExchangeFailure: the connection is not reliable any more.
            Unavailable: the instruments cannot be read.
        """
        while self._failure is None:
            await self._symbols.refresh()
            names = self._names()
            tasks = self._watchers(names)
            _log.info("exchange's market data", exchange=self._connection.dialect.exchange, symbols=len(names))
            try:
                async for batch in self._until_others_trade(names):
                    yield batch
            finally:
                await end_tasks(*tasks)
                await self._connection.close_streams()
        raise self._failure

    def _names(self) -> list[str]:
        return sorted({terms["symbol"] for terms in self._symbols.all.values()})

    def _watchers(self, names: Sequence[str]) -> list[asyncio.Task[None]]:
        rest = iter(names)
        groups = iter(lambda: list(islice(rest, _SYMBOLS_PER_WATCH)), [])
        return [
            asyncio.create_task(self._watch(watch, take, group))
            for group in groups
            for watch, take in (("watch_bids_asks", self._take_quote), ("watch_trades_for_symbols", self._take_trades))
        ]

    async def _until_others_trade(self, names: Sequence[str]) -> AsyncIterator[Sequence[Tick]]:
        """Batches until the set of symbols changes, or the connection fails."""
        clock = asyncio.get_running_loop().time
        look_at = clock() + self._look_seconds
        while self._failure is None:
            try:
                async with asyncio.timeout(max(look_at - clock(), 0)):
                    await self._news.wait()
            except TimeoutError:
                await self._connection.renew()
                await self._symbols.refresh()
                if self._names() != names:
                    return
                look_at = clock() + self._look_seconds
            self._news.clear()
            while self._ticks:
                yield [self._ticks.popleft() for _ in range(min(len(self._ticks), MAX_BATCH))]

    async def _watch(self, method: str, take: Callable[[str], None], names: Sequence[str]) -> None:
        """Wait for news of any of ``names``, then take those of all, without another wait in between."""
        watch = getattr(self._connection.ccxt, method)
        with HandedTo(self._fail):
            while len(self._ticks) < MAX_WAITING:
                await watch(list(names))
                for name in names:
                    take(name)
                self._news.set()
            problem = "The exchange's messages were not processed in time."
            raise ExchangeFailure(Fate.UNKNOWN, RejectReason.VENUE_REJECTED, problem)
        self._news.set()

    def _fail(self, error: Exception) -> None:
        self._failure = self._connection.failure(error)

    def _take_quote(self, name: str) -> None:
        quote: Raw | None = self._connection.ccxt.bidsasks.get(name)
        if quote is not None and quote is not self._last_quote.get(name):
            self._last_quote[name] = quote
            self._ticks.append(quote_tick(quote, self._symbols.ours(name)))

    def _take_trades(self, name: str) -> None:
        trades: Sequence[Raw] = self._connection.ccxt.trades.get(name) or ()
        last = self._last_trade.get(name)
        fresh = list(takewhile(lambda trade: trade is not last, reversed(trades)))
        if fresh:
            self._last_trade[name] = fresh[0]
            self._ticks.extend(trade_tick(trade, self._symbols.ours(name)) for trade in reversed(fresh))


def quote_tick(raw: Raw, symbol: str) -> QuoteTick:
    """A quote from ccxt's best prices; a price of zero means no orders on that side, a missing price means nothing.

    Raises:
        ValueError: a number cannot be read.
    """
    bid, ask = _price(raw["bid"]), _price(raw["ask"])
    return QuoteTick(
        symbol,
        Nanos.now() if raw["timestamp"] is None else Nanos(int(raw["timestamp"]) * NANOS_PER_MILLISECOND),
        bid,
        ask,
        exact_or_none(raw["bidVolume"]) if bid is not None else None,
        exact_or_none(raw["askVolume"]) if ask is not None else None,
        no_bid=bid is None and exact_or_none(raw["bid"]) is not None,
        no_ask=ask is None and exact_or_none(raw["ask"]) is not None,
    )


def trade_tick(raw: Raw, symbol: str) -> TradeTick:
    """A trade from ccxt's.

    Raises:
        ValueError: something is missing or cannot be read.
    """
    at = Nanos(int(raw["timestamp"]) * NANOS_PER_MILLISECOND)
    return TradeTick(symbol, at, exact(raw["price"]), exact(raw["amount"]), _AGGRESSORS.get(raw["side"]))


def _price(value: object) -> Decimal | None:
    price = exact_or_none(value)
    return price if price is not None and price > ZERO else None
