"""Bus messages of the market area: bars as they grow."""

from decimal import Decimal

import orjson

from domain.kernel.bus import Message
from domain.kernel.time import Nanos
from domain.market.types import Bar, BarInterval


def bar_channel(symbol: str, interval: BarInterval) -> str:
    """The channel of a symbol's bars."""
    return f"bars:{interval}:{symbol}"


def bar_message(bar: Bar) -> Message:
    """A bar as a message."""
    numbers = (bar.open, bar.high, bar.low, bar.close, bar.volume)
    return bar_channel(bar.symbol, bar.interval), orjson.dumps([bar.at, *map(str, numbers)])


def read_bar(symbol: str, interval: BarInterval, payload: bytes) -> Bar:
    """The bar of a message."""
    at, *numbers = orjson.loads(payload)
    return Bar(symbol, interval, Nanos(at), *map(Decimal, numbers))
