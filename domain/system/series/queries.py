"""Reads of points to export, and writes of the export positions.

SQL: one pass over the ends of all instruments' bars and of all accounts' samples, and cursors in bulk.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.kernel.database import Row, fetch
from domain.kernel.rows import insertion
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.types import BarInterval
from domain.system.series.lines import LinePoint

# What others can make of these they make themselves.
INTERVALS = (BarInterval.MINUTE, BarInterval.HOUR, BarInterval.DAY)
# Of one instrument or account so much is read at once, and of all together.
MAX_OF_ONE, MAX_AT_ONCE = 2_000, 5_000
# A bar that has another behind it grows no more.
_BARS = """
SELECT i.symbol, b.at, b.open, b.high, b.low, b.close, b.volume, 'bars:' || $1::text || ':' || i.id AS source
FROM instruments i
LEFT JOIN series_cursors c ON c.source = 'bars:' || $1::text || ':' || i.id
CROSS JOIN LATERAL (
  SELECT at, open, high, low, close, volume FROM bars
  WHERE instrument_id = i.id AND interval = $1::text AND at > coalesce(c.reached_at, '-infinity')
    AND at < (SELECT max(at) FROM bars WHERE instrument_id = i.id AND interval = $1::text)
  ORDER BY at LIMIT $2
) b ORDER BY i.id, b.at LIMIT $3
"""
_NEWEST_BARS = """
SELECT i.symbol, b.at, b.open, b.high, b.low, b.close, b.volume FROM instruments i
CROSS JOIN LATERAL (
  SELECT at, open, high, low, close, volume FROM bars WHERE instrument_id = i.id AND interval = $1
  ORDER BY at DESC LIMIT 1
) b
"""
_EQUITY = """
SELECT a.id, a.currency, s.at, s.equity, s.cash, s.unrealized_pnl, 'equity:' || a.id AS source
FROM accounts a
LEFT JOIN series_cursors c ON c.source = 'equity:' || a.id
CROSS JOIN LATERAL (
  SELECT at, equity, cash, unrealized_pnl FROM equity_samples
  WHERE account_id = a.id AND at > coalesce(c.reached_at, '-infinity') ORDER BY at LIMIT $1
) s ORDER BY a.id, s.at LIMIT $2
"""
_ADVANCE = insertion(
    "series_cursors",
    {"source": "text", "reached_at": "timestamptz"},
    "ON CONFLICT (source) DO UPDATE SET reached_at = excluded.reached_at",
)


@dataclass(frozen=True, slots=True)
class PointBatch:
    """Points, how far their sources are exported with them, and whether there is more."""

    points: Sequence[LinePoint]
    reached: Mapping[str, datetime]
    is_full: bool


def _bar(row: Row, interval: BarInterval) -> LinePoint:
    return LinePoint(
        "tradegraph_bar",
        {"symbol": row["symbol"], "interval": interval.value},
        {name: row[name] for name in ("open", "high", "low", "close", "volume")},
        Nanos.of(row["at"]),
    )


async def next_bars(interval: BarInterval) -> PointBatch:
    """Bars that are complete and were not exported."""
    rows = await fetch(_BARS, interval.value, MAX_OF_ONE, MAX_AT_ONCE)
    return _batch(rows, [_bar(row, interval) for row in rows])


async def newest_bars() -> list[LinePoint]:
    """The newest bar of each instrument and interval as it is now; it may still grow."""
    return [_bar(row, interval) for interval in INTERVALS for row in await fetch(_NEWEST_BARS, interval.value)]


async def next_equity() -> PointBatch:
    """Samples of accounts that were not exported."""
    rows = await fetch(_EQUITY, MAX_OF_ONE, MAX_AT_ONCE)
    points = [
        LinePoint(
            "tradegraph_equity",
            {"account": str(row["id"]), "currency": row["currency"]},
            {name: row[name] for name in ("equity", "cash", "unrealized_pnl")},
            Nanos.of(row["at"]),
        )
        for row in rows
    ]
    return _batch(rows, points)


def _batch(rows: Sequence[Row], points: Sequence[LinePoint]) -> PointBatch:
    counts = Counter(row["source"] for row in rows)
    is_full = len(rows) == MAX_AT_ONCE or max(counts.values(), default=0) == MAX_OF_ONE
    return PointBatch(points, {row["source"]: row["at"] for row in rows}, is_full)


async def write_cursors(work: UnitOfWork, reached: Mapping[str, datetime]) -> None:
    """Say how far sources were exported."""
    rows: Sequence[Mapping[str, object]] = [{"source": source, "reached_at": at} for source, at in reached.items()]
    await work.write(_ADVANCE, rows)
