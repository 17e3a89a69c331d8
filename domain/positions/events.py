"""What events carry of a position, and reading it back."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.kernel.numbers import plain
from domain.positions.types import Bucket, PositionBook

# Kinds of events beyond those of orders.
POSITION_FROZEN = "POSITION_FROZEN"
POSITION_UNFROZEN = "POSITION_UNFROZEN"

_NUMBERS = (
    "quantity",
    "average_price",
    "realized_pnl",
    "fees_paid",
    "today_quantity",
    "held_quantity",
    "working_buy",
    "working_sell",
    "working_buy_margin",
    "working_sell_margin",
    "working_fees",
    "reserved",
    "fx_rate",
)
# Figures that came later stand at the end: what was stored before has none of them.
_LATER = ("exit_buy", "exit_sell")


def position_snapshot(position: PositionBook) -> list[Any]:
    """A position as JSON: identity, times, its figures in order, and when it was changed last if not with the event."""
    return [
        position.id,
        position.account_id,
        position.instrument_id,
        position.bucket,
        position.opened_at,
        position.closed_at,
        *(plain(getattr(position, name)) for name in _NUMBERS),
        None if position.changed else position.updated_at,
        *(plain(getattr(position, name)) for name in _LATER),
    ]


def read_position(values: list[Any], at: datetime) -> PositionBook:
    """What ``position_snapshot`` made, of an event that happened at ``at``."""
    figures, later = values[6 : 6 + len(_NUMBERS)], values[7 + len(_NUMBERS) :]
    updated_at = values[6 + len(_NUMBERS)]
    numbers: dict[str, Any] = {name: Decimal(value) for name, value in zip(_NUMBERS, figures, strict=True)}
    numbers |= {name: Decimal(value) for name, value in zip(_LATER, later, strict=False)}
    return PositionBook(
        id=UUID(values[0]),
        account_id=UUID(values[1]),
        instrument_id=UUID(values[2]),
        bucket=Bucket(values[3]),
        opened_at=datetime.fromisoformat(values[4]) if values[4] else None,
        closed_at=datetime.fromisoformat(values[5]) if values[5] else None,
        updated_at=datetime.fromisoformat(updated_at) if updated_at is not None else at,
        **numbers,
    )
