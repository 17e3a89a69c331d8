"""The stored forms of orders and executions in events, one per version, pure.

Events never change, so every version stays.

Version 1 is an array with a place for each field. Version 2 is an object with a member for each field. Version 3 leaves
out what the event itself says, and the usual values. New events have the newest version, ``VERSION`` of
``domain.accounts.events``.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.accounts.types import AccountEvent
from domain.kernel.named_form import NamedForm
from domain.kernel.numbers import ONE, ZERO
from domain.kernel.time import Nanos
from domain.orders.model.order import Execution, Order
from domain.orders.model.stored_forms import read_number, read_time, read_violation, violation_snapshot
from domain.orders.model.types import (
    Contingency,
    Liquidity,
    OffsetKind,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionEffect,
    RejectReason,
    Side,
    TimeInForce,
    TriggerPrice,
)

# What events leave out of an order, and what a reader gets instead: figures that only decisions use.
INTERNAL: dict[str, Any] = {
    "request_digest": b"",
    "works_until": None,
    "filled_value": ZERO,
    "execution_count": 0,
    "reserved_margin": ZERO,
    "reserved_fee": ZERO,
    "reserve_price": None,
    "arrival_price": None,
    "venue_sequence": 0,
    "activated": False,
    "reserved_quantity": ZERO,
    "pending_changes": (),
    "reserve_rate": ONE,
    "placed_from": None,
    "request_id": None,
    "trade_due": ZERO,
    "fee_due": ZERO,
    "fee_minimum": ZERO,
    "tax_due": ZERO,
}


def _write_violations(violations: Any) -> list[dict[str, Any]]:
    return [violation_snapshot(violation) for violation in violations]


def _read_violations(forms: Any) -> tuple[Any, ...]:
    return tuple(read_violation(form) for form in forms)


_PARTS = {"violations": (_write_violations, _read_violations)}
_ORDER_2 = NamedForm(Order, left_out=INTERNAL, parts=_PARTS)
_EXECUTION_2 = NamedForm(Execution)

# What the event tells of its order, and the order of an execution: their forms leave it out.
TOLD_BY_EVENT: dict[str, Any] = dict.fromkeys(("id", "account_id"))
TOLD_BY_ORDER: dict[str, Any] = dict.fromkeys(("order_id", "account_id", "instrument_id", "symbol", "side"))
ORDER = NamedForm(
    Order,
    left_out=INTERNAL | TOLD_BY_EVENT,
    parts=_PARTS,
    usual={
        "position_effect": PositionEffect.AUTO,
        "trigger_price": TriggerPrice.BID_ASK,
        "contingency": Contingency.NONE,
    },
)
EXECUTION = NamedForm(Execution, left_out=TOLD_BY_ORDER, usual={"position_effect": PositionEffect.AUTO, "fx_rate": ONE})
_TIMES = ("created_at", "updated_at")


def write_order(order: Order, at: datetime) -> dict[str, Any]:
    """An order in the newest form, in an event of time ``at``."""
    return _without_times_of(at, ORDER.write(order))


def write_execution(execution: Execution, at: datetime) -> dict[str, Any]:
    """An execution in the newest form, in an event of its order."""
    return _without_times_of(at, EXECUTION.write(execution))


def _without_times_of(at: datetime, form: dict[str, Any]) -> dict[str, Any]:
    """The form without those of its times that are the event's."""
    for name in _TIMES:
        if form.get(name) == at:
            del form[name]
    return form


def _read_order_3(form: Any, event: AccountEvent) -> Order:
    known = {"id": event.order_id, "account_id": event.account_id, **dict.fromkeys(_TIMES, event.at)}
    return ORDER.read(form, known)


def _read_execution_3(form: Any, event: AccountEvent, order: Order) -> Execution:
    known = {"order_id": order.id, "instrument_id": order.instrument_id, "symbol": order.symbol, "side": order.side}
    return EXECUTION.read(form, {**known, "account_id": event.account_id, "created_at": event.at})


def read_order_1(values: list[Any]) -> Order:
    """An order of version 1."""
    return Order(
        id=UUID(values[0]),
        account_id=UUID(values[1]),
        instrument_id=UUID(values[2]),
        client_order_id=values[3],
        venue=values[4],
        side=Side(values[5]),
        type=OrderType(values[6]),
        time_in_force=TimeInForce(values[7]),
        position_effect=PositionEffect(values[8]),
        quantity=Decimal(values[9]),
        limit_price=read_number(values[10]),
        stop_price=read_number(values[11]),
        trailing_offset=read_number(values[12]),
        trailing_offset_kind=OffsetKind(values[13]) if values[13] else None,
        limit_offset=read_number(values[14]),
        activation_price=read_number(values[15]),
        trigger_price=TriggerPrice(values[16]),
        post_only=values[17],
        reduce_only=values[18],
        expires_at=read_time(values[19]),
        status=OrderStatus(values[20]),
        filled_quantity=Decimal(values[21]),
        average_price=read_number(values[22]),
        fees=Decimal(values[23]),
        reserved=Decimal(values[24]),
        strategy=values[25],
        tags=values[26],
        contingency=Contingency(values[27]),
        parent_id=UUID(values[28]) if values[28] else None,
        group_id=UUID(values[29]) if values[29] else None,
        pending_action=PendingAction(values[30]) if values[30] else None,
        reject_reason=RejectReason(values[31]) if values[31] else None,
        reject_message=values[32],
        venue_order_id=values[33],
        violations=tuple(read_violation(value) for value in values[34]),
        created_at=datetime.fromisoformat(values[35]),
        updated_at=datetime.fromisoformat(values[36]),
        triggered_at=read_time(values[37]),
        closed_at=read_time(values[38]),
        version=values[39],
        symbol=values[40],
        placed_by=None,
        placed_key=None,
        **INTERNAL,
    )


def read_execution_1(values: list[Any]) -> Execution:
    """An execution of version 1."""
    return Execution(
        id=UUID(values[0]),
        order_id=UUID(values[1]),
        account_id=UUID(values[2]),
        instrument_id=UUID(values[3]),
        venue_execution_id=values[4],
        sequence=values[5],
        side=Side(values[6]),
        position_effect=PositionEffect(values[7]),
        price=Decimal(values[8]),
        quantity=Decimal(values[9]),
        fee=Decimal(values[10]),
        tax=Decimal(values[11]),
        realized_pnl=Decimal(values[12]),
        liquidity=Liquidity(values[13]),
        at=Nanos(values[14]),
        busted_at=read_time(values[15]),
        corrected_by=UUID(values[16]) if values[16] else None,
        created_at=datetime.fromisoformat(values[17]),
        symbol=values[18],
        fx_rate=Decimal(values[19]),
    )


ReadOrder = Callable[[Any, AccountEvent], Order]
ReadExecution = Callable[[Any, AccountEvent, Order], Execution]
# The readers of the order and of the execution in an event, by version.
READERS: Mapping[int, tuple[ReadOrder, ReadExecution]] = {
    1: (lambda form, _: read_order_1(form), lambda form, *_: read_execution_1(form)),
    2: (lambda form, _: _ORDER_2.read(form), lambda form, *_: _EXECUTION_2.read(form)),
    3: (_read_order_3, _read_execution_3),
}
