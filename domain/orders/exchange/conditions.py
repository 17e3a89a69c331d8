"""Trigger conditions: stop reached, price touched."""

from decimal import Decimal

from domain.orders.model.types import Side


def stop_reached(side: Side, stop: Decimal, price: Decimal | None) -> bool:
    """True if the price is at or above the stop of a buy, at or below the stop of a sell."""
    if price is None:
        return False
    return price >= stop if side is Side.BUY else price <= stop


def touched(side: Side, target: Decimal, price: Decimal | None) -> bool:
    """True if the price is at or below the target of a buy, at or above the target of a sell."""
    if price is None:
        return False
    return price <= target if side is Side.BUY else price >= target
