"""The payload of order events: writing and reading."""

from datetime import datetime
from typing import Any

import orjson

from domain.accounts.events import record, version_of
from domain.accounts.types import AccountBook, AccountEvent
from domain.orders.model.event_forms import EXECUTION, ORDER, READERS
from domain.orders.model.order import Execution, Order, OrderEvent
from domain.orders.model.types import OrderEventKind
from domain.positions.events import position_snapshot
from domain.positions.types import PositionBook
from domain.risk.signals import signal_of
from domain.risk.types import RiskSignal

_KINDS = frozenset(kind.value for kind in OrderEventKind)


def order_parts(
    order: Order,
    *,
    execution: Execution | None = None,
    position: PositionBook | None = None,
    detail: dict[str, Any] | None = None,
    by: str | None = None,
) -> dict[str, Any]:
    """The parts of an event about a change of an order; ``by`` names the author, unless placer or venue."""
    parts: dict[str, Any] = {"order": ORDER.write(order)}
    if by is not None:
        parts["by"] = by
    if execution is not None:
        parts["execution"] = EXECUTION.write(execution)
    if position is not None:
        parts["positions"] = [position_snapshot(position)]
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
    parts = order_parts(order, execution=execution, position=position, detail=detail, by=by)
    record(account, kind, at, parts, order.id)


def read_order_event(event: AccountEvent) -> OrderEvent | None:
    """The order event of an account's event, or None when it is about something else."""
    if event.kind not in _KINDS:
        return None
    parts = orjson.loads(event.payload)
    execution = parts.get("execution")
    read_order, read_execution = READERS[version_of(parts)]
    return OrderEvent(
        account_id=event.account_id,
        sequence=event.sequence,
        kind=OrderEventKind(event.kind),
        at=event.at,
        order=read_order(parts["order"]),
        execution=read_execution(execution) if execution is not None else None,
        detail=parts.get("detail"),
        caused_by=parts.get("by"),
    )


def signals_of(order: Order) -> list[RiskSignal]:
    """The risk events of a new order: the rules that it violated."""
    return [
        signal_of(violation, account_id=order.account_id, symbol=order.symbol, order_id=order.id)
        for violation in order.violations
    ]
