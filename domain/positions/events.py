"""The stored form of positions in events, one per version, pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.accounts.events import version_of
from domain.kernel.named_form import NamedForm
from domain.positions.types import Bucket, PositionBook

# Kinds of events beyond those of orders.
POSITION_FROZEN = "POSITION_FROZEN"
POSITION_UNFROZEN = "POSITION_UNFROZEN"

# The order of the numbers in version 1.
_NUMBERS_1 = (
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
# Figures that came while version 1 was written, behind the others.
_LATER_1 = ("exit_buy", "exit_sell")
POSITION = NamedForm(PositionBook, left_out={"changed": False})


def position_snapshot(position: PositionBook) -> dict[str, Any]:
    """A position as JSON. A position that changed with the event takes its time from the event."""
    form = POSITION.write(position)
    if position.changed:
        form.pop("updated_at", None)
    return form


def read_positions(parts: Mapping[str, Any], at: datetime) -> list[PositionBook]:
    """The positions that an event of time ``at`` carries."""
    read = _READERS[version_of(parts)]
    return [read(form, at) for form in parts.get("positions", ())]


def _read_1(values: list[Any], at: datetime) -> PositionBook:
    figures, later = values[6 : 6 + len(_NUMBERS_1)], values[7 + len(_NUMBERS_1) :]
    updated_at = values[6 + len(_NUMBERS_1)]
    numbers: dict[str, Any] = {name: Decimal(value) for name, value in zip(_NUMBERS_1, figures, strict=True)}
    numbers |= {name: Decimal(value) for name, value in zip(_LATER_1, later, strict=False)}
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


def _read_2(form: dict[str, Any], at: datetime) -> PositionBook:
    position = POSITION.read(form)
    if position.updated_at is None:
        position.updated_at = at
    return position


_READERS: Mapping[int, Callable[[Any, datetime], PositionBook]] = {1: _read_1, 2: _read_2}
