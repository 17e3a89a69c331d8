"""Quantities of a venue that counts fills in the units of after a split, as the executions count them. Pure.

FIX scales OrderQty, CumQty and LeavesQty of an order that works through a split. Executions are facts and are not
scaled here, so the order's quantity becomes what is filled and what the venue leaves.
"""

from dataclasses import replace
from decimal import Decimal

from domain.kernel.numbers import ONE, ZERO
from domain.orders.venues.remote_order import RemoteOrder
from domain.orders.venues.types import VenueOrder

# Prices of after a split lie on a tick grid, so they need not be the exact quotient.
_NEARLY = Decimal("0.01")


def as_executed(order: RemoteOrder, seen: VenueOrder, *, may_differ: bool = False) -> VenueOrder:
    """The venue's state of an order, with quantities in the units of its executions.

    That a venue counts otherwise is recognised by quantity, filled quantity and price that have all changed by one
    ratio. ``may_differ``: the venue was asked about an order of which nothing was heard since a restart; then a larger
    filled quantity that leaves what is left here says so as well.
    """
    if seen.filled_quantity == order.working.filled:
        order.counted_extra = ZERO
    elif seen.quantity is not None and order.working.filled:
        leaves = seen.quantity - seen.filled_quantity
        if _is_split(order, seen, seen.quantity) or (may_differ and leaves == order.working.remaining):
            order.counted_extra = seen.filled_quantity - order.working.filled
    extra = order.counted_extra
    if not extra:
        return seen
    quantity = None if seen.quantity is None else seen.quantity - extra
    return replace(seen, quantity=quantity, filled_quantity=seen.filled_quantity - extra)


def _is_split(order: RemoteOrder, seen: VenueOrder, quantity: Decimal) -> bool:
    counted = order.working.filled + order.counted_extra
    if counted <= ZERO or quantity * counted != seen.filled_quantity * (order.working.quantity + order.counted_extra):
        return False
    prices = ((order.working.limit, seen.limit_price), (order.working.stop, seen.stop_price))
    shown = [(before, after) for before, after in prices if before and after]
    ratio = seen.filled_quantity / counted
    return ratio != ONE and bool(shown) and all(abs(after * ratio / before - ONE) < _NEARLY for before, after in shown)
