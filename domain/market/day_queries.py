"""The prices that days of the market closed with.

SQL: closes are written and read for all instruments at once; their table has a key of two columns, which models lack.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from domain.kernel.database import fetch, fetch_row
from domain.kernel.rows import insertion
from domain.kernel.unit_of_work import UnitOfWork

_INSERT_CLOSES = insertion(
    "day_closes", {"day": "date", "instrument_id": "uuid", "price": "numeric", "ex_price": "numeric"}
)
# A minute's bar that opened before a day's end, which is on a whole minute, closed within the day.
_LAST_BARS = """
SELECT i.id, b.close, b.at FROM instruments i CROSS JOIN LATERAL (
  SELECT close, at FROM bars WHERE instrument_id = i.id AND interval = 'MINUTE' AND at < $1 ORDER BY at DESC LIMIT 1
) b
"""


@dataclass(frozen=True, slots=True)
class LastBar:
    """The close of the newest minute bar of a day, and the start of that minute."""

    close: Decimal
    at: datetime


async def read_unfinished_roll() -> datetime | None:
    """The oldest day roll with quotes to publish, or with actions not yet applied to every account."""
    row = await fetch_row(
        "SELECT min(moment) AS moment FROM (SELECT moment FROM market_days WHERE restated IS NOT NULL UNION ALL "
        "SELECT effective_at FROM corporate_actions WHERE effective_at IS NOT NULL AND applied_at IS NULL) AS u"
    )
    return row["moment"] if row is not None else None


async def load_last_bars(work: UnitOfWork, moment: datetime) -> Mapping[UUID, LastBar]:
    """The newest minute before ``moment`` of every instrument that has one."""
    return {row["id"]: LastBar(row["close"], row["at"]) for row in await work.fetch(_LAST_BARS, moment)}


async def insert_closes(work: UnitOfWork, day: date, closes: Iterable[tuple[UUID, Decimal, Decimal]]) -> None:
    """Store the closes of a day: instrument, price, and the price after the corporate actions that follow."""
    rows = [
        {"day": day, "instrument_id": instrument_id, "price": price, "ex_price": ex_price}
        for instrument_id, price, ex_price in closes
    ]
    await work.write(_INSERT_CLOSES, rows)


async def load_closes_before(work: UnitOfWork, moment: datetime) -> list[tuple[datetime, UUID, Decimal]]:
    """The end of the last day before ``moment``, and its closing prices after the actions that followed."""
    rows = await work.fetch(
        "SELECT d.moment, c.instrument_id, c.ex_price FROM day_closes c JOIN market_days d ON d.day = c.day "
        "WHERE d.moment = (SELECT max(moment) FROM market_days WHERE moment < $1)",
        moment,
    )
    return [(row["moment"], row["instrument_id"], row["ex_price"]) for row in rows]


async def read_closes(day: date) -> Sequence[tuple[UUID, Decimal, Decimal]]:
    """The closes of a day: instrument, price, price after the corporate actions that follow."""
    rows = await fetch("SELECT instrument_id, price, ex_price FROM day_closes WHERE day = $1", day)
    return [(row["instrument_id"], row["price"], row["ex_price"]) for row in rows]
