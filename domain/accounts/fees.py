"""What a trade costs, pure. Fee = max(minimum, notional x rate + quantity x per unit), the minimum once per order."""

from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.market.types import Instrument


def trade_notional(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """Money that an unsigned ``quantity`` is worth at ``price``: quote currency, inverse contracts the base asset."""
    if instrument.inverse:
        return quantity * instrument.multiplier / price
    return quantity * instrument.multiplier * abs(price)


def execution_fee(
    instrument: Instrument, *, quantity: Decimal, price: Decimal, maker: bool, minimum_charged: bool
) -> Decimal:
    """Fee of one fill, not rounded; below zero for a rebate. Only the first fill of an order owes the minimum."""
    fees = instrument.fees
    rate = fees.maker_rate if maker else fees.taker_rate
    fee = trade_notional(instrument, quantity, price) * rate + quantity * fees.per_unit
    return fee if minimum_charged or fees.minimum == ZERO else max(fees.minimum, fee)


def execution_tax(instrument: Instrument, *, quantity: Decimal, price: Decimal, sells: bool) -> Decimal:
    """Tax on a sale, not rounded."""
    return trade_notional(instrument, quantity, price) * instrument.fees.sell_tax_rate if sells else ZERO


def estimated_fee(instrument: Instrument, *, quantity: Decimal, price: Decimal, minimum_charged: bool) -> Decimal:
    """What a working order holds back for its fee: all of it as taker, never below zero."""
    return max(
        ZERO, execution_fee(instrument, quantity=quantity, price=price, maker=False, minimum_charged=minimum_charged)
    )
