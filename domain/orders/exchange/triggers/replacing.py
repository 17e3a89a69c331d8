"""Replacement of an order's terms at the exchange: the decision and its application."""

from dataclasses import dataclass
from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.triggers.book_state import BookState
from domain.orders.exchange.triggers.matching import Matching
from domain.orders.exchange.types import Changes
from domain.orders.model.types import Contingency, OrderStatus, RejectReason, TimeInForce


@dataclass(frozen=True, slots=True)
class ReplaceRefusal:
    """The reason for which a change is refused."""

    reason: RejectReason
    message: str


def _refuse(message: str) -> ReplaceRefusal:
    return ReplaceRefusal(RejectReason.VENUE_REJECTED, message)


def refusal(state: BookState, matching: Matching, order: WorkingOrder, changes: Changes) -> ReplaceRefusal | None:
    """The refusal of ``changes`` to ``order`` in the present market; None when they are possible."""
    found = _misplaced(order, changes) or _quantity_refusal(state, order, changes.quantity)
    if found is not None or order.status is OrderStatus.HELD:
        return found
    return _price_refusal(state, matching, order, changes)


def _misplaced(order: WorkingOrder, changes: Changes) -> ReplaceRefusal | None:
    """The refusal of fields that this type of order does not have, or no longer."""
    kind = order.terms.type
    if changes.limit_price is not None and order.limit is None and not order.becomes_limit:
        return _refuse(f"a {kind} order has no limit price")
    if changes.stop_price is not None and (not order.is_conditional or order.rests_at_limit):
        return _refuse("the order has no stop price, or has been triggered")
    if changes.trailing_offset is not None and (not order.is_trailing or order.rests_at_limit):
        return _refuse("the order does not trail, or has been triggered")
    if changes.expires_at is not None and order.terms.time_in_force is not TimeInForce.GTD:
        return _refuse("only a GTD order has an expiry")
    return None


def _quantity_refusal(state: BookState, order: WorkingOrder, quantity: Decimal | None) -> ReplaceRefusal | None:
    if quantity is None:
        return None
    if quantity <= ZERO or quantity < order.filled:
        return ReplaceRefusal(RejectReason.QUANTITY_OUT_OF_RANGE, "the quantity is less than what is filled")
    if order.terms.contingency is Contingency.OUO:
        return _refuse("the quantity of an exit follows its entry")
    if order.closes and state.reducible(order) <= ZERO and quantity > order.filled:
        return ReplaceRefusal(RejectReason.REDUCE_ONLY_WOULD_INCREASE, "there is no position to reduce")
    return None


def _price_refusal(
    state: BookState, matching: Matching, order: WorkingOrder, changes: Changes
) -> ReplaceRefusal | None:
    if changes.stop_price is not None and matching.condition_met(order, changes.stop_price):
        return _refuse("the market is already at the stop price")
    limit = order.limit if changes.limit_price is None else changes.limit_price
    if order.rests_at_limit and order.terms.post_only:
        assert limit is not None
        if state.market.crosses(order.side, limit):
            return ReplaceRefusal(RejectReason.POST_ONLY_WOULD_CROSS, "a post-only order would take liquidity")
    return None


def apply(state: BookState, order: WorkingOrder, changes: Changes) -> None:
    """Set the changed terms; only a smaller quantity keeps the place in the queue."""
    if changes.quantity is not None:
        quantity = changes.quantity
        if order.closes and order.status is not OrderStatus.HELD:
            quantity = min(quantity, max(order.filled + state.reducible(order), order.filled))
        grows = quantity > order.quantity
        order.quantity = quantity
    else:
        grows = False
    if changes.limit_price is not None:
        order.limit = changes.limit_price
    if changes.stop_price is not None:
        order.stop = changes.stop_price
    if changes.trailing_offset is not None:
        order.trailing_offset = changes.trailing_offset
    if changes.expires_at is not None:
        order.expires_at = changes.expires_at
    moves = changes.limit_price is not None or changes.stop_price is not None or changes.trailing_offset is not None
    if grows or moves:
        order.sequence = state.next_sequence()
    if moves:
        order.anchor = None
