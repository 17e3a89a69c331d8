"""Set-based reads and writes of position adjustments: changes without an execution.

SQL: a record of facts, written in sets with the ledger.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from domain.kernel.rows import KEYS_OF_ACCOUNT, insertion, reader, update
from domain.kernel.unit_of_work import UnitOfWork
from domain.positions.adjustments import AdjustmentKind, PositionAdjustment
from domain.positions.types import Bucket

_COLUMNS = tuple(item.name for item in fields(PositionAdjustment))
_TYPES = {
    **dict.fromkeys(("id", "account_id", "instrument_id", "action_id"), "uuid"),
    **dict.fromkeys(("bucket", "kind"), "text"),
    "day": "date",
    "sequence": "bigint",
    "place": "int",
    "created_at": "timestamptz",
    "rounded_alone": "bool",
}
_INSERT = insertion("position_adjustments", {name: _TYPES.get(name, "numeric") for name in _COLUMNS})
_RESULTS = ("quantity_before", "quantity_after", "realized_pnl", "cash")
_UPDATE = update(
    "position_adjustments", {**dict.fromkeys(KEYS_OF_ACCOUNT, "uuid"), **dict.fromkeys(_RESULTS, "numeric")}
)
# All of an account, in the order in which they were applied; ``$2`` says of which instrument, NULL of all.
READ_ADJUSTMENTS = (
    f"SELECT {', '.join(_COLUMNS)} FROM position_adjustments "
    "WHERE account_id = $1 AND ($2::uuid IS NULL OR instrument_id = $2) ORDER BY sequence, place"
)
_as_stored = reader(*_COLUMNS)
_as_changed = reader("id", "account_id", *_RESULTS)


def to_adjustment(row: Iterable[Any]) -> PositionAdjustment:
    """An adjustment from its row."""
    values = list(row)
    values[3], values[4] = Bucket(values[3]), AdjustmentKind(values[4])
    return PositionAdjustment(*values)


async def insert_adjustments(work: UnitOfWork, adjustments: Collection[PositionAdjustment]) -> None:
    """Store new adjustments."""
    await work.write(_INSERT, [_as_stored(row) for row in adjustments])


async def update_adjustments(work: UnitOfWork, adjustments: Sequence[PositionAdjustment]) -> None:
    """Store the recomputed results of adjustments, after books were rebuilt."""
    await work.write(_UPDATE, [_as_changed(row) for row in adjustments])


async def load_adjustments(work: UnitOfWork, account_id: UUID, instrument_id: UUID) -> list[PositionAdjustment]:
    """The adjustments of an account in an instrument, in the order in which they were applied."""
    return [to_adjustment(row) for row in await work.fetch(READ_ADJUSTMENTS, account_id, instrument_id)]
