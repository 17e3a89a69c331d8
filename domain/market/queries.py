"""The market area's SQL: instruments, newest quotes and bars, read and written in sets."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.kernel.database import Row, fetch
from domain.kernel.ids import new_id
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.clocks import KeptQuote
from domain.market.stream import BEGINNING
from domain.market.types import (
    AssetClass,
    Bar,
    BarInterval,
    FeeSchedule,
    Instrument,
    Quote,
    SettlementCycle,
)

_TERMS = (
    "symbol, name, exchange, asset_class, currency, tick_size, lot_size, min_quantity, max_quantity, min_notional, "
    "multiplier, inverse, initial_margin_rate, maintenance_margin_rate, maker_rate, taker_rate, fee_per_unit, "
    "fee_minimum, sell_tax_rate, settlement_cycle, price_limit_rate, shortable, tradable, calendar, "
    "funding_rate, borrow_rate, venue_symbol, funding_hours"
)
_QUOTE = """q.at, q.bid, q.ask, q.bid_size, q.ask_size, q.last, q.last_size, q.volume, q.previous_close,
q.counts_from, q.source, q.clocks, q.came_stale"""
_BAR = "b.at, b.open, b.high, b.low, b.close, b.volume"


@dataclass(frozen=True, slots=True)
class StoredMarket:
    """Newest quotes, and the position in the tick stream that they are as of."""

    quotes: Sequence[KeptQuote]
    position: str


# ------------------------------------------------------------------ instruments


async def read_instruments() -> list[Instrument]:
    """All instruments by symbol."""
    rows = await fetch(f"SELECT id, {_TERMS} FROM instruments")
    return sorted((_to_instrument(row) for row in rows), key=lambda instrument: instrument.symbol)


async def lock_instrument(work: UnitOfWork, symbol: str) -> Instrument | None:
    """The instrument as it is now, held until the end of the unit of work."""
    row = await work.fetch_row(f"SELECT id, {_TERMS} FROM instruments WHERE symbol = $1 FOR UPDATE", symbol)
    return _to_instrument(row) if row else None


async def lock_by_id(work: UnitOfWork, instrument_id: UUID) -> Instrument:
    """The same of an instrument that is known to be there."""
    row = await work.fetch_row(f"SELECT id, {_TERMS} FROM instruments WHERE id = $1 FOR UPDATE", instrument_id)
    assert row is not None, "instruments are never removed"
    return _to_instrument(row)


async def insert_instrument(work: UnitOfWork, instrument: Instrument) -> bool:
    """Store a new instrument; False if its symbol is taken."""
    values = _values(instrument)
    marks = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    row = await work.fetch_row(
        f"INSERT INTO instruments (id, {_TERMS}, created_at, updated_at, funding_since) "
        f"VALUES ({marks}, ${len(values) + 1}, ${len(values) + 1}, ${len(values) + 1}) "
        "ON CONFLICT (symbol) DO NOTHING RETURNING id",
        *values,
        work.now,
    )
    return row is not None


async def update_instrument(work: UnitOfWork, instrument: Instrument) -> None:
    """Store what can change of an instrument."""
    fees = instrument.fees
    await work.execute(
        "UPDATE instruments SET name = $2, initial_margin_rate = $3, maintenance_margin_rate = $4, maker_rate = $5, "
        "taker_rate = $6, fee_per_unit = $7, fee_minimum = $8, sell_tax_rate = $9, price_limit_rate = $10, "
        "shortable = $11, tradable = $12, funding_rate = $13, borrow_rate = $14, updated_at = $15, venue_symbol = $16, "
        "tick_size = $17, lot_size = $18, min_quantity = $19, max_quantity = $20, min_notional = $21, "
        # A schedule counts from when it was set: hours before it are not made up for.
        "funding_since = CASE WHEN funding_hours = $22 THEN funding_since ELSE $15 END, funding_hours = $22 "
        "WHERE id = $1",
        instrument.id,
        instrument.name,
        instrument.initial_margin_rate,
        instrument.maintenance_margin_rate,
        fees.maker_rate,
        fees.taker_rate,
        fees.per_unit,
        fees.minimum,
        fees.sell_tax_rate,
        instrument.price_limit_rate,
        instrument.shortable,
        instrument.tradable,
        instrument.funding_rate,
        instrument.borrow_rate,
        work.now,
        instrument.venue_symbol,
        instrument.tick_size,
        instrument.lot_size,
        instrument.min_quantity,
        instrument.max_quantity,
        instrument.min_notional,
        _hours_text(instrument.funding_hours),
    )


def _values(instrument: Instrument) -> list[object]:
    fees = instrument.fees
    return [
        instrument.id,
        instrument.symbol,
        instrument.name,
        instrument.exchange,
        instrument.asset_class,
        instrument.currency,
        instrument.tick_size,
        instrument.lot_size,
        instrument.min_quantity,
        instrument.max_quantity,
        instrument.min_notional,
        instrument.multiplier,
        instrument.inverse,
        instrument.initial_margin_rate,
        instrument.maintenance_margin_rate,
        fees.maker_rate,
        fees.taker_rate,
        fees.per_unit,
        fees.minimum,
        fees.sell_tax_rate,
        instrument.settlement_cycle,
        instrument.price_limit_rate,
        instrument.shortable,
        instrument.tradable,
        instrument.calendar,
        instrument.funding_rate,
        instrument.borrow_rate,
        instrument.venue_symbol,
        _hours_text(instrument.funding_hours),
    ]


def _hours_text(hours: tuple[int, ...]) -> str:
    return ",".join(str(hour) for hour in hours)


def _to_instrument(row: Row) -> Instrument:
    values: list[Any] = list(row)
    before, fees, after = values[:15], values[15:20], values[20:]
    before[4], after[0] = AssetClass(before[4]), SettlementCycle(after[0])
    after[-1] = tuple(int(hour) for hour in after[-1].split(",") if hour)
    return Instrument(*(*before, FeeSchedule(*fees), *after))


# ------------------------------------------------------------------ quotes


async def read_market(consumer: str) -> StoredMarket:
    """The newest stored quotes, and how far ``consumer``, who stores them, had come."""
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
    """How far a consumer of the tick stream has come, held until the end of the unit of work."""
    row = await work.fetch_row("SELECT position FROM tick_positions WHERE consumer = $1 FOR UPDATE", consumer)
    return row["position"] if row else BEGINNING


async def store_position(work: UnitOfWork, consumer: str, position: str) -> None:
    """Remember how far a consumer of the tick stream has stored what it made of it."""
    await work.execute(
        "INSERT INTO tick_positions (consumer, position) VALUES ($1, $2) "
        "ON CONFLICT (consumer) DO UPDATE SET position = EXCLUDED.position",
        consumer,
        position,
    )


# ------------------------------------------------------------------ bars


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


async def clear_bars(work: UnitOfWork, bars: Iterable[tuple[UUID, Bar]]) -> None:
    """Forget what is stored of the intervals of these bars."""
    keys = [(owner, bar.interval, bar.at.to_datetime()) for owner, bar in bars]
    if keys:
        await work.execute(
            "DELETE FROM bars b USING unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS g (owner, interval, at) "
            "WHERE b.instrument_id = g.owner AND b.interval = g.interval AND b.at = g.at",
            *(list(column) for column in zip(*keys, strict=True)),
        )


async def grow_bars(work: UnitOfWork, bars: Sequence[tuple[UUID, Bar]]) -> list[Bar]:
    """Let stored bars grow by what came later, in one statement; the bars as they are then."""
    if not bars:
        return []
    symbols = {owner: bar.symbol for owner, bar in bars}
    rows = [
        (new_id(), owner, bar.interval, bar.at.to_datetime(), bar.open, bar.high, bar.low, bar.close, bar.volume)
        for owner, bar in bars
    ]
    grown = await work.fetch(
        "INSERT INTO bars AS b (id, instrument_id, interval, at, open, high, low, close, volume) "
        "SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::numeric[], $6::numeric[], "
        "$7::numeric[], $8::numeric[], $9::numeric[]) "
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
