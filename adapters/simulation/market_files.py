"""Market data files as ticks: quotes, trades and order books in CSV, gzipped or plain, nanosecond times kept.

Columns, by kind (the first line names them): quotes ``ts,symbol,bid,ask,bid_size,ask_size``; trades
``ts,symbol,price,size,side``; book ``ts,symbol,event,side,price,size,first_id,last_id,prev_id``. Times never go back
within a file. A book starts with its first snapshot; changes before a snapshot, or not newer than it, are left out.
Reading is lazy and stops at the end of the window.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO

from adapters.simulation.errors import MarketDataError, MarketDataMissing, ScenarioError
from adapters.simulation.scenario import DataSource
from domain.kernel.numbers import ZERO, within_bounds
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.types import BookTick, Instrument, Level, QuoteTick, Tick, TradeTick

COLUMNS = {
    "quotes": "ts,symbol,bid,ask,bid_size,ask_size",
    "trades": "ts,symbol,price,size,side",
    "book": "ts,symbol,event,side,price,size,first_id,last_id,prev_id",
}
MINUTE_LENGTH = len("2014-05-07T12:00:")
MAX_REMEMBERED_NUMBERS = 100_000
NOTHING = Decimal("NaN")


def read_ticks(market_dir: Path, source: DataSource, instrument: Instrument) -> Iterator[Tick]:
    """The ticks of ``instrument`` in the window of ``source``.

    Raises:
        MarketDataMissing: there is no such file, or it has nothing of the symbol.
        MarketDataError: it is of another kind, or a line of it says what cannot be.
        ScenarioError: the path leads out of the market directory.
    """
    return _guarded(_Rows(_path(market_dir, source.file), source, instrument), _READERS[source.kind])


def _guarded(rows: "_Rows", read: "Callable[[_Rows], Iterator[Tick]]") -> Iterator[Tick]:
    try:
        yield from read(rows)
    except (ValueError, IndexError) as error:
        raise rows.fail(f"line {rows.line}: {error}") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise rows.fail(f"cannot be read: {error}") from error
    except OSError as error:
        raise rows.missing(error.strerror or f"cannot be read: {error}") from error


def _path(market_dir: Path, name: str) -> Path:
    root = market_dir.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise ScenarioError(f"{name}: leads out of the market directory")
    return path


class _Rows:
    """The rows of one symbol up to the end of the window, with parsers of their numbers."""

    def __init__(self, path: Path, source: DataSource, instrument: Instrument) -> None:
        self._path = path
        self._source = source
        self.symbol = instrument.symbol
        self._signed = instrument.allows_negative_prices
        self.default_size = source.default_size
        self.line = 1
        self._minute = ""
        self._minute_nanos = 0
        self._numbers: dict[str, Decimal] = {}

    def __iter__(self) -> Iterator[tuple[Nanos, list[str]]]:
        with self._open() as file:
            yield from self._read(file)

    def _open(self) -> IO[str]:
        if self._path.suffix == ".gz":
            return gzip.open(self._path, "rt", encoding="utf-8", newline="\n")
        return self._path.open(encoding="utf-8", newline="\n")

    def _read(self, file: IO[str]) -> Iterator[tuple[Nanos, list[str]]]:
        if file.readline().strip() != COLUMNS[self._source.kind]:
            raise self.fail(f"is no {self._source.kind} file: its first line is not {COLUMNS[self._source.kind]!r}")
        end = self._source.end
        last, found = Nanos(0), False
        for text in file:
            self.line += 1
            row = text.rstrip("\r\n").split(",")
            if row[1] != self.symbol:
                continue
            found = True
            at = self._time(row[0])
            if at < last:
                raise ValueError("its time is before that of the line before it")
            last = at
            if end is not None and at > end:
                return
            yield at, row
        if not found:
            raise self.missing(f"has nothing of {self.symbol!r}")

    def fail(self, problem: str) -> MarketDataError:
        """The error that names the file."""
        return MarketDataError(f"{self._source.file}: {problem}")

    def missing(self, problem: str) -> MarketDataMissing:
        """The error about missing data."""
        return MarketDataMissing(f"{self._source.file}: {problem}")

    def before_window(self, at: Nanos) -> bool:
        """True if the window starts later."""
        return self._source.start is not None and at < self._source.start

    def _time(self, text: str) -> Nanos:
        # Rows of one minute share all but their seconds, so that only those are read anew.
        minute = text[:MINUTE_LENGTH]
        if minute != self._minute:
            self._minute_nanos = Nanos.parse(minute + "00Z")
            self._minute = minute
        seconds, _, fraction = text[MINUTE_LENGTH:-1].partition(".")
        if text[-1] != "Z" or len(seconds) != 2 or len(fraction) > 9 or not (seconds + fraction).isdecimal():
            raise ValueError(f"{text!r} is no UTC time")
        return Nanos(self._minute_nanos + int(seconds) * NANOS_PER_SECOND + int((fraction or "0").ljust(9, "0")))

    def number(self, text: str) -> Decimal:
        """A number of the file, of any sign; repeated texts are parsed once."""
        number = self._numbers.get(text)
        if number is None:
            try:
                number = Decimal(text)
            except InvalidOperation:
                number = NOTHING
            if not within_bounds(number):
                raise ValueError(f"{text!r} is no price or size")
            if len(self._numbers) >= MAX_REMEMBERED_NUMBERS:
                self._numbers.clear()
            self._numbers[text] = number
        return number

    def size(self, text: str) -> Decimal | None:
        """A size, or the default where the file has none."""
        if not text:
            return self.default_size
        size = self.number(text)
        if size < ZERO:
            raise ValueError(f"{text!r} is no size")
        return size

    def price(self, text: str) -> Decimal:
        """A price, of a sign that the instrument's prices can have."""
        price = self.number(text)
        if price <= ZERO and not self._signed:
            raise ValueError(f"{text!r} is no price of {self.symbol!r}")
        return price

    def price_if_any(self, text: str) -> Decimal | None:
        """A price, None where the market has none."""
        return self.price(text) if text else None


def _quotes(rows: _Rows) -> Iterator[Tick]:
    symbol = rows.symbol
    for at, row in rows:
        if not rows.before_window(at):
            _, _, bid, ask, bid_size, ask_size = row
            prices, sizes = (rows.price_if_any(bid), rows.price_if_any(ask)), (rows.size(bid_size), rows.size(ask_size))
            yield QuoteTick(symbol, at, *prices, *sizes, no_bid=not bid, no_ask=not ask)


def _trades(rows: _Rows) -> Iterator[Tick]:
    symbol = rows.symbol
    for at, row in rows:
        if not rows.before_window(at):
            _, _, price, size, _ = row
            traded = rows.size(size)
            if traded is None:
                raise rows.fail("has no sizes, and the scenario gives no defaultSize")
            yield TradeTick(symbol, at, rows.price(price), traded)


class _Update:
    """The rows of one update of a book."""

    def __init__(self, at: Nanos, event: str, last_id: str) -> None:
        if event not in ("snapshot", "delta"):
            raise ValueError(f"{event!r} is neither snapshot nor delta")
        self.at = at
        self.is_snapshot = event == "snapshot"
        self.key = (at, event, last_id)
        self.last_id = int(last_id)
        self.bids: list[Level] = []
        self.asks: list[Level] = []

    def add(self, side: str, level: Level) -> None:
        """One changed level."""
        if side not in ("A", "B"):
            raise ValueError(f"{side!r} is neither A nor B")
        (self.bids if side == "B" else self.asks).append(level)

    def tick(self, symbol: str) -> BookTick:
        """The update as a tick."""
        return BookTick(symbol, self.at, self.is_snapshot, tuple(self.bids), tuple(self.asks))


def _updates(rows: _Rows) -> Iterator[_Update]:
    update: _Update | None = None
    for at, row in rows:
        _, _, event, side, price, size, _, last_id, _ = row
        if update is None or update.key != (at, event, last_id):
            if update is not None:
                yield update
            update = _Update(at, event, last_id)
        update.add(side, (rows.price(price), rows.number(size)))
    if update is not None:
        yield update


def _from_snapshot(rows: _Rows) -> Iterator[_Update]:
    """Snapshots, and the changes after each that are newer than it; a book begins with its first snapshot."""
    newest: int | None = None
    for update in _updates(rows):
        if update.is_snapshot:
            newest = update.last_id
            yield update
        elif newest is not None and update.last_id > newest:
            yield update
    if newest is None:
        raise rows.fail("has no snapshot to start the book from, up to the end of the window")


def _book(rows: _Rows) -> Iterator[Tick]:
    """Updates from the start of the window on; earlier ones are given as one snapshot with the first."""
    before: dict[str, dict[Decimal, Decimal]] = {"bids": {}, "asks": {}}
    started = False
    for update in _from_snapshot(rows):
        if started:
            yield update.tick(rows.symbol)
            continue
        if update.is_snapshot:
            before = {"bids": {}, "asks": {}}
        before["bids"].update(update.bids)
        before["asks"].update(update.asks)
        if not rows.before_window(update.at):
            started = True
            bids, asks = tuple(before["bids"].items()), tuple(before["asks"].items())
            yield BookTick(rows.symbol, update.at, True, bids, asks)


_READERS = {"quotes": _quotes, "trades": _trades, "book": _book}
