"""Recorded market data as CSV: quotes, trades and order books, gzipped or plain. The feed and the simulator read by it.

The first line names the columns, and with them the kind of the file. Times are RFC 3339 in UTC with up to nine digits
of the second, and never go back within a file; numbers are plain decimals. Reading is lazy: a wrong line raises
ValueError or IndexError when it is reached.
"""

import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO

from domain.kernel.numbers import ZERO, within_bounds
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.types import BookTick, Level

# The first line of a file, by its kind.
COLUMNS = {
    "quotes": "ts,symbol,bid,ask,bid_size,ask_size",
    "trades": "ts,symbol,price,size,side",
    "book": "ts,symbol,event,side,price,size,first_id,last_id,prev_id",
}
Cells = list[str]
_MINUTE_LENGTH = len("2024-08-08T23:59:")
_MAX_REMEMBERED = 100_000
_MAX_FIRST_LINE = 1_000


def open_market_file(path: Path) -> IO[str]:
    """A file as text, unpacked if its name says so."""
    if path.name.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def first_line(path: Path) -> str:
    """The names of a file's columns."""
    with open_market_file(path) as file:
        return file.readline(_MAX_FIRST_LINE).strip()


class MarketRows:
    """The lines of a file below the first, of all symbols or of one, up to a time if there is one.

    ``line`` is the number of the newest line; ``found`` says whether there was one of the symbol. Repeated texts of
    times and numbers are parsed once.
    """

    __slots__ = ("_minute", "_minute_nanos", "_numbers", "_path", "_symbol", "_until", "found", "line")

    def __init__(self, path: Path, symbol: str | None = None, until: Nanos | None = None) -> None:
        self.line = 1
        self.found = False
        self._path = path
        self._symbol = symbol
        self._until = until
        self._minute = ""
        self._minute_nanos = 0
        self._numbers: dict[str, Decimal] = {}

    def __iter__(self) -> Iterator[tuple[Nanos, Cells]]:
        last, symbol, until = Nanos(0), self._symbol, self._until
        with open_market_file(self._path) as file:
            file.readline()
            for text in file:
                self.line += 1
                cells = text.rstrip("\r\n").split(",")
                if symbol is not None and cells[1] != symbol:
                    continue
                self.found = True
                at = self._time(cells[0])
                if at < last:
                    raise ValueError("its time is before that of the line above")
                last = at
                if until is not None and at > until:
                    return
                yield at, cells

    def _time(self, text: str) -> Nanos:
        # Lines of one minute share all but their seconds, so that only those are read anew.
        minute = text[:_MINUTE_LENGTH]
        if minute != self._minute:
            self._minute_nanos = Nanos.parse(f"{minute}00Z")
            self._minute = minute
        seconds, point, digits = text[_MINUTE_LENGTH:-1].partition(".")
        is_plain = text[-1] == "Z" and len(seconds) == 2 and seconds.isdecimal() and seconds < "60"
        if not is_plain or (point and not (digits.isdecimal() and len(digits) <= 9)):
            raise ValueError(f"{text!r} is no UTC time")
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

    def size(self, text: str) -> Decimal:
        """A size: a number that is not below zero."""
        size = self.number(text)
        if size < ZERO:
            raise ValueError(f"{text!r} is no size")
        return size


@dataclass(slots=True)
class BookUpdate:
    """The lines of one update of a book."""

    symbol: str
    at: Nanos
    is_snapshot: bool
    last_id: str
    bids: list[Level] = field(default_factory=list)
    asks: list[Level] = field(default_factory=list)

    def tick(self) -> BookTick:
        """The update as a tick."""
        return BookTick(self.symbol, self.at, self.is_snapshot, tuple(self.bids), tuple(self.asks))


def book_updates(rows: Iterable[tuple[Nanos, Cells]], level: Callable[[str, str], Level]) -> Iterator[BookUpdate]:
    """Lines of one symbol with the same time, event and number are one update; ``level`` reads price and size."""
    key: tuple[object, ...] = ()
    update: BookUpdate | None = None
    for at, (_, symbol, event, side, price, size, _, last_id, _) in rows:
        if update is None or key != (at, symbol, event, last_id):
            if update is not None:
                yield update
            if event not in ("snapshot", "delta"):
                raise ValueError(f"{event!r} is neither snapshot nor delta")
            key = (at, symbol, event, last_id)
            update = BookUpdate(symbol, at, event == "snapshot", last_id)
        if side not in ("A", "B"):
            raise ValueError(f"{side!r} is neither A nor B")
        (update.bids if side == "B" else update.asks).append(level(price, size))
    if update is not None:
        yield update
