"""SQL of corporate actions and of the market's days: recorded actions, and the closing prices of days.

SQL: the days of a market and their closes, written and read for all instruments at once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.rows import insertion
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.actions import CorporateAction, CorporateActionKind

_COLUMNS = """id, instrument_id, symbol, kind, ex_date, ratio, amount_per_unit, new_symbol, created_at, effective_at,
applied_at, accounts_affected"""
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


@dataclass(frozen=True, slots=True)
class StoredDay:
    """A day that the market has closed. ``restated`` are quotes, as text, that are still to be published."""

    moment: datetime
    restated: str | None


def to_action(row: Row) -> CorporateAction:
    """An action from its row."""
    values = list(row)
    values[3] = CorporateActionKind(values[3])
    return CorporateAction(*values)


# ------------------------------------------------------------------ actions


async def insert_action(work: UnitOfWork, action: CorporateAction, recorded_by: str) -> CorporateAction:
    """Store an action; returns the stored one of the same instrument, kind and day if there is one."""
    row = await work.fetch_row(
        "INSERT INTO corporate_actions (id, instrument_id, symbol, kind, ex_date, ratio, amount_per_unit, new_symbol, "
        "created_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
        "ON CONFLICT (instrument_id, kind, ex_date) DO NOTHING RETURNING id",
        action.id,
        action.instrument_id,
        action.symbol,
        action.kind.value,
        action.ex_date,
        action.ratio,
        action.amount_per_unit,
        action.new_symbol,
        action.created_at,
        recorded_by,
    )
    if row is not None:
        return action
    first = await work.fetch_row(
        f"SELECT {_COLUMNS} FROM corporate_actions WHERE instrument_id = $1 AND kind = $2 AND ex_date = $3",
        action.instrument_id,
        action.kind.value,
        action.ex_date,
    )
    assert first is not None
    return to_action(first)


async def is_symbol_promised(work: UnitOfWork, symbol: str) -> bool:
    """True if an instrument has this symbol, or a recorded action will give it to one."""
    row = await work.fetch_row(
        "SELECT 1 FROM instruments WHERE symbol = $1 UNION ALL "
        "SELECT 1 FROM corporate_actions WHERE new_symbol = $1 AND effective_at IS NULL LIMIT 1",
        symbol,
    )
    return row is not None


async def read_actions(
    instrument_id: UUID | None, since: date | None, until: date | None, limit: int
) -> list[CorporateAction]:
    """Actions with ex-dates from ``since`` to ``until``, both included, oldest first; the newest ``limit`` of them."""
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM corporate_actions WHERE ($1::uuid IS NULL OR instrument_id = $1) "
        "AND ($2::date IS NULL OR ex_date >= $2) AND ($3::date IS NULL OR ex_date <= $3) "
        "ORDER BY ex_date DESC, id DESC LIMIT $4",
        instrument_id,
        since,
        until,
        limit,
    )
    return [to_action(row) for row in reversed(rows)]


async def load_due_actions(work: UnitOfWork, day: date) -> list[CorporateAction]:
    """Actions not yet effective whose ex-date is ``day`` or earlier, locked."""
    rows = await work.fetch(
        f"SELECT {_COLUMNS} FROM corporate_actions WHERE effective_at IS NULL AND ex_date <= $1 FOR UPDATE",
        day,
    )
    return [to_action(row) for row in rows]


async def read_actions_of_roll(moment: datetime) -> list[CorporateAction]:
    """The actions that took effect with a day roll."""
    rows = await fetch(f"SELECT {_COLUMNS} FROM corporate_actions WHERE effective_at = $1", moment)
    return [to_action(row) for row in rows]


async def load_actions_since(work: UnitOfWork, instrument_id: UUID, after: datetime, until: datetime) -> set[UUID]:
    """Actions of an instrument, without symbol changes, with day rolls after ``after`` and up to ``until``."""
    rows = await work.fetch(
        "SELECT id FROM corporate_actions WHERE instrument_id = $1 AND kind <> 'SYMBOL_CHANGE' "
        "AND effective_at > $2 AND effective_at <= $3",
        instrument_id,
        after,
        until,
    )
    return {row["id"] for row in rows}


async def mark_effective(work: UnitOfWork, action_ids: Collection[UUID], moment: datetime) -> None:
    """Store that actions took effect with the day roll of ``moment``."""
    await work.execute(
        "UPDATE corporate_actions SET effective_at = $2 WHERE id = ANY($1::uuid[])", list(action_ids), moment
    )


async def rename_instrument(work: UnitOfWork, instrument_id: UUID, symbol: str) -> bool:
    """Give an instrument another symbol; False when another instrument has it."""
    row = await work.fetch_row(
        "UPDATE instruments SET symbol = $2, updated_at = $3 "
        "WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM instruments WHERE symbol = $2) RETURNING id",
        instrument_id,
        symbol,
        work.now,
    )
    return row is not None


async def stop_trading(work: UnitOfWork, instrument_id: UUID) -> None:
    """Make an instrument not tradable."""
    await work.execute(
        "UPDATE instruments SET tradable = false, updated_at = $2 WHERE id = $1", instrument_id, work.now
    )


# ------------------------------------------------------------------ days


async def read_last_day() -> datetime | None:
    """The last day roll at which the market closed a day."""
    row = await fetch_row("SELECT max(moment) AS moment FROM market_days")
    return row["moment"] if row is not None else None


async def read_unfinished_roll() -> datetime | None:
    """The oldest day roll with quotes to publish, or with actions not yet applied to every account."""
    row = await fetch_row(
        "SELECT min(moment) AS moment FROM (SELECT moment FROM market_days WHERE restated IS NOT NULL UNION ALL "
        "SELECT effective_at FROM corporate_actions WHERE effective_at IS NOT NULL AND applied_at IS NULL) AS u"
    )
    return row["moment"] if row is not None else None


async def begin_day(work: UnitOfWork, moment: datetime, day: date) -> bool:
    """Claim the closing of a day; False when it is closed already. A second caller waits for the first."""
    row = await work.fetch_row(
        "INSERT INTO market_days (moment, day, closed_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING day",
        moment,
        day,
        work.now,
    )
    return row is not None


async def store_restated(work: UnitOfWork, moment: datetime, restated: str) -> None:
    """Keep the quotes of a day that are to be published, until they are."""
    await work.execute("UPDATE market_days SET restated = $2 WHERE moment = $1", moment, restated)


async def mark_published(work: UnitOfWork, moment: datetime) -> None:
    """Store that every quote of a day is published."""
    await work.execute("UPDATE market_days SET restated = NULL WHERE moment = $1", moment)


async def read_day(moment: datetime) -> StoredDay | None:
    """A closed day."""
    row = await fetch_row("SELECT moment, restated FROM market_days WHERE moment = $1", moment)
    return StoredDay(row["moment"], row["restated"]) if row is not None else None


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
