"""Executions by id, and the marks of busted or corrected ones.

SQL: executions are read with their instruments by the same columns as everywhere.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.kernel.database import fetch, fetch_row
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders.model.order import Execution
from domain.orders.queries import FROM_EXECUTIONS, SELECT_EXECUTION, to_execution

# The order is named by our id, or by the venue's.
_REPORTED = """
SELECT (SELECT e.id FROM executions e WHERE e.order_id = o.id AND e.account_id = o.account_id
  AND e.venue_execution_id = $4) AS execution_id,
EXISTS (SELECT 1 FROM executions e WHERE e.order_id = o.id AND e.account_id = o.account_id
  AND e.venue_execution_id = $5) AS is_booked
FROM orders o WHERE o.venue = $1 AND o.venue <> 'paper' AND {named} LIMIT 1
"""
_OF_ORDER, _OF_VENUE_ORDER = (
    _REPORTED.format(named="o.id = $2 AND $3::text IS NULL"),
    _REPORTED.format(named="o.remote_order_id = $3 AND $2::uuid IS NULL"),
)
_BY_ID = f"SELECT {SELECT_EXECUTION} {FROM_EXECUTIONS} WHERE e.id = $1"


async def read_execution(execution_id: UUID) -> Execution | None:
    """An execution by id."""
    rows = await fetch(_BY_ID, execution_id)
    return to_execution(rows[0]) if rows else None


async def read_executions(execution_ids: Collection[UUID]) -> dict[UUID, Execution]:
    """Executions by id."""
    rows = await fetch(f"SELECT {SELECT_EXECUTION} {FROM_EXECUTIONS} WHERE e.id = ANY($1::uuid[])", list(execution_ids))
    return {row["id"]: to_execution(row) for row in rows}


@dataclass(frozen=True, slots=True)
class ReportedFill:
    """A fill of an order of ours that a venue names, None if it is not booked; ``is_booked``: so is its correction."""

    execution_id: UUID | None
    is_booked: bool


async def find_reported(
    venue: str, order_id: UUID | None, venue_order_id: str | None, corrected_id: str, correction_id: str
) -> ReportedFill | None:
    """The fill that a venue's correction is about; None if the order is none of ours.

    The order is named by our id, or else by the venue's.
    """
    if order_id is not None:
        row = await fetch_row(_OF_ORDER, venue, order_id, None, corrected_id, correction_id)
    else:
        row = await fetch_row(_OF_VENUE_ORDER, venue, None, venue_order_id, corrected_id, correction_id)
    return ReportedFill(row["execution_id"], row["is_booked"]) if row is not None else None


async def load_execution(work: UnitOfWork, execution_id: UUID) -> Execution | None:
    """An execution by id, read in this transaction."""
    row = await work.fetch_row(_BY_ID, execution_id)
    return to_execution(row) if row is not None else None


async def load_executions_of(work: UnitOfWork, order_id: UUID) -> list[Execution]:
    """The executions of an order in the order of booking, busted ones included."""
    rows = await work.fetch(
        f"SELECT {SELECT_EXECUTION} {FROM_EXECUTIONS} WHERE e.order_id = $1 ORDER BY e.sequence, e.id", order_id
    )
    return [to_execution(row) for row in rows]


async def load_execution_run(
    work: UnitOfWork, account_id: UUID, instrument_id: UUID, after: int, limit: int
) -> list[Execution]:
    """The next valid executions of an account in an instrument, in the order of booking."""
    rows = await work.fetch(
        f"SELECT {SELECT_EXECUTION} {FROM_EXECUTIONS} WHERE e.account_id = $1 AND e.instrument_id = $2 "
        "AND e.sequence > $3 AND e.busted_at IS NULL ORDER BY e.sequence LIMIT $4",
        account_id,
        instrument_id,
        after,
        limit,
    )
    return [to_execution(row) for row in rows]


async def mark_taken_back(work: UnitOfWork, execution: Execution) -> None:
    """Mark an execution as busted or corrected."""
    await work.execute(
        "UPDATE executions SET busted_at = $2, corrected_by_id = $3, busted_by = $4 WHERE id = $1 AND account_id = $5",
        execution.id,
        execution.busted_at,
        execution.corrected_by,
        execution.busted_by,
        execution.account_id,
    )


async def update_realized(work: UnitOfWork, account_id: UUID, realized: Mapping[UUID, Decimal]) -> None:
    """Store changed realised PnL of executions of an account."""
    if realized:
        await work.execute(
            "UPDATE executions AS e SET realized_pnl = n.realized_pnl "
            "FROM unnest($1::uuid[], $2::numeric[]) AS n (id, realized_pnl) WHERE e.id = n.id AND e.account_id = $3",
            list(realized),
            list(realized.values()),
            account_id,
        )


async def update_costs(work: UnitOfWork, account_id: UUID, executions: Collection[Execution]) -> None:
    """Store changed fee and tax of executions of an account."""
    if executions:
        await work.execute(
            "UPDATE executions AS e SET fee = n.fee, tax = n.tax "
            "FROM unnest($1::uuid[], $2::numeric[], $3::numeric[]) AS n (id, fee, tax) "
            "WHERE e.id = n.id AND e.account_id = $4",
            [row.id for row in executions],
            [row.fee for row in executions],
            [row.tax for row in executions],
            account_id,
        )
