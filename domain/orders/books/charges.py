"""Charges of executions, pure: an execution with its fee and tax, and what the account pays for it.

A venue's own fee is paid in cash, or kept by the venue in units. Each execution is charged what it adds to its order's
rounded totals.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from domain.accounts.fees import NOTHING_DUE, Dues, Posted, execution_fee, execution_tax, posted
from domain.accounts.rules import post
from domain.accounts.types import AccountBook, PositionMode, TransactionKind
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, ZERO, plain, to_cash, to_exact, to_price
from domain.kernel.time import Nanos
from domain.market.rates import RateOf, base_currency
from domain.market.types import Instrument
from domain.orders.exchange.execution_reports import Filled
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import Liquidity, Side
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


def execution_of(
    order: Order,
    report: Filled,
    key: str,
    account: AccountBook,
    instrument: Instrument,
    rate_of: RateOf,
    now: datetime,
) -> Execution:
    """The execution of a report, with the exact fee and tax that are due for it; ``charge`` posts them."""
    rate = _rate(order, instrument, account.currency, rate_of)
    fee = charged_fee(report, instrument, account.currency, rate, rate_of)
    own = fee is None
    if fee is None:
        is_maker = report.liquidity is Liquidity.MAKER
        fee = rate * execution_fee(instrument, quantity=report.quantity, price=report.price, maker=is_maker)
    tax = execution_tax(instrument, quantity=report.quantity, price=report.price, sells=order.side is Side.SELL)
    is_foreign = report.fee is not None and report.fee_currency not in (None, account.currency)
    is_netting = account.position_mode is PositionMode.NETTING
    return Execution(
        id=new_id(),
        order_id=order.id,
        account_id=order.account_id,
        instrument_id=order.instrument_id,
        venue_execution_id=key,
        sequence=account.event_sequence + 1,
        side=order.side,
        position_effect=order.position_effect,
        price=report.price,
        quantity=report.quantity,
        fee=ZERO,
        tax=ZERO,
        realized_pnl=ZERO,
        liquidity=report.liquidity,
        at=Nanos(report.at),
        busted_at=None,
        corrected_by=None,
        created_at=now,
        symbol=order.symbol,
        fx_rate=rate,
        fee_due=to_exact(fee),
        fee_minimum=instrument.fees.minimum * rate if own else ZERO,
        tax_due=to_exact(tax * rate),
        withheld=withheld(report, instrument, account.currency) if is_netting and not own else ZERO,
        venue_fee=report.fee if is_foreign else None,
        venue_fee_currency=report.fee_currency if is_foreign else None,
    )


def _rate(order: Order, instrument: Instrument, currency: str, rate_of: RateOf) -> Decimal:
    if instrument.currency == currency:
        return ONE
    return rate_of(instrument.currency, currency) or order.reserve_rate


def charge(account: AccountBook, order: Order, execution: Execution, instrument: Instrument, now: datetime) -> None:
    """Post the cash: a derivative's realised PnL, or a spot trade's notional; then fee and tax.

    Each is the execution's addition to its order's rounded totals.
    """
    before = posted(order.dues, account.currency)
    order.owe(order.dues.plus(dues_of(execution, instrument, account.currency)))
    added = posted(order.dues, account.currency).minus(before)
    execution.fee, execution.tax = added.fee, added.tax
    if instrument.asset_class.is_derivative:
        moves = [(TransactionKind.REALIZED_PNL, execution.realized_pnl)]
    else:
        moves = [(TransactionKind.TRADE, added.trade)]
    moves += [(TransactionKind.FEE, -added.fee), (TransactionKind.TAX, -added.tax)]
    for kind, amount in moves:
        post(account, kind, amount, now, order.placed_by, order_id=execution.order_id, execution_id=execution.id)
    account.realized_pnl += execution.realized_pnl
    account.fees_paid += added.costs


def charged_fee(
    report: Filled, instrument: Instrument, currency: str, rate: Decimal, rate_of: RateOf
) -> Decimal | None:
    """The fee in ``currency``, not rounded; None where the venue does not give it, or it cannot be converted.

    ``rate`` converts the instrument's currency into the account's. A fee in the traded asset is valued at the trade's
    price; any other is converted at the newest rate.
    """
    if report.fee is None or report.fee_currency is None or not report.fee:
        return report.fee
    if report.fee_currency == currency:
        return report.fee
    if report.fee_currency == instrument.currency:
        return report.fee * rate
    if not instrument.inverse and report.fee_currency == base_currency(instrument):
        return report.fee * report.price * rate
    converted = rate_of(report.fee_currency, currency)
    return None if converted is None else report.fee * converted


def withheld(report: Filled, instrument: Instrument, currency: str) -> Decimal:
    """The quantity of traded units that the venue kept as its fee, below zero for a rebate.

    A spot venue that charges in the bought coin delivers that much less. A fee in the account's own currency is charged
    in cash.
    """
    if report.fee is None or report.fee_currency in (None, currency, instrument.currency):
        return ZERO
    is_base = instrument.multiplier == ONE and report.fee_currency == base_currency(instrument)
    return report.fee if is_base else ZERO


def foreign_fee(report: Filled, currency: str) -> dict[str, Any] | None:
    """The venue's own figures of its fee, where they are in another currency than the account's."""
    if report.fee is None or report.fee_currency in (None, currency):
        return None
    return {"venueFee": plain(report.fee), "venueFeeCurrency": report.fee_currency}
