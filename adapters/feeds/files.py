"""Recorded market data as a feed: CSV files of quotes, trades or order books, as ticks of all their symbols.

``adapters.market_csv`` says what the files are. A file with a bad line is read up to it.
"""

import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from adapters.feeds.feed import FeedError
from adapters.market_csv import COLUMNS, MarketRows, book_updates, first_line
from domain.market.types import Aggressor, QuoteTick, Tick, TradeTick

SUFFIXES = (".csv", ".csv.gz")
# Quotes and trades of sources that know no sizes (currencies) are given this one.
DEFAULT_SIZE = Decimal(1_000_000)

_AGGRESSORS = {"BUY": Aggressor.BUY, "SELL": Aggressor.SELL, "": None}


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
    rows = MarketRows(path)
    reader = _READERS.get(_kind(path))
    if reader is None:
        raise FeedError(f"{path}: line 1 names no quotes, trades or book columns")
    try:
        yield from reader(rows, default_size)
    except (ValueError, LookupError) as error:
        raise FeedError(f"{path}: line {rows.line}: {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise FeedError(f"{path}: cannot be read after line {rows.line}: {error}") from error


def _kind(path: Path) -> str:
    try:
        return first_line(path)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise FeedError(f"{path}: cannot be read: {error}") from error


def _quotes(rows: MarketRows, default_size: Decimal) -> Iterator[Tick]:
    number = rows.number
    for at, (_, symbol, bid, ask, bid_size, ask_size) in rows:
        prices = (number(bid) if bid else None, number(ask) if ask else None)
        sizes = (_size(rows, bid_size, default_size), _size(rows, ask_size, default_size))
        yield QuoteTick(symbol, at, *prices, *sizes, no_bid=not bid, no_ask=not ask)


def _trades(rows: MarketRows, default_size: Decimal) -> Iterator[Tick]:
    for at, (_, symbol, price, size, side) in rows:
        yield TradeTick(symbol, at, rows.number(price), _size(rows, size, default_size), _AGGRESSORS[side])


def _books(rows: MarketRows, default_size: Decimal) -> Iterator[Tick]:
    for update in book_updates(rows, lambda price, size: (rows.number(price), _size(rows, size, default_size))):
        yield update.tick()


def _size(rows: MarketRows, text: str, default_size: Decimal) -> Decimal:
    """A size, the default one where the source has none."""
    return rows.size(text) if text else default_size


_READERS: dict[str, Callable[[MarketRows, Decimal], Iterator[Tick]]] = {
    COLUMNS["quotes"]: _quotes,
    COLUMNS["trades"]: _trades,
    COLUMNS["book"]: _books,
}
