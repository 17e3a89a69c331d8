"""SQL of the settlement area: accounts due for the roll, sums of a day's ledger, and statements.

SQL: sums over the ledger of all accounts that are due.
"""

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from domain.accounts.types import Transaction, TransactionKind
from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.ids import first_id
from domain.kernel.numbers import ZERO, plain
from domain.kernel.rows import insertion, reader
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders.model.order import Execution, Order
from domain.orders.queries import (
    FROM_EXECUTIONS,
    FROM_ORDERS,
    SELECT_EXECUTION,
    SELECT_ORDER,
    to_execution,
    to_order,
)
from domain.positions.history_types import PositionSnapshot
from domain.positions.queries import SELECT_POSITION, by_account
from domain.positions.types import Bucket, PositionBook, PositionKey
from domain.settlement.types import DailyStatement, DayFlows

_COLUMNS = tuple(item.name for item in fields(DailyStatement))
_TYPES = {
    "account_id": "uuid",
    "day": "date",
    "moment": "timestamptz",
    "positions": "text",
    "executions": "int",
    **dict.fromkeys(("event_sequence", "transaction_sequence"), "bigint"),
}
_INSERT = insertion("daily_statements", {name: _TYPES.get(name, "numeric") for name in _COLUMNS})
SELECT_STATEMENT = f"SELECT {', '.join(_COLUMNS)} FROM daily_statements"
_as_stored = reader(*(name for name in _COLUMNS if name != "positions"))
_FLOWS = """
SELECT COALESCE(sum(amount) FILTER (WHERE kind IN ('DEPOSIT', 'WITHDRAWAL', 'TRANSFER') AND amount > 0), 0),
  COALESCE(-sum(amount) FILTER (WHERE kind IN ('DEPOSIT', 'WITHDRAWAL', 'TRANSFER') AND amount < 0), 0),
  COALESCE(-sum(amount) FILTER (WHERE kind = 'FEE'), 0),
  COALESCE(-sum(amount) FILTER (WHERE kind = 'TAX'), 0),
  COALESCE(sum(amount) FILTER (WHERE kind IN ('FUNDING', 'INTEREST')), 0),
  COALESCE(sum(amount) FILTER (WHERE kind = 'DIVIDEND'), 0)
FROM account_transactions WHERE account_id = $1 AND sequence > $2
"""
_TRANSFERS = frozenset({TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL, TransactionKind.TRANSFER})
_FLOW_OF = {
    TransactionKind.FEE: ("fees", -1),
    TransactionKind.TAX: ("taxes", -1),
    TransactionKind.FUNDING: ("financing", 1),
    TransactionKind.INTEREST: ("financing", 1),
    TransactionKind.DIVIDEND: ("dividends", 1),
}
NO_FLOWS = DayFlows(ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)
# What is held, what was closed since the last roll, and what working orders of the instruments $3 act on.
_POSITIONS = f"""
SELECT {SELECT_POSITION} FROM positions p
WHERE p.account_id = $1 AND (p.quantity <> 0 OR p.closed_at >= $2 OR p.instrument_id = ANY($3::uuid[]))
"""
_EXECUTIONS = f"""
SELECT {SELECT_EXECUTION} {FROM_EXECUTIONS}
WHERE e.account_id = $1 AND e.id > $2 AND e.created_at >= $3 AND e.busted_at IS NULL ORDER BY e.sequence
"""
# Identifiers are made by machines whose clocks differ from the one that says when something was booked.
_CLOCKS = timedelta(hours=1)
_ORDERS = f"""
SELECT {SELECT_ORDER} {FROM_ORDERS}
WHERE o.account_id = $1 AND o.closed_at IS NULL AND (o.instrument_id = ANY($2::uuid[]) OR o.works_until <= $3)
ORDER BY o.id
"""


async def read_first_roll() -> datetime | None:
    """The last day roll of the account that is furthest behind; None without accounts."""
    row = await fetch_row("SELECT min(rolled_at) AS moment FROM accounts")
    return row["moment"] if row is not None else None


async def read_due(moment: datetime, after: UUID | None, limit: int) -> list[UUID]:
    """The next accounts, by id, that the day roll of ``moment`` has not reached."""
    rows = await fetch(
        "SELECT id FROM accounts WHERE rolled_at < $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        moment,
        after,
        limit,
    )
    return [row["id"] for row in rows]


async def mark_applied(work: UnitOfWork, moment: datetime) -> None:
    """Store that every account has the corporate actions of a day roll, and the number of affected accounts."""
    await work.execute(
        "UPDATE corporate_actions AS c SET applied_at = $2, accounts_affected = ("
        "SELECT count(DISTINCT account_id) FROM position_adjustments a WHERE a.action_id = c.id) "
        "WHERE effective_at = $1 AND applied_at IS NULL",
        moment,
        work.now,
    )


async def load_last_statement(work: UnitOfWork, account_id: UUID) -> DailyStatement | None:
    """An account's newest statement."""
    row = await work.fetch_row(f"{SELECT_STATEMENT} WHERE account_id = $1 ORDER BY day DESC LIMIT 1", account_id)
    return to_statement(row) if row is not None else None


async def load_positions(
    work: UnitOfWork, account_id: UUID, since: datetime, instrument_ids: Collection[UUID]
) -> dict[PositionKey, PositionBook]:
    """A locked account's positions: open ones, those closed since its last day roll, and those in given instruments."""
    return by_account([account_id], await work.fetch(_POSITIONS, account_id, since, list(instrument_ids)))[account_id]


async def load_orders(
    work: UnitOfWork, account_id: UUID, instrument_ids: Collection[UUID], until: datetime
) -> list[Order]:
    """A locked account's open orders in some instruments, and those that expired by ``until``."""
    return [to_order(row) for row in await work.fetch(_ORDERS, account_id, list(instrument_ids), until)]


def sum_flows(stored: DayFlows, posted: Iterable[Transaction]) -> DayFlows:
    """The day's stored sums plus transactions that were posted and are not stored yet."""
    sums = {name: getattr(stored, name) for name in DayFlows.__slots__}
    for row in posted:
        if row.kind in _TRANSFERS:
            sums["deposits" if row.amount > ZERO else "withdrawals"] += abs(row.amount)
        elif row.kind in _FLOW_OF:
            name, sign = _FLOW_OF[row.kind]
            sums[name] += sign * row.amount
    return DayFlows(**sums)


async def load_flows(work: UnitOfWork, account_id: UUID, after: int) -> DayFlows:
    """The sums of an account's transactions after a sequence."""
    row = await work.fetch_row(_FLOWS, account_id, after)
    return DayFlows(*row) if row is not None else NO_FLOWS


async def count_executions(work: UnitOfWork, account_id: UUID, after: int, since: datetime) -> int:
    """The number of an account's valid executions after an event, which was at ``since`` or later."""
    row = await work.fetch_row(
        "SELECT count(*) AS n FROM executions "
        "WHERE account_id = $1 AND id > $2 AND sequence > $3 AND busted_at IS NULL",
        account_id,
        first_id(since - _CLOCKS),
        after,
    )
    return int(row["n"]) if row is not None else 0


async def load_executions(work: UnitOfWork, account_id: UUID, since: datetime) -> list[Execution]:
    """The valid executions of an account that were booked at ``since`` or later, in that order."""
    rows = await work.fetch(_EXECUTIONS, account_id, first_id(since - _CLOCKS), since)
    return [to_execution(row) for row in rows]


async def insert_statement(work: UnitOfWork, statement: DailyStatement) -> None:
    """Store a statement."""
    await work.write(_INSERT, [{**_as_stored(statement), "positions": _positions_text(statement)}])


async def read_statements(account_id: UUID, since: date | None, until: date | None, limit: int) -> list[DailyStatement]:
    """Statements of days from ``since`` to ``until``, both included, oldest first; the newest ``limit`` of them."""
    rows = await fetch(
        f"{SELECT_STATEMENT} WHERE account_id = $1 AND ($2::date IS NULL OR day >= $2) "
        "AND ($3::date IS NULL OR day <= $3) ORDER BY day DESC LIMIT $4",
        account_id,
        since,
        until,
        limit,
    )
    return [to_statement(row) for row in reversed(rows)]


async def read_first_statement_day(account_id: UUID) -> date | None:
    """The day of an account's first statement; None before it."""
    rows = await fetch("SELECT day FROM daily_statements WHERE account_id = $1 ORDER BY day LIMIT 1", account_id)
    return rows[0]["day"] if rows else None


def to_statement(row: Row) -> DailyStatement:
    """A statement from its row."""
    values = list(row)
    values[-1] = tuple(_to_snapshot(values[0], values[2], one) for one in orjson.loads(values[-1]))
    return DailyStatement(*values)


def _positions_text(statement: DailyStatement) -> str:
    rows = [
        (
            one.symbol,
            one.bucket,
            plain(one.quantity),
            plain(one.average_price),
            None if one.mark_price is None else plain(one.mark_price),
            plain(one.unrealized_pnl),
            plain(one.realized_pnl),
        )
        for one in statement.positions
    ]
    return orjson.dumps(rows).decode()


def _to_snapshot(account_id: UUID, at: datetime, values: list[Any]) -> PositionSnapshot:
    symbol, bucket, *numbers = values
    quantity, average, mark, unrealized, realized = (None if one is None else Decimal(one) for one in numbers)
    assert quantity is not None
    assert average is not None
    assert unrealized is not None
    assert realized is not None
    return PositionSnapshot(account_id, at, symbol, Bucket(bucket), quantity, average, mark, unrealized, realized)
