"""The effects of each execution report on an order, and its event. Pure."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.kernel.values import unguarded
from domain.orders.deciding.modify_rules import reserve_price_of
from domain.orders.deciding.state import TRANSITIONS, UNFILLED, move
from domain.orders.exchange import execution_reports
from domain.orders.model.order import Execution, Order, PendingChange
from domain.orders.model.types import Contingency, OrderEventKind, OrderStatus, PendingAction, TimeInForce

Handled = tuple[OrderEventKind, dict[str, Any] | None]

# Reports after which the order is as it was asked for: its version stays.
_KEEP_VERSION = (
    execution_reports.Accepted,
    execution_reports.Replaced,
    execution_reports.ReplaceRejected,
    execution_reports.CancelRejected,
    execution_reports.TrailMoved,
)


@unguarded
@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a report on its order: its event, and what else has to be booked.

    ``reserves``: the order needs another reservation. ``acknowledges``: the venue has taken the order as it was placed,
    and nothing else has changed. ``parts`` are the new orders of a sliced one.
    """

    kind: OrderEventKind
    detail: dict[str, Any] | None = None
    execution: Execution | None = None
    reserves: bool = True
    acknowledges: bool = False
    parts: tuple[Order, ...] = ()


def takes_effect(order: Order, report: execution_reports.ExecutionReport) -> bool:
    """False for a report that repeats the order's state: it has no event."""
    if isinstance(report, execution_reports.Held):
        # The event of placing has said so.
        return False
    # A refused cancel of a cancelled order is no news: it is as it was to be.
    return not (isinstance(report, execution_reports.CancelRejected) and order.status is OrderStatus.CANCELED)


def apply_report(order: Order, report: execution_reports.ExecutionReport, now: datetime) -> Effect:
    """Apply a report, other than of a fill, to its order."""
    before, status = _reserved_by(order), order.status
    kind, detail = _HANDLERS[type(report)](order, report, now)
    reserves = _reserved_by(order) != before
    if not isinstance(report, _KEEP_VERSION):
        order.version += 1
    parts: tuple[Order, ...] = ()
    if isinstance(report, execution_reports.Sliced):
        parts = tuple(_part_of(order, part_id, quantity, now) for part_id, quantity in report.parts)
    is_taken = isinstance(report, execution_reports.Accepted) and status is OrderStatus.PENDING_NEW
    return Effect(kind, detail, reserves=reserves, acknowledges=is_taken and not reserves, parts=parts)


def is_repeated(order: Order, report: execution_reports.ExecutionReport) -> bool:
    """True if a report was booked before, or comes too late to change the order."""
    if isinstance(report, execution_reports.CancelRejected):
        return order.is_open and order.pending_action is not PendingAction.CANCEL
    if isinstance(report, execution_reports.ReplaceRejected):
        return order.is_open and not order.pending_changes
    assert isinstance(report, execution_reports.StatusChange)
    if report.status is not order.status:
        return report.status not in TRANSITIONS[order.status]
    return (
        not order.is_open
        or (isinstance(report, execution_reports.Accepted) and not _is_handed_over(order, report))
        or (isinstance(report, execution_reports.Triggered) and order.triggered_at is not None)
    )


def _is_handed_over(order: Order, report: execution_reports.Accepted) -> bool:
    """True if the venue acknowledges an order that the engine has held for it until now."""
    return order.venue_order_id is None and not report.by_engine


def _reserved_by(order: Order) -> tuple[object, ...]:
    """The values that determine the reservation of an order."""
    return (
        order.quantity,
        order.reserve_price,
        order.status is OrderStatus.HELD,
        order.is_open,
        len(order.pending_changes),
    )


def _accepted(order: Order, report: execution_reports.Accepted, now: datetime) -> Handled:
    move(order, report.status, now)
    if report.quantity != order.quantity:
        # Cut to what a reduce-only order can reduce: not the order that was asked for.
        order.version += 1
    if not report.by_engine:
        order.venue_order_id = report.venue_order_id or str(order.id)
    order.venue_sequence = report.sequence
    order.quantity, order.limit_price, order.stop_price = report.quantity, report.limit_price, report.stop_price
    order.activated = report.activated
    return OrderEventKind.NEW, None


def _rejected(order: Order, report: execution_reports.Rejected, now: datetime) -> Handled:
    move(order, OrderStatus.REJECTED, now)
    order.reject_reason, order.reject_message = report.reason, report.message[:1000]
    return OrderEventKind.REJECTED, None


def _triggered(order: Order, report: execution_reports.Triggered, now: datetime) -> Handled:
    move(order, report.status, now)
    order.triggered_at = now
    return OrderEventKind.TRIGGERED, {"price": str(report.price)}


def _canceled(order: Order, report: execution_reports.Canceled, now: datetime) -> Handled:
    move(order, report.status, now)
    return OrderEventKind.CANCELED, {"reason": report.reason.value}


def _expired(order: Order, report: execution_reports.Expired, now: datetime) -> Handled:
    move(order, report.status, now)
    return OrderEventKind.EXPIRED, None


def _restated(order: Order, report: execution_reports.Restated, now: datetime) -> Handled:
    move(order, report.status, now)
    before = order.limit_price, order.stop_price
    order.quantity, order.limit_price, order.stop_price = report.quantity, report.limit_price, report.stop_price
    if (order.limit_price, order.stop_price) != before:
        order.reserve_price = reserve_price_of(order)
    detail = {"reason": report.reason.value}
    return OrderEventKind.REPLACED, detail if report.message is None else detail | {"message": report.message[:1000]}


def _trail_moved(order: Order, report: execution_reports.TrailMoved, now: datetime) -> Handled:
    move(order, report.status, now)
    order.stop_price, order.limit_price, order.activated = report.stop_price, report.limit_price, True
    return OrderEventKind.REPLACED, {"reason": "TRAILING"}


def _released(order: Order, report: execution_reports.Released, now: datetime) -> Handled:
    move(order, report.status, now)
    order.quantity = report.quantity
    return OrderEventKind.RELEASED, None


def _sliced(order: Order, report: execution_reports.Sliced, now: datetime) -> Handled:
    move(order, report.status, now)
    order.quantity = report.quantity
    return OrderEventKind.REPLACED, {"reason": "SLICED", "orders": [str(part_id) for part_id, _ in report.parts]}


def _replaced(order: Order, report: execution_reports.Replaced, now: datetime) -> Handled:
    made = order.pending_changes[0] if order.pending_changes else None
    before = order.limit_price, order.stop_price
    _answer_change(order)
    move(order, report.status, now)
    order.quantity, order.limit_price, order.stop_price = report.quantity, report.limit_price, report.stop_price
    order.trailing_offset, order.venue_sequence = report.trailing_offset, report.sequence
    if report.venue_order_id is not None:
        order.venue_order_id = report.venue_order_id
    order.works_until = Nanos(report.expires_at).to_datetime() if report.expires_at is not None else None
    if order.time_in_force is TimeInForce.GTD:
        order.expires_at = order.works_until
    if made is not None and _is_as_asked(order, made, before):
        order.reserve_price = made.reserve_price_after
    elif report.limit_price is not None or report.stop_price is not None:
        order.reserve_price = reserve_price_of(order)
    return OrderEventKind.REPLACED, {"reason": "REQUESTED"}


def _changed(wanted: Decimal | None, present: Decimal | None) -> Decimal | None:
    return present if wanted is None else wanted


def _is_as_asked(order: Order, change: PendingChange, before: tuple[Decimal | None, Decimal | None]) -> bool:
    """True if an order has the requested prices, and those of ``before`` where none was requested."""
    limit, stop = _changed(change.limit_price, before[0]), _changed(change.stop_price, before[1])
    return (order.limit_price, order.stop_price) == (limit, stop)


def _replace_rejected(order: Order, report: execution_reports.ReplaceRejected, now: datetime) -> Handled:
    _answer_change(order)
    if report.is_filled:
        move(order, OrderStatus.FILLED, now)
    order.updated_at = now
    return OrderEventKind.REPLACE_REJECTED, {"reason": report.reason.value, "message": report.message}


def _answer_change(order: Order) -> None:
    """Remove the oldest pending change. A pending cancel stays pending."""
    order.pending_changes = order.pending_changes[1:]
    if order.pending_action is PendingAction.REPLACE and not order.pending_changes:
        order.pending_action = None


def _cancel_rejected(order: Order, report: execution_reports.CancelRejected, now: datetime) -> Handled:
    order.pending_action = PendingAction.REPLACE if order.pending_changes else None
    order.updated_at = now
    return OrderEventKind.CANCEL_REJECTED, {"message": report.message}


_HANDLERS: dict[type[execution_reports.ExecutionReport], Any] = {
    execution_reports.Accepted: _accepted,
    execution_reports.Released: _released,
    execution_reports.Sliced: _sliced,
    execution_reports.Rejected: _rejected,
    execution_reports.Triggered: _triggered,
    execution_reports.Canceled: _canceled,
    execution_reports.Expired: _expired,
    execution_reports.Replaced: _replaced,
    execution_reports.ReplaceRejected: _replace_rejected,
    execution_reports.Restated: _restated,
    execution_reports.TrailMoved: _trail_moved,
    execution_reports.CancelRejected: _cancel_rejected,
}


def _part_of(order: Order, part_id: Hashable, quantity: Decimal, now: datetime) -> Order:
    """A new order with the terms of a sliced one, sent to the venue."""
    assert isinstance(part_id, UUID)
    return replace(
        order,
        id=part_id,
        client_order_id=str(part_id),
        quantity=quantity,
        status=OrderStatus.PENDING_NEW,
        reserved=ZERO,
        reserved_margin=ZERO,
        reserved_fee=ZERO,
        reserved_quantity=ZERO,
        contingency=Contingency.NONE,
        parent_id=None,
        group_id=None,
        pending_action=None,
        pending_changes=(),
        venue_order_id=None,
        venue_sequence=0,
        created_at=now,
        updated_at=now,
        version=1,
        **UNFILLED,
    )
