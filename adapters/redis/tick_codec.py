"""Ticks as bytes: their source, then JSON arrays of positional values: decimals as exact text, times in nanoseconds.

The form is private to the processes of one release that share a stream; what cannot be read is refused whole.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson

from domain.kernel.time import Nanos
from domain.market.types import Aggressor, BookTick, Level, QuoteTick, RestatedQuote, StreamTick, TradeTick

_QUOTE, _TRADE, _BOOK, _RESTATED = "q", "t", "b", "r"


def encode_ticks(ticks: Sequence[StreamTick], source: str = "") -> bytes:
    """A batch of ticks of one source as bytes."""
    return orjson.dumps([source, *map(_encode, ticks)])


def decode_ticks(payload: bytes) -> list[StreamTick]:
    """The batch within ``payload``.

    Raises:
        ValueError: it is no batch of ticks.
    """
    try:
        source, *ticks = orjson.loads(payload)
        if not isinstance(source, str):
            raise TypeError("a batch begins with its source")
        return [_decode(values, source) for values in ticks]
    except (TypeError, LookupError, ArithmeticError) as error:
        raise ValueError("not a batch of ticks") from error


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _encode(tick: StreamTick) -> tuple[Any, ...]:
    if isinstance(tick, QuoteTick):
        numbers = (tick.bid, tick.ask, tick.bid_size, tick.ask_size, tick.last, tick.last_size, tick.volume)
        return (_QUOTE, tick.symbol, tick.at, *map(_text, numbers), tick.no_bid, tick.no_ask)
    if isinstance(tick, TradeTick):
        return (_TRADE, tick.symbol, tick.at, str(tick.price), str(tick.size), tick.aggressor)
    if isinstance(tick, RestatedQuote):
        numbers = (tick.bid, tick.ask, tick.bid_size, tick.ask_size, tick.last, tick.last_size, tick.volume)
        return (_RESTATED, tick.symbol, tick.at, *map(_text, numbers), _text(tick.previous_close))
    levels = ([(str(price), str(size)) for price, size in side] for side in (tick.bids, tick.asks))
    return (_BOOK, tick.symbol, tick.at, tick.snapshot, *levels)


def _decode(values: list[Any], source: str) -> StreamTick:
    kind, symbol, at = values[0], values[1], Nanos(values[2])
    if kind == _QUOTE:
        *numbers, no_bid, no_ask = values[3:]
        bid, ask, bid_size, ask_size, last, last_size, volume = map(_number, numbers)
        return QuoteTick(
            symbol, at, bid, ask, bid_size, ask_size, last, last_size, volume, bool(no_bid), bool(no_ask), source
        )
    if kind == _TRADE:
        aggressor = None if values[5] is None else Aggressor(values[5])
        return TradeTick(symbol, at, Decimal(values[3]), Decimal(values[4]), aggressor, source)
    if kind == _BOOK:
        return BookTick(symbol, at, values[3], _levels(values[4]), _levels(values[5]), source)
    if kind == _RESTATED:
        bid, ask, bid_size, ask_size, last, last_size, volume, previous_close = map(_number, values[3:])
        return RestatedQuote(symbol, at, bid, ask, bid_size, ask_size, last, last_size, volume, previous_close)
    raise ValueError(f"unknown kind of tick {kind!r}")


def _levels(rows: list[list[str]]) -> tuple[Level, ...]:
    return tuple((Decimal(price), Decimal(size)) for price, size in rows)
