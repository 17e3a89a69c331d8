"""Charges of executions, pure: the dues of each, and the average price and costs of an order's fills."""

from collections.abc import Iterable
from decimal import Decimal

from domain.accounts.fees import NOTHING_DUE, Dues, Posted, posted
from domain.kernel.numbers import ZERO, to_cash, to_price
from domain.market.types import Instrument
from domain.orders.model.order import Execution, Order
from domain.positions.rules import average_of


def dues_of(execution: Execution, instrument: Instrument, currency: str) -> Dues:
    """The dues of one execution by itself.

    A spot trade moves the notional of the exchanged units; units that the venue kept as its fee count as sold to pay
    it.
    """
    trade = ZERO
    if not instrument.asset_class.is_derivative:
        unit = instrument.multiplier * execution.price * execution.fx_rate
        trade = (execution.withheld - execution.quantity * execution.side.sign) * unit
        if execution.rounded_alone:
            trade = to_cash(trade, currency)
    return Dues(trade, execution.fee_due, execution.fee_minimum, execution.tax_due)


def total_dues(executions: Iterable[Execution], instrument: Instrument, currency: str) -> Dues:
    """The dues of several executions of one order."""
    dues = NOTHING_DUE
    for execution in executions:
        dues = dues.plus(dues_of(execution, instrument, currency))
    return dues


def costs_of(executions: Iterable[Execution], instrument: Instrument, currency: str) -> list[Posted]:
    """The amounts that each of an order's executions, in the order of booking, adds to the posted totals."""
    dues, before, costs = NOTHING_DUE, posted(NOTHING_DUE, currency), []
    for execution in executions:
        dues = dues.plus(dues_of(execution, instrument, currency))
        after = posted(dues, currency)
        costs.append(after.minus(before))
        before = after
    return costs


def average_fill(order: Order, instrument: Instrument) -> Decimal | None:
    """The average price of an order's fills, in the decimals of the instrument's prices; None without any."""
    if not order.filled_quantity:
        return None
    return to_price(average_of(instrument, order.filled_quantity, order.filled_value), instrument.tick_size)
