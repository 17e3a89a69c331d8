"""Bars from prices, pure: the bar of a price, and the growth of bars.

Volume and prices of a bar come from the trades in it. A market that shows no trades (currencies) has bars of the mid
price, without volume. The order of arrival decides within a bar: open is the first price and close the last.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.sessions import TradingDay
from domain.market.types import Bar, BarInterval, BookTick, Quote, RestatedQuote, StreamTick, TradeTick

# A day's length is its calendar's business.
LENGTH_SECONDS = {
    BarInterval.SECOND: 1,
    BarInterval.MINUTE: 60,
    BarInterval.FIVE_MINUTES: 300,
    BarInterval.FIFTEEN_MINUTES: 900,
    BarInterval.HOUR: 3_600,
}
_LENGTHS = tuple((interval, seconds * NANOS_PER_SECOND) for interval, seconds in LENGTH_SECONDS.items())

Print = tuple[Decimal, Decimal]
_Key = tuple[str, BarInterval, int]


def print_of(tick: StreamTick, quote: Quote, traded: Decimal) -> Print | None:
    """The price and size that ``tick`` adds to bars, or None.

    ``quote`` and ``traded`` are the quote after it and the size it traded.
    """
    if isinstance(tick, TradeTick):
        return tick.price, tick.size
    if isinstance(tick, BookTick | RestatedQuote):
        return None
    if tick.last is not None or traded:
        return (quote.last, traded) if quote.last is not None else None
    if quote.last is not None or quote.mid is None or (tick.bid is None and tick.ask is None):
        return None
    return quote.mid, ZERO


def grown(bar: Bar, later: Bar) -> Bar:
    """``bar`` extended by a later part of the same interval."""
    return replace(
        bar,
        high=max(bar.high, later.high),
        low=min(bar.low, later.low),
        close=later.close,
        volume=bar.volume + later.volume,
    )


class _Growing:
    """A bar under construction; mutable because every price touches one of each length."""

    __slots__ = ("close", "high", "low", "open", "volume")

    def __init__(self, price: Decimal, size: Decimal) -> None:
        self.open = self.high = self.low = self.close = price
        self.volume = size

    def add(self, price: Decimal, size: Decimal) -> None:
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        if size:
            self.volume += size


class BarBuilder:
    """Collects prices into bars of every length until they are taken; taken parts are merged by ``grown``."""

    def __init__(self, day_of: Callable[[str, Nanos], TradingDay]) -> None:
        """``day_of(symbol, at)`` is the trading day of an instant."""
        self._day_of = day_of
        self._bars: dict[_Key, _Growing] = {}

    def __len__(self) -> int:
        return len(self._bars)

    def add(self, symbol: str, at: Nanos, price: Decimal, size: Decimal) -> None:
        """Add one print to its bar of each length."""
        for interval, length in _LENGTHS:
            self._grow((symbol, interval, at - at % length), price, size)
        self._grow((symbol, BarInterval.DAY, self._day_of(symbol, at).opens), price, size)

    def take(self) -> list[Bar]:
        """The parts collected since the last call, in the order of their first prints."""
        taken, self._bars = self._bars, {}
        return [
            Bar(symbol, interval, Nanos(at), bar.open, bar.high, bar.low, bar.close, bar.volume)
            for (symbol, interval, at), bar in taken.items()
        ]

    def _grow(self, key: _Key, price: Decimal, size: Decimal) -> None:
        bar = self._bars.get(key)
        if bar is None:
            self._bars[key] = _Growing(price, size)
        else:
            bar.add(price, size)
