"""Replacement of an order's terms at the exchange: the decision and its application."""

from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.orders.exchange.book.working import WorkingOrder
from domain.orders.exchange.triggers.book_state import BookState
from domain.orders.exchange.triggers.matching import Matching
from domain.orders.exchange.types import Changes
from domain.orders.model import refusals
from domain.orders.model.refusals import Refusal
from domain.orders.model.types import Contingency, OrderStatus, TimeInForce


def refusal(state: BookState, matching: Matching, order: WorkingOrder, changes: Changes) -> Refusal | None:
    """The refusal of ``changes`` to ``order`` in the present market; None when they are possible."""
    found = _misplaced(order, changes) or _quantity_refusal(state, order, changes.quantity)
    if found is not None or order.status is OrderStatus.HELD:
        return found
    return _price_refusal(state, matching, order, changes)


def _misplaced(order: WorkingOrder, changes: Changes) -> Refusal | None:
    """The refusal of fields that this type of order does not have, or no longer."""
    kind = order.terms.type
    if changes.limit_price is not None and order.limit is None and not order.becomes_limit:
        return refusals.has_no_limit(kind)
    if changes.stop_price is not None and (not order.is_conditional or order.rests_at_limit):
        return refusals.has_no_stop(kind)
    if changes.trailing_offset is not None and (not order.is_trailing or order.rests_at_limit):
        return refusals.has_no_trail(kind)
    if changes.expires_at is not None and order.terms.time_in_force is not TimeInForce.GTD:
        return refusals.has_no_expiry(order.terms.time_in_force)
    return None


def _quantity_refusal(state: BookState, order: WorkingOrder, quantity: Decimal | None) -> Refusal | None:
    if quantity is None:
        return None
    if quantity <= ZERO or quantity < order.filled:
        return refusals.below_filled(quantity, order.filled)
    if order.terms.contingency is Contingency.OUO:
        return refusals.exit_quantity_fixed()
    if order.closes and state.reducible(order) <= ZERO and quantity > order.filled:
        return refusals.nothing_to_reduce()
    return None


def _price_refusal(state: BookState, matching: Matching, order: WorkingOrder, changes: Changes) -> Refusal | None:
    if changes.stop_price is not None and matching.condition_met(order, changes.stop_price):
        return matching.stop_already_met(order, changes.stop_price)
    limit = order.limit if changes.limit_price is None else changes.limit_price
    if order.rests_at_limit and order.terms.post_only:
        assert limit is not None
        if state.market.crosses(order.side, limit):
            return refusals.would_take(limit)
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
