"""Recorded market data: CSV files of quotes, trades or order books, plain or gzipped, as ticks of all their symbols.

The first line gives the kind of a file. Times are RFC 3339 in UTC with up to nine digits of the second, and never go
back within a file; numbers are plain decimals. Reading is lazy: a file with a bad line is read up to it.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO

from adapters.feeds.feed import FeedError
from domain.kernel.numbers import ZERO, within_bounds
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.types import Aggressor, BookTick, Level, QuoteTick, Tick, TradeTick

SUFFIXES = (".csv", ".csv.gz")
# Quotes and trades of sources that know no sizes (currencies) are given this one.
DEFAULT_SIZE = Decimal(1_000_000)

_MINUTE_LENGTH = len("2024-08-08T23:59:")
_MAX_REMEMBERED = 100_000
_AGGRESSORS = {"BUY": Aggressor.BUY, "SELL": Aggressor.SELL, "": None}

Row = tuple[Nanos, list[str]]


def find_files(path: Path) -> list[Path]:
    """``path`` itself, or the market data files anywhere below a folder, in the order of their names.

    Raises:
        FeedError: there is nothing to play.
    """
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.rglob("*") if each.name.endswith(SUFFIXES) and _kind(each) in _READERS)
    if not found:
        raise FeedError(f"{path} holds no file of quotes, trades or books")
    return found


def read_ticks(path: Path, default_size: Decimal = DEFAULT_SIZE) -> Iterator[Tick]:
    """The ticks of one file, in its order.

    Raises:
        FeedError: the file cannot be read, or a line of it is wrong; the message names file and line.
    """
    rows = _Rows(path, default_size)
    reader = _READERS.get(_kind(path))
    if reader is None:
        raise FeedError(f"{path}: line 1 names no quotes, trades or book columns")
    try:
        yield from reader(rows)
    except (ValueError, LookupError, InvalidOperation) as error:
        raise FeedError(f"{path}: line {rows.line}: {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise FeedError(f"{path}: cannot be read after line {rows.line}: {error}") from error


def _open(path: Path) -> IO[str]:
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _kind(path: Path) -> str:
    try:
        with _open(path) as file:
            return file.readline(1_000).strip()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise FeedError(f"{path}: cannot be read: {error}") from error


class _Rows:
    """The lines of a file below the first; repeated texts of times and numbers are parsed once."""

    def __init__(self, path: Path, default_size: Decimal) -> None:
        self.line = 1
        self._path = path
        self._default_size = default_size
        self._minute = ""
        self._minute_nanos = 0
        self._numbers: dict[str, Decimal] = {}

    def __iter__(self) -> Iterator[Row]:
        last = Nanos(0)
        with _open(self._path) as file:
            file.readline()
            for text in file:
                self.line += 1
                cells = text.rstrip("\r\n").split(",")
                at = self._time(cells[0])
                if at < last:
                    raise ValueError("its time is before that of the line above")
                last = at
                yield at, cells

    def _time(self, text: str) -> Nanos:
        minute, rest = text[:_MINUTE_LENGTH], text[_MINUTE_LENGTH:]
        if minute != self._minute:
            self._minute_nanos = Nanos.parse(f"{minute}00Z")
            self._minute = minute
        seconds, point, digits = rest[:2], rest[2:3], rest[3:-1]
        plain = rest.endswith("Z") and seconds.isdecimal() and seconds < "60"
        if not plain or (point != "Z" and (point != "." or not digits.isdecimal() or len(digits) > 9)):
            raise ValueError(f"{text!r} is no time in UTC")
        return Nanos(self._minute_nanos + int(seconds) * NANOS_PER_SECOND + int((digits or "0").ljust(9, "0")))

    def number(self, text: str) -> Decimal:
        """A number of any sign."""
        known = self._numbers.get(text)
        if known is not None:
            return known
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise ValueError(f"{text!r} is no number") from None
        if not within_bounds(number):
            raise ValueError(f"{text!r} is no number that can be kept exactly")
        if len(self._numbers) >= _MAX_REMEMBERED:
            self._numbers.clear()
        self._numbers[text] = number
        return number

    def price(self, text: str) -> Decimal | None:
        """A price, None where the market has none."""
        return self.number(text) if text else None

    def size(self, text: str) -> Decimal:
        """A size, the default one where the source has none."""
        size = self.number(text) if text else self._default_size
        if size < ZERO:
            raise ValueError(f"{text!r} is no size")
        return size


def _quotes(rows: _Rows) -> Iterator[Tick]:
    for at, (_, symbol, bid, ask, bid_size, ask_size) in rows:
        prices, sizes = (rows.price(bid), rows.price(ask)), (rows.size(bid_size), rows.size(ask_size))
        yield QuoteTick(symbol, at, *prices, *sizes, no_bid=not bid, no_ask=not ask)


def _trades(rows: _Rows) -> Iterator[Tick]:
    for at, (_, symbol, price, size, side) in rows:
        yield TradeTick(symbol, at, rows.number(price), rows.size(size), _AGGRESSORS[side])


def _books(rows: _Rows) -> Iterator[Tick]:
    """Group lines of one symbol with the same time, event and number into one update."""
    key: tuple[str, ...] = ()
    tick: BookTick | None = None
    levels: dict[str, list[Level]] = {"B": [], "A": []}
    for at, (ts, symbol, event, side, price, size, _, last_id, _) in rows:
        if key != (ts, symbol, event, last_id):
            if tick is not None:
                yield BookTick(tick.symbol, tick.at, tick.snapshot, tuple(levels["B"]), tuple(levels["A"]))
            if event not in ("snapshot", "delta"):
                raise ValueError(f"{event!r} is neither snapshot nor delta")
            key, tick = (ts, symbol, event, last_id), BookTick(symbol, at, event == "snapshot")
            levels = {"B": [], "A": []}
        levels[side].append((rows.number(price), rows.size(size)))
    if tick is not None:
        yield BookTick(tick.symbol, tick.at, tick.snapshot, tuple(levels["B"]), tuple(levels["A"]))


_READERS: dict[str, Callable[[_Rows], Iterator[Tick]]] = {
    "ts,symbol,bid,ask,bid_size,ask_size": _quotes,
    "ts,symbol,price,size,side": _trades,
    "ts,symbol,event,side,price,size,first_id,last_id,prev_id": _books,
}
