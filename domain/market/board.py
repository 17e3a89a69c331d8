"""The newest quote of every symbol in this process, and conflated watching of it.

A board starts from a stored state with its position in the stream and is changed only by the ticks after it, in their
order. So the boards of all processes agree, previous closes and day volumes included. Late ticks change nothing
(``domain.market.clocks``).
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import NamedTuple

from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.market.clocks import USUAL_BOUNDS, ClockBounds, KeptQuote, TickClocks, counts_from, is_replay
from domain.market.sessions import TradingDay
from domain.market.types import BookTick, Quote, QuoteTick, RestatedQuote, StreamTick, TradeTick


class QuoteChange(NamedTuple):
    """The quote after a tick, and the size that the tick traded."""

    quote: Quote
    traded: Decimal


class _Day(Enum):
    """The day of a tick compared with the day of the quote before it."""

    SAME = auto()
    LATER = auto()
    EARLIER = auto()


def _merged(before: Quote | None, tick: QuoteTick | TradeTick, day: _Day, at: Nanos) -> QuoteChange:
    quote = before or Quote(tick.symbol, at)
    volume, previous_close = quote.volume, quote.previous_close
    if day is not _Day.SAME:
        # Of a source that went back in time, the close before is not known.
        volume, previous_close = None, quote.reference if day is _Day.LATER else None
    if isinstance(tick, TradeTick):
        last, last_size, traded = tick.price, tick.size, tick.size
        return QuoteChange(
            Quote(
                tick.symbol, at, quote.bid, quote.ask, quote.bid_size, quote.ask_size,
                last, last_size, (volume or ZERO) + traded, previous_close,
            ),
            traded,
        )  # fmt: skip
    bid, bid_size = (quote.bid, quote.bid_size) if tick.bid is None and not tick.no_bid else (tick.bid, tick.bid_size)
    ask, ask_size = (quote.ask, quote.ask_size) if tick.ask is None and not tick.no_ask else (tick.ask, tick.ask_size)
    last_of, size_of = (quote.last, quote.last_size) if tick.last is None else (tick.last, tick.last_size)
    traded = _traded(volume, tick, day)
    if tick.volume is not None:
        volume = tick.volume
    elif traded:
        volume = (volume or ZERO) + traded
    return QuoteChange(
        Quote(tick.symbol, at, bid, ask, bid_size, ask_size, last_of, size_of, volume, previous_close), traded
    )


def _restated(before: Quote | None, tick: RestatedQuote) -> QuoteChange:
    """A quote of the day before is replaced; of a later quote only the figures of that day are."""
    restated = Quote(
        tick.symbol, tick.at, tick.bid, tick.ask, tick.bid_size, tick.ask_size,
        tick.last, tick.last_size, tick.volume, tick.previous_close,
    )  # fmt: skip
    if before is not None and before.at > tick.at:
        restated = replace(before, previous_close=restated.reference)
    return QuoteChange(restated, ZERO)


def _traded(volume: Decimal | None, tick: QuoteTick, day: _Day) -> Decimal:
    """The traded size that a quote tells: the growth of the day's volume, else the size of its last trade."""
    if tick.volume is not None:
        if volume is not None:
            return max(tick.volume - volume, ZERO)
        if day is _Day.LATER:
            return tick.volume
        # The volume so far of a day that was joined late was not traded just now.
    return tick.last_size or ZERO if tick.last is not None else ZERO


class QuoteBoard:
    """Newest quotes by symbol. A quote is stale when its own time is further in the past than the bound.

    A replay's quote is stale when its symbol has had no tick for that long.
    """

    def __init__(
        self,
        day_of: Callable[[str, Nanos], TradingDay],
        bounds: ClockBounds = USUAL_BOUNDS,
        *,
        clock: Callable[[], int] = Nanos.now,
    ) -> None:
        """``day_of(symbol, at)`` is the trading day of an instant; ``clock`` gives nanoseconds since the epoch."""
        self._day_of = day_of
        self._clocks = TickClocks(bounds)
        self._stale_after = bounds.stale_after
        self._clock = clock
        self._quotes: dict[str, Quote] = {}
        self._counts_from: dict[str, int] = {}
        self._sources: dict[str, str] = {}
        # Whose newest quote was stale when it came.
        self._came_stale: set[str] = set()
        self._days: dict[str, TradingDay] = {}
        self._watches: defaultdict[str, set[QuoteWatch]] = defaultdict(set)

    def restore(self, quotes: Iterable[KeptQuote]) -> None:
        """Take over stored quotes."""
        for quote, counts_from_, source, clocks, came_stale in quotes:
            self._quotes[quote.symbol] = quote
            self._counts_from[quote.symbol] = counts_from_
            self._sources[quote.symbol] = source
            self._note_staleness(quote.symbol, stale=came_stale)
            self._clocks.restore(quote.symbol, clocks)
            self._tell(quote)

    def apply(self, tick: StreamTick, received: int) -> QuoteChange | None:
        """Apply one tick that was received at ``received`` (nanoseconds).

        Returns None for a late tick, and for an order book update, which does not change the quote: best prices come in
        ticks of their own.
        """
        symbol = tick.symbol
        before = self._quotes.get(symbol)
        if isinstance(tick, RestatedQuote):
            # It is as old as what it restates.
            change = _restated(before, tick)
            self._counts_from.setdefault(symbol, tick.at)
        elif isinstance(tick, BookTick) or not self._clocks.takes(tick, received):
            return None
        else:
            change = self._merge(before, tick, received)
        self._quotes[symbol] = change.quote
        self._tell(change.quote)
        return change

    def _merge(self, before: Quote | None, tick: QuoteTick | TradeTick, received: int) -> QuoteChange:
        symbol, at, age_from = tick.symbol, tick.at, counts_from(tick, received)
        if before is not None and before.at > at and self._sources.get(symbol, "") == tick.source:
            # Quotes and trades of one source come in two streams: the older of the two takes no time away.
            change = _merged(before, tick, _Day.SAME, before.at)
            age_from = max(age_from, self._counts_from[symbol])
        else:
            change = _merged(before, tick, self._turn_day(before, tick), at)
        self._counts_from[symbol] = age_from
        self._sources[symbol] = tick.source
        self._note_staleness(symbol, stale=received - age_from > self._stale_after)
        return change

    def _note_staleness(self, symbol: str, *, stale: bool) -> None:
        if stale:
            self._came_stale.add(symbol)
        else:
            self._came_stale.discard(symbol)

    def get(self, symbol: str) -> Quote | None:
        """The newest quote, None if there never was one."""
        return self._quotes.get(symbol)

    def all(self) -> Mapping[str, Quote]:
        """Every quote by symbol."""
        return self._quotes

    def kept(self, symbol: str) -> KeptQuote | None:
        """The newest quote with the state that is needed to continue from it."""
        quote = self._quotes.get(symbol)
        if quote is None:
            return None
        source = self._sources.get(symbol, "")
        clocks, came_stale = self._clocks.stored(symbol), symbol in self._came_stale
        return KeptQuote(quote, self._counts_from[symbol], source, clocks, came_stale)

    def clocks(self) -> dict[str, str]:
        """The clock state of every symbol's sources, as text."""
        return {symbol: self._clocks.stored(symbol) for symbol in self._quotes}

    def is_replayed(self, symbol: str) -> bool:
        """True if the newest quote is from the replay of a past market."""
        return is_replay(self._sources.get(symbol, ""))

    def is_stale(self, symbol: str) -> bool:
        """True if there is no quote, or its own time is too long ago."""
        age_from = self._counts_from.get(symbol)
        return age_from is None or self._clock() - age_from > self._stale_after

    def age(self, symbol: str) -> timedelta | None:
        """The age of the newest quote, None if there never was one."""
        age_from = self._counts_from.get(symbol)
        return None if age_from is None else timedelta(microseconds=max(0, self._clock() - age_from) // 1_000)

    async def watch(self, symbols: Collection[str], interval_seconds: float) -> AsyncIterator[Quote]:
        """The quotes as they are now, then the newest of each symbol that has one, at most once per interval."""
        with self.open_watch() as watch:
            watch.add(symbols)
            watch.news.update((symbol, self._quotes[symbol]) for symbol in symbols if symbol in self._quotes)
            while True:
                for quote in await watch.take():
                    # A reader that is slower than the market gets what is newest when it comes back.
                    yield watch.news.pop(quote.symbol, quote)
                if interval_seconds:
                    await asyncio.sleep(interval_seconds)

    @contextmanager
    def open_watch(self) -> Iterator["QuoteWatch"]:
        """A watch of no symbol yet."""
        watch = QuoteWatch(self._watches)
        try:
            yield watch
        finally:
            watch.discard(set(watch.symbols))

    def _turn_day(self, before: Quote | None, tick: QuoteTick | TradeTick) -> _Day:
        symbol = tick.symbol
        if before is None:
            self._days[symbol] = self._day_of(symbol, tick.at)
            return _Day.SAME
        day = self._days.get(symbol)
        if day is None:
            day = self._days[symbol] = self._day_of(symbol, before.at)
        if day.starts <= tick.at < day.ends:
            return _Day.SAME
        self._days[symbol] = self._day_of(symbol, tick.at)
        return _Day.LATER if tick.at >= day.ends else _Day.EARLIER

    def _tell(self, quote: Quote) -> None:
        watches = self._watches.get(quote.symbol)
        if watches:
            for watch in watches:
                watch.put(quote)


class QuoteWatch:
    """Quotes that one watcher has not taken yet: at most one, the newest, per watched symbol."""

    __slots__ = ("_filled", "_watches", "news", "symbols")

    def __init__(self, watches: defaultdict[str, set["QuoteWatch"]]) -> None:
        self.news: dict[str, Quote] = {}
        self.symbols: set[str] = set()
        self._watches = watches
        self._filled = asyncio.Event()

    def add(self, symbols: Collection[str]) -> None:
        """Watch these symbols too, from their next quotes on."""
        for symbol in symbols:
            self._watches[symbol].add(self)
            self.symbols.add(symbol)

    def discard(self, symbols: Collection[str]) -> None:
        """Stop watching these symbols."""
        for symbol in symbols:
            self.symbols.discard(symbol)
            self.news.pop(symbol, None)
            watches = self._watches[symbol]
            watches.discard(self)
            if not watches:
                del self._watches[symbol]

    def put(self, quote: Quote) -> None:
        """Store the newest quote of a watched symbol."""
        self.news[quote.symbol] = quote
        self._filled.set()

    async def take(self) -> list[Quote]:
        """Wait for new quotes and take them; a cancelled wait loses nothing."""
        while not self.news:
            self._filled.clear()
            await self._filled.wait()
        taken, self.news = self.news, {}
        return list(taken.values())
