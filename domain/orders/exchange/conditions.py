"""The comparisons that decide everything: has a stop been reached, has a price been touched."""

from decimal import Decimal

from domain.orders.model.types import Side


def stop_reached(side: Side, stop: Decimal, price: Decimal | None) -> bool:
    """A buy stop is reached from below (price at or above it), a sell stop from above."""
    if price is None:
        return False
    return price >= stop if side is Side.BUY else price <= stop


def touched(side: Side, target: Decimal, price: Decimal | None) -> bool:
    """A buy is touched when the price has fallen to the target, a sell when it has risen to it."""
    if price is None:
        return False
    return price <= target if side is Side.BUY else price >= target
