"""The payload of order events: writing and reading."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from domain.accounts.events import account_snapshot, record, version_of
from domain.accounts.types import AccountBook, AccountEvent
from domain.orders.model.event_forms import READERS, write_execution, write_order
from domain.orders.model.order import Execution, Order, OrderEvent
from domain.orders.model.types import OrderEventKind
from domain.positions.events import position_of_order
from domain.positions.types import PositionBook
from domain.risk.signals import signal_of
from domain.risk.types import RiskSignal

_KINDS = frozenset(kind.value for kind in OrderEventKind)


def order_parts(
    order: Order,
    at: datetime,
    *,
    execution: Execution | None = None,
    position: PositionBook | None = None,
    detail: dict[str, Any] | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """The parts of an event of time ``at`` about a change of an order; ``by`` names the author, unless placer or venue.

    ``position`` is one in the order's instrument.
    """
    parts: dict[str, Any] = {"order": write_order(order, at)}
    if by is not None:
        parts["by"] = by
    if execution is not None:
        parts["execution"] = write_execution(execution, at)
    if position is not None:
        parts["positions"] = [position_of_order(position)]
    if detail is not None:
        parts["detail"] = detail
    return parts


def record_order(
    account: AccountBook,
    kind: OrderEventKind,
    at: datetime,
    order: Order,
    *,
    execution: Execution | None = None,
    position: PositionBook | None = None,
    detail: dict[str, Any] | None = None,
    by: str | None = None,
) -> None:
    """Number an event about a change of an order, and keep it for writing; ``by`` as in ``order_parts``."""
    parts = order_parts(order, at, execution=execution, position=position, detail=detail, by=by)
    record(account, kind, at, parts, order.id)


class OrderChanged(NamedTuple):
    """A change of an order, with the position that it moved, in the order's instrument."""

    kind: OrderEventKind
    order: Order
    position: PositionBook | None


def record_orders(account: AccountBook, at: datetime, changes: Iterable[OrderChanged]) -> None:
    """Number an event for each of several orders of an account that changed together, and keep them for writing.

    Each has the figures of account and position after all of them, which are written once.
    """
    figures = _written(account_snapshot(account))
    positions: dict[UUID, orjson.Fragment] = {}
    for kind, order, position in changes:
        parts: dict[str, Any] = {"order": write_order(order, at)}
        if position is not None:
            if position.id not in positions:
                positions[position.id] = _written([position_of_order(position)])
            parts["positions"] = positions[position.id]
        record(account, kind, at, parts, order.id, figures)


def _written(value: Any) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(value))


def read_order_event(event: AccountEvent) -> OrderEvent | None:
    """The order event of an account's event, or None when it is about something else."""
    if event.kind not in _KINDS:
        return None
    parts = orjson.loads(event.payload)
    execution = parts.get("execution")
    read_order, read_execution = READERS[version_of(parts)]
    order = read_order(parts["order"], event)
    return OrderEvent(
        account_id=event.account_id,
        sequence=event.sequence,
        kind=OrderEventKind(event.kind),
        at=event.at,
        order=order,
        execution=read_execution(execution, event, order) if execution is not None else None,
        detail=parts.get("detail"),
        caused_by=parts.get("by"),
    )


def signals_of(order: Order) -> list[RiskSignal]:
    """The risk events of a new order: the rules that it violated."""
    return [
        signal_of(violation, account_id=order.account_id, symbol=order.symbol, order_id=order.id)
        for violation in order.violations
    ]
