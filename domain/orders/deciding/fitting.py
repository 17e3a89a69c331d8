"""Misfits, pure: working orders that violate their instrument's changed terms.

They continue to work, as at an exchange.
"""

from dataclasses import dataclass

from domain.kernel.numbers import ZERO, is_multiple, plain
from domain.market.types import Instrument
from domain.orders.model.order import Order
from domain.orders.model.types import RejectReason

Misfit = tuple[RejectReason, str]


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


def _off_tick(order: Order, instrument: Instrument) -> Misfit | None:
    prices = [order.limit_price]
    if order.triggered_at is None:
        prices += [order.stop_price, None if order.activated else order.activation_price]
    for price in prices:
        if price is not None and not is_multiple(price, instrument.tick_size):
            message = f"{plain(price)} is not a multiple of the tick size {plain(instrument.tick_size)}."
            return RejectReason.INVALID_TICK, message
    return None


def _off_size(order: Order, instrument: Instrument) -> Misfit | None:
    if not is_multiple(order.remaining_quantity, instrument.lot_size):
        message = f"{plain(order.remaining_quantity)} is not a multiple of the lot size {plain(instrument.lot_size)}."
        return RejectReason.INVALID_LOT, message
    if order.quantity < instrument.min_quantity:
        message = f"The quantity is below the minimum of {plain(instrument.min_quantity)}."
        return RejectReason.QUANTITY_OUT_OF_RANGE, message
    if instrument.max_quantity is not None and order.quantity > instrument.max_quantity:
        message = f"The quantity is above the maximum of {plain(instrument.max_quantity)}."
        return RejectReason.QUANTITY_OUT_OF_RANGE, message
    price = order.reserve_price
    if instrument.min_notional is None or price is None or (instrument.inverse and price <= ZERO):
        return None
    value = instrument.notional(order.quantity, abs(price))
    if value >= instrument.min_notional:
        return None
    message = f"The order is worth {plain(value)}, below the minimum of {plain(instrument.min_notional)}."
    return RejectReason.QUANTITY_OUT_OF_RANGE, message
