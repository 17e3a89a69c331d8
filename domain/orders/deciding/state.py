"""Order states, pure: the creation of orders, the transition table, and the only functions that change the status."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO
from domain.market.types import Instrument
from domain.orders.deciding.pretrade import Decision
from domain.orders.deciding.trading_book import MarketState
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.order_types import TRAILING
from domain.orders.model.types import CLOSING, Contingency, OrderStatus, PositionEffect, RejectReason, Side
from domain.positions.types import Bucket

S = OrderStatus
# From each status, where an order may go. A fill after CANCELED or EXPIRED (late) is booked and keeps the status.
TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    S.HELD: frozenset({S.PENDING_NEW, S.NEW, S.REJECTED, S.CANCELED, S.EXPIRED}),
    S.PENDING_NEW: frozenset({S.NEW, S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED}),
    S.NEW: frozenset({S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED}),
    S.PARTIALLY_FILLED: frozenset({S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED}),
    S.FILLED: frozenset(),
    S.CANCELED: frozenset(),
    S.REJECTED: frozenset(),
    S.EXPIRED: frozenset(),
}
CLOSED = frozenset(status for status, targets in TRANSITIONS.items() if not targets)


class IllegalTransition(Exception):
    """A report asks for a transition that the table does not have: a defect, or a misbehaving venue."""


def move(order: Order, status: OrderStatus, now: datetime) -> None:
    """Move to ``status``; the present status is no move.

    Raises:
        IllegalTransition: the table does not have it; the order is unchanged.
    """
    if status is not order.status:
        if status not in TRANSITIONS[order.status]:
            raise IllegalTransition(f"order {order.id}: {order.status} cannot become {status}")
        order.status = status
        if status in CLOSED:
            order.closed_at = now
            order.pending_action = None
            order.pending_changes = ()
    order.updated_at = now


def reopen_fills(order: Order, now: datetime) -> None:
    """Set the status after a bust or correction: a working order may go back to an earlier status, as in FIX.

    A closed order keeps its status.
    """
    order.updated_at = now
    if order.status not in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED):
        return
    if order.filled_quantity >= order.quantity:
        move(order, OrderStatus.FILLED, now)
    else:
        order.status = OrderStatus.PARTIALLY_FILLED if order.filled_quantity > ZERO else OrderStatus.NEW


def refuse(order: Order, reason: RejectReason, message: str, now: datetime) -> None:
    """Reject an order that never worked."""
    move(order, OrderStatus.REJECTED, now)
    order.reject_reason = reason
    order.reject_message = message[:1000]
    order.reserved = order.reserved_margin = order.reserved_fee = order.reserved_quantity = ZERO


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """The place of an order in a group: the group, and the entry that it waits for."""

    group_id: UUID
    parent_id: UUID | None
    contingency: Contingency


# The fills of an order that has none yet.
UNFILLED: Mapping[str, Any] = {
    "filled_quantity": ZERO,
    "filled_value": ZERO,
    "average_price": None,
    "execution_count": 0,
    "fees": ZERO,
    "trade_due": ZERO,
    "fee_due": ZERO,
    "fee_minimum": ZERO,
    "tax_due": ZERO,
}
# The state of an order to which nothing has happened yet, and whose placer is noted by the caller.
UNTOUCHED: Mapping[str, Any] = {
    **UNFILLED,
    "pending_action": None,
    "pending_changes": (),
    "reject_reason": None,
    "reject_message": None,
    "venue_order_id": None,
    "venue_sequence": 0,
    "activated": False,
    "triggered_at": None,
    "closed_at": None,
    "version": 1,
    "placed_by": None,
    "placed_key": None,
    "placed_from": None,
    "request_id": None,
}


# Every other field is that of its command and decision.
_NOTHING: dict[str, Any] = dict.fromkeys(item.name for item in fields(Order))
_BLANK = Order(**{**_NOTHING, **UNTOUCHED, "contingency": Contingency.NONE})


def new_order(
    command: PlaceOrder,
    instrument: Instrument,
    venue: str,
    decision: Decision,
    market: MarketState,
    works_until: datetime | None,
    now: datetime,
    digest: bytes,
    place: GroupPlace | None = None,
) -> Order:
    """The order of a decided command: sent to the venue, held for its entry, or rejected.

    ``digest`` identifies repeats of the request.
    """
    reservation = decision.reservation
    waits = place is not None and place.contingency is Contingency.OUO
    # The fields are assigned one by one: sixty keywords take three times as long.
    order = copy(_BLANK)
    order.id = new_id()
    order.account_id, order.instrument_id, order.symbol = command.account_id, instrument.id, instrument.symbol
    order.client_order_id = command.client_order_id if command.client_order_id is not None else str(order.id)
    order.request_digest, order.venue = digest, venue
    order.side, order.type, order.time_in_force = command.side, command.type, command.time_in_force
    order.position_effect = _effect_in(reservation.bucket, command)
    order.quantity, order.limit_price, order.stop_price = command.quantity, command.limit_price, command.stop_price
    order.trailing_offset, order.limit_offset = command.trailing_offset, command.limit_offset
    order.trailing_offset_kind = command.trailing_offset_kind if command.type in TRAILING else None
    order.activation_price, order.trigger_price = command.activation_price, command.trigger_price
    order.post_only, order.reduce_only = command.post_only, command.reduce_only
    order.expires_at, order.works_until = command.expires_at, works_until
    order.status = OrderStatus.HELD if waits else OrderStatus.PENDING_NEW
    order.reserved, order.reserved_quantity = max(ZERO, decision.reserved), reservation.quantity
    order.reserved_margin, order.reserved_fee = reservation.margin, reservation.fee
    order.reserve_price, order.reserve_rate = reservation.price, reservation.rate
    order.arrival_price = _arrival_price(command, market)
    order.strategy, order.tags = command.strategy, list(command.tags)
    order.violations = decision.violations
    order.created_at = order.updated_at = now
    if place is not None:
        order.contingency, order.parent_id, order.group_id = place.contingency, place.parent_id, place.group_id
    if decision.reason is not None:
        refuse(order, decision.reason, decision.message or "", now)
    return order


def _effect_in(bucket: Bucket, command: PlaceOrder) -> PositionEffect:
    """The position effect of the order: in a hedging account a reduce-only order closes, also if it does not say so."""
    if bucket is Bucket.NET or command.position_effect in CLOSING or not command.reduce_only:
        return command.position_effect
    return PositionEffect.CLOSE


def _arrival_price(command: PlaceOrder, market: MarketState) -> Decimal | None:
    """The far touch when the order arrived, which slippage is measured against."""
    quote = market.quote
    if quote is None:
        return None
    far = quote.ask if command.side is Side.BUY else quote.bid
    return far if far is not None else quote.reference
