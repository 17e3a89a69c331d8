"""Misfits, pure: working orders that violate their instrument's changed terms.

They continue to work, as at an exchange.
"""

from dataclasses import dataclass

from domain.kernel.numbers import ZERO, is_multiple
from domain.market.types import Instrument
from domain.orders.model import refusals
from domain.orders.model.order import Order
from domain.orders.model.refusals import Refusal
from domain.orders.model.types import RejectReason


@dataclass(frozen=True, slots=True)
class OrderMisfit:
    """A working order that would be refused on its instrument's present terms, with the reason."""

    order: Order
    reason: RejectReason
    message: str


def misfit_of(order: Order, instrument: Instrument) -> OrderMisfit | None:
    """The reason for which such an order would be refused on the present terms; None when it would be accepted.

    The quantity of an exit is not checked against the range.
    """
    misfit = _off_tick(order, instrument) or (None if order.only_reduces else _off_size(order, instrument))
    return None if misfit is None else OrderMisfit(order, *misfit)


def _off_tick(order: Order, instrument: Instrument) -> Refusal | None:
    prices = [order.limit_price]
    if order.triggered_at is None:
        prices += [order.stop_price, None if order.activated else order.activation_price]
    for price in prices:
        if price is not None and not is_multiple(price, instrument.tick_size):
            return refusals.off_tick(price, instrument.tick_size)
    return None


def _off_size(order: Order, instrument: Instrument) -> Refusal | None:
    if not is_multiple(order.remaining_quantity, instrument.lot_size):
        return refusals.off_lot(order.remaining_quantity, instrument.lot_size)
    if order.quantity < instrument.min_quantity:
        return refusals.below_minimum(order.quantity, instrument.min_quantity)
    if instrument.max_quantity is not None and order.quantity > instrument.max_quantity:
        return refusals.above_maximum(order.quantity, instrument.max_quantity)
    price = order.reserve_price
    if instrument.min_notional is None or price is None or (instrument.inverse and price <= ZERO):
        return None
    value = instrument.notional(order.quantity, abs(price))
    if value >= instrument.min_notional:
        return None
    return refusals.below_minimum_value(value, instrument.min_notional)
