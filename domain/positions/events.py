"""The stored form of positions in events, one per version, pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.accounts.events import version_of
from domain.accounts.types import AccountEvent
from domain.kernel.ids import read_id
from domain.kernel.named_form import NamedForm
from domain.kernel.numbers import ONE
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
_POSITION_2 = NamedForm(PositionBook, left_out={"changed": False})
_POSITION = NamedForm(
    PositionBook, left_out={"changed": False, "account_id": None}, usual={"bucket": Bucket.NET, "fx_rate": ONE}
)


def position_snapshot(position: PositionBook) -> dict[str, Any]:
    """A position as JSON. A position that changed with the event takes its time from the event."""
    form = _POSITION.write(position)
    if position.changed:
        form.pop("updated_at", None)
    return form


def position_of_order(position: PositionBook) -> dict[str, Any]:
    """The same in an event of an order, which tells the instrument."""
    form = position_snapshot(position)
    del form["instrument_id"]
    return form


def read_positions(event: AccountEvent, parts: Mapping[str, Any]) -> list[PositionBook]:
    """The positions among the parts of an event."""
    read = _READERS[version_of(parts)]
    return [read(form, event, parts) for form in parts.get("positions", ())]


def _read_1(values: list[Any], event: AccountEvent, _parts: Mapping[str, Any]) -> PositionBook:
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
        updated_at=datetime.fromisoformat(updated_at) if updated_at is not None else event.at,
        **numbers,
    )


def _read_2(form: Any, event: AccountEvent, _parts: Mapping[str, Any]) -> PositionBook:
    return _POSITION_2.read(form, {"updated_at": event.at})


def _read_3(form: Any, event: AccountEvent, parts: Mapping[str, Any]) -> PositionBook:
    known = {"account_id": event.account_id, "updated_at": event.at}
    if "order" in parts:
        known["instrument_id"] = read_id(parts["order"]["instrument_id"])
    return _POSITION.read(form, known)


_READERS: Mapping[int, Callable[[Any, AccountEvent, Mapping[str, Any]], PositionBook]] = {
    1: _read_1,
    2: _read_2,
    3: _read_3,
}
