"""The market area's SQL: instruments, newest quotes and bars, read and written in sets.

SQL: quotes and bars of all symbols, written many a second in one statement.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page, time_key
from domain.kernel.partition_queries import Partitioned
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.clocks import KeptQuote
from domain.market.stream import BEGINNING
from domain.market.types import (
    Bar,
    BarInterval,
    BarSearch,
    Instrument,
    Quote,
)

_QUOTE = """q.at, q.bid, q.ask, q.bid_size, q.ask_size, q.last, q.last_size, q.volume, q.previous_close,
q.counts_from, q.source, q.clocks, q.came_stale"""
_BAR = "b.at, b.open, b.high, b.low, b.close, b.volume"
_SEARCHED_BARS = """FROM bars b WHERE b.instrument_id = $1 AND b.interval = $2
AND ($3::timestamptz IS NULL OR b.at >= $3) AND ($4::timestamptz IS NULL OR b.at < $4)"""


@dataclass(frozen=True, slots=True)
class StoredMarket:
    """Newest quotes, and the position in the tick stream that they reflect."""

    quotes: Sequence[KeptQuote]
    position: str


# ------------------------------------------------------------------ quotes


async def read_market(consumer: str) -> StoredMarket:
    """The newest stored quotes, and the position of ``consumer``, the process that stores them."""
    rows = await fetch(
        f"SELECT (SELECT position FROM tick_positions WHERE consumer = $1), q.symbol, {_QUOTE} FROM (SELECT 1) AS one "
        "LEFT JOIN (SELECT i.symbol, q.* FROM quotes q JOIN instruments i ON i.id = q.instrument_id) AS q ON true",
        consumer,
    )
    quotes = [
        KeptQuote(_to_quote(row), int(row["counts_from"]), row["source"], row["clocks"], row["came_stale"])
        for row in rows
        if row["symbol"] is not None
    ]
    return StoredMarket(quotes, rows[0]["position"] or BEGINNING)


def _to_quote(row: Row) -> Quote:
    return Quote(
        row["symbol"],
        Nanos(row["at"]),
        row["bid"],
        row["ask"],
        row["bid_size"],
        row["ask_size"],
        row["last"],
        row["last_size"],
        row["volume"],
        row["previous_close"],
    )


async def store_quotes(work: UnitOfWork, quotes: Iterable[tuple[UUID, KeptQuote]]) -> None:
    """Replace the newest quotes of instruments, in one statement."""
    rows = [
        (
            instrument_id,
            int(quote.at),
            quote.bid,
            quote.ask,
            quote.bid_size,
            quote.ask_size,
            quote.last,
            quote.last_size,
            quote.volume,
            quote.previous_close,
            kept.counts_from,
            kept.source,
            kept.clocks,
            kept.came_stale,
        )
        for instrument_id, kept in quotes
        for quote in (kept.quote,)
    ]
    if rows:
        await work.execute(
            "INSERT INTO quotes AS q (instrument_id, at, bid, ask, bid_size, ask_size, last, last_size, volume, "
            "previous_close, counts_from, source, clocks, came_stale) "
            "SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::numeric[], $4::numeric[], $5::numeric[], "
            "$6::numeric[], $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[], $11::bigint[], $12::text[], "
            "$13::text[], $14::boolean[]) "
            "ON CONFLICT (instrument_id) DO UPDATE SET at = EXCLUDED.at, bid = EXCLUDED.bid, ask = EXCLUDED.ask, "
            "bid_size = EXCLUDED.bid_size, ask_size = EXCLUDED.ask_size, last = EXCLUDED.last, "
            "last_size = EXCLUDED.last_size, volume = EXCLUDED.volume, previous_close = EXCLUDED.previous_close, "
            "counts_from = EXCLUDED.counts_from, source = EXCLUDED.source, clocks = EXCLUDED.clocks, "
            "came_stale = EXCLUDED.came_stale",
            *([list(column) for column in zip(*rows, strict=True)]),
        )


async def lock_position(work: UnitOfWork, consumer: str) -> str:
    """The position of a consumer of the tick stream, locked until the end of the unit of work."""
    row = await work.fetch_row("SELECT position FROM tick_positions WHERE consumer = $1 FOR UPDATE", consumer)
    return row["position"] if row else BEGINNING


async def store_position(work: UnitOfWork, consumer: str, position: str) -> None:
    """Store the position up to which a consumer of the tick stream has stored its results."""
    await work.execute(
        "INSERT INTO tick_positions (consumer, position) VALUES ($1, $2) "
        "ON CONFLICT (consumer) DO UPDATE SET position = EXCLUDED.position",
        consumer,
        position,
    )


# ------------------------------------------------------------------ bars

# Bars of days are kept in a table of their own, all others by month.
INTRADAY_BARS = Partitioned("bars_intraday", has_rest=True)


async def read_bars(
    instrument: Instrument,
    interval: BarInterval,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> list[Bar]:
    """Bars that open from ``since`` on and before ``until``, oldest first.

    When there are more than ``limit``: the first ones after ``since`` if that is given, else the last ones.
    """
    rows = await fetch(
        f"SELECT b.interval, {_BAR} FROM bars b WHERE b.instrument_id = $1 AND b.interval = $2 "
        "AND ($3::timestamptz IS NULL OR b.at >= $3) AND ($4::timestamptz IS NULL OR b.at < $4) "
        f"ORDER BY b.at {'DESC' if since is None else 'ASC'} LIMIT $5",
        instrument.id,
        interval,
        since,
        until,
        limit,
    )
    bars = [_to_bar(instrument.symbol, row) for row in rows]
    return bars[::-1] if since is None else bars


async def page_bars(instrument: Instrument, request: PageRequest, search: BarSearch) -> Page[Bar]:
    """A page of an instrument's bars, newest first.

    Raises:
        BadInput: the cursor holds no time.
    """
    rows = await fetch(
        f"SELECT b.interval, {_BAR} {_SEARCHED_BARS} AND ($5::timestamptz IS NULL OR b.at "
        f"{'>' if request.backward else '<'} $5) ORDER BY b.at {'ASC' if request.backward else 'DESC'} LIMIT $6",
        instrument.id,
        search.interval,
        search.since,
        search.until,
        time_key(request),
        request.size + 1,
    )
    bars = [_to_bar(instrument.symbol, row) for row in rows]
    return make_page(request, bars, lambda bar: encode_cursor(bar.at.to_datetime().isoformat()))


async def count_bars(instrument: Instrument, search: BarSearch) -> int:
    """The number of an instrument's bars that match."""
    window = search.interval, search.since, search.until
    row = await fetch_row(f"SELECT count(*) AS n {_SEARCHED_BARS}", instrument.id, *window)
    return int(row["n"]) if row else 0


async def clear_bars(work: UnitOfWork, bars: Iterable[tuple[UUID, Bar]]) -> None:
    """Remove the stored bars of the intervals of these bars."""
    keys = [(owner, bar.interval, bar.at.to_datetime()) for owner, bar in bars]
    if keys:
        await work.execute(
            "DELETE FROM bars b USING unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS g (owner, interval, at) "
            "WHERE b.instrument_id = g.owner AND b.interval = g.interval AND b.at = g.at",
            *(list(column) for column in zip(*keys, strict=True)),
        )


async def grow_bars(work: UnitOfWork, bars: Sequence[tuple[UUID, Bar]]) -> list[Bar]:
    """Merge later parts into stored bars, in one statement, and return the bars."""
    if not bars:
        return []
    symbols = {owner: bar.symbol for owner, bar in bars}
    rows = [
        (owner, bar.interval, bar.at.to_datetime(), bar.open, bar.high, bar.low, bar.close, bar.volume)
        for owner, bar in bars
    ]
    grown = await work.fetch(
        "INSERT INTO bars AS b (instrument_id, interval, at, open, high, low, close, volume) "
        "SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::numeric[], $5::numeric[], $6::numeric[], "
        "$7::numeric[], $8::numeric[]) "
        "ON CONFLICT (instrument_id, interval, at) DO UPDATE SET high = greatest(b.high, EXCLUDED.high), "
        "low = least(b.low, EXCLUDED.low), close = EXCLUDED.close, volume = b.volume + EXCLUDED.volume "
        f"RETURNING b.instrument_id, b.interval, {_BAR}",
        *(list(column) for column in zip(*rows, strict=True)),
    )
    return [_to_bar(symbols[row["instrument_id"]], row) for row in grown]


async def prune_bars(work: UnitOfWork, instrument_ids: Collection[UUID], interval: BarInterval, keep: int) -> None:
    """Keep the newest ``keep`` bars of an interval for each instrument."""
    await work.execute(
        "DELETE FROM bars b USING unnest($1::uuid[]) AS o (owner), LATERAL (SELECT at FROM bars n "
        "WHERE n.instrument_id = o.owner AND n.interval = $2 ORDER BY n.at DESC OFFSET $3 LIMIT 1) AS oldest "
        "WHERE b.instrument_id = o.owner AND b.interval = $2 AND b.at <= oldest.at",
        list(instrument_ids),
        interval,
        keep,
    )


def _to_bar(symbol: str, row: Row) -> Bar:
    return Bar(
        symbol,
        BarInterval(row["interval"]),
        Nanos.of(row["at"]),
        row["open"],
        row["high"],
        row["low"],
        row["close"],
        row["volume"],
    )
