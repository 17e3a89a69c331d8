"""Market data files as ticks of one instrument, within the window of a scenario.

``adapters.market_csv`` says what the files are. A book starts with its first snapshot; changes before a snapshot, or
not newer than it, are left out. Reading stops at the end of the window.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from adapters.market_csv import COLUMNS, BookUpdate, Cells, MarketRows, book_updates, first_line
from adapters.simulation.errors import MarketDataError, MarketDataMissing, ScenarioError
from adapters.simulation.scenario import DataSource
from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.market.types import BookTick, Instrument, QuoteTick, Tick, TradeTick


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
        raise rows.fail(f"line {rows.file.line}: {error}") from error
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
    """The rows of one symbol up to the end of the window, with what its prices and sizes can be."""

    def __init__(self, path: Path, source: DataSource, instrument: Instrument) -> None:
        self._path = path
        self._source = source
        self.file = MarketRows(path, instrument.symbol, source.end)
        self.symbol = instrument.symbol
        self._signed = instrument.allows_negative_prices
        self.default_size = source.default_size

    def __iter__(self) -> Iterator[tuple[Nanos, Cells]]:
        columns = COLUMNS[self._source.kind]
        if first_line(self._path) != columns:
            raise self.fail(f"is no {self._source.kind} file: its first line is not {columns!r}")
        yield from self.file
        if not self.file.found:
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

    def size(self, text: str) -> Decimal | None:
        """A size, or the default where the file has none."""
        return self.file.size(text) if text else self.default_size

    def price(self, text: str) -> Decimal:
        """A price, of a sign that the instrument's prices can have."""
        price = self.file.number(text)
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


def _from_snapshot(rows: _Rows) -> Iterator[BookUpdate]:
    """Snapshots, and the changes after each that are newer than it; a book begins with its first snapshot."""
    newest: int | None = None
    for update in book_updates(rows, lambda price, size: (rows.price(price), rows.file.number(size))):
        last_id = int(update.last_id)
        if update.is_snapshot:
            newest = last_id
            yield update
        elif newest is not None and last_id > newest:
            yield update
    if newest is None:
        raise rows.fail("has no snapshot to start the book from, up to the end of the window")


def _book(rows: _Rows) -> Iterator[Tick]:
    """Updates from the start of the window on; earlier ones are given as one snapshot with the first."""
    before: dict[str, dict[Decimal, Decimal]] = {"bids": {}, "asks": {}}
    started = False
    for update in _from_snapshot(rows):
        if started:
            yield update.tick()
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
