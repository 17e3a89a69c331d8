"""Executions, pure: a fill booked to its order, its position and its account, and the charges of executions.

A venue's own fee is paid in cash, or kept by the venue in units. Each execution is charged what it adds to its order's
rounded totals.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from domain.accounts.fees import NOTHING_DUE, Dues, Posted, charged, fill_dues, trade_due
from domain.accounts.rules import post
from domain.accounts.types import AccountBook, PositionMode, TransactionKind
from domain.kernel.ids import new_id
from domain.kernel.money import to_cash
from domain.kernel.numbers import ONE, ZERO
from domain.kernel.time import Nanos
from domain.market.costs import average_of, to_price
from domain.market.rates import RateOf, base_currency
from domain.market.types import Instrument
from domain.orders.deciding.state import CLOSED, move
from domain.orders.deciding.trading_book import Leg
from domain.orders.exchange.execution_reports import Filled
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import Liquidity, OrderStatus, PositionEffect
from domain.positions.fills import book_fill
from domain.positions.rules import Fill


def dues_of(execution: Execution, instrument: Instrument, currency: str) -> Dues:
    """The dues of one execution by itself.

    A spot trade moves the notional of the exchanged units; units that the venue kept as its fee count as sold to pay
    it.
    """
    moved = execution.withheld - execution.quantity * execution.side.sign
    trade = trade_due(instrument, moved, execution.price, execution.fx_rate)
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
    dues, costs = NOTHING_DUE, []
    for execution in executions:
        one = dues_of(execution, instrument, currency)
        costs.append(charged(dues, one, currency))
        dues = dues.plus(one)
    return costs


def average_fill(order: Order, instrument: Instrument) -> Decimal | None:
    """The average price of an order's fills, in the decimals of the instrument's prices; None without any."""
    if not order.filled_quantity:
        return None
    return to_price(average_of(instrument, order.filled_quantity, order.filled_value), instrument.tick_size)


def book_execution(
    leg: Leg,
    report: Filled,
    key: str,
    account: AccountBook,
    instrument: Instrument,
    rate_of: RateOf,
    now: datetime,
    *,
    tax: Decimal | None = None,
) -> Execution:
    """Book a fill to its order, its position and its account; ``key`` identifies its execution at the venue.

    ``rate_of`` gives the newest rate between two currencies. Without one, the rate at the order's acceptance is used.
    ``tax`` is in the account's currency; None: it follows from the instrument's terms.
    """
    order, position = leg
    rate = _rate(order, instrument, account.currency, rate_of)
    fee = venue_fee(report, instrument, account, rate, rate_of)
    fill = Fill(report.quantity * order.side.sign, report.price)
    today_first = order.position_effect is PositionEffect.CLOSE_TODAY
    realized = book_fill(
        position, instrument, fill, account.currency, now, today_first=today_first, rate=rate, withheld=fee.withheld
    )
    dues = _dues_of(fill, report, instrument, rate, fee, tax)
    costs = charged(order.dues, dues, account.currency)
    execution = Execution(
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
        fee=costs.fee,
        tax=costs.tax,
        realized_pnl=realized,
        liquidity=report.liquidity,
        at=Nanos(report.at),
        busted_at=None,
        corrected_by=None,
        created_at=now,
        symbol=order.symbol,
        fx_rate=rate,
        fee_due=dues.fee,
        fee_minimum=dues.minimum,
        tax_due=dues.tax,
        withheld=fee.withheld,
        venue_fee=report.fee if fee.is_foreign else None,
        venue_fee_currency=report.fee_currency if fee.is_foreign else None,
    )
    order.owe(order.dues.plus(dues))
    _post(leg, execution, costs, account, instrument)
    _count(order, report, instrument, now)
    return execution


def _dues_of(
    fill: Fill, report: Filled, instrument: Instrument, rate: Decimal, fee: "VenueFee", tax: Decimal | None
) -> Dues:
    """The dues of a fill, not rounded; a given ``tax`` takes the place of the instrument's."""
    dues = fill_dues(
        instrument,
        fill.quantity,
        fill.price,
        maker=report.liquidity is Liquidity.MAKER,
        rate=rate,
        venue_fee=fee.due,
        withheld=fee.withheld,
    )
    return dues if tax is None else replace(dues, tax=tax)


def _post(leg: Leg, execution: Execution, costs: Posted, account: AccountBook, instrument: Instrument) -> None:
    """Post the money of an execution, and add it to the figures of account, position and order."""
    order, position = leg
    moved = (
        (TransactionKind.REALIZED_PNL, execution.realized_pnl)
        if instrument.asset_class.is_derivative
        else (TransactionKind.TRADE, costs.trade)
    )
    for kind, amount in (moved, (TransactionKind.FEE, -costs.fee), (TransactionKind.TAX, -costs.tax)):
        post(account, kind, amount, execution.created_at, order.placed_by, order_id=order.id, execution_id=execution.id)
    account.realized_pnl += execution.realized_pnl
    account.fees_paid += costs.costs
    position.fees_paid += costs.costs
    order.fees += costs.costs


def _count(order: Order, report: Filled, instrument: Instrument, now: datetime) -> None:
    """Count a fill in the figures and the status of its order."""
    order.execution_count += 1
    order.filled_quantity += report.quantity
    order.filled_value += report.quantity / report.price if instrument.inverse else report.quantity * report.price
    order.average_price = average_fill(order, instrument)
    if order.status not in CLOSED:
        # The venue may have it for more than is filled, and say so next.
        done = order.filled_quantity >= order.quantity and report.status is OrderStatus.FILLED
        move(order, OrderStatus.FILLED if done else OrderStatus.PARTIALLY_FILLED, now)
    order.updated_at = now
    order.version += 1


def _rate(order: Order, instrument: Instrument, currency: str, rate_of: RateOf) -> Decimal:
    if instrument.currency == currency:
        return ONE
    return rate_of(instrument.currency, currency) or order.reserve_rate


@dataclass(frozen=True, slots=True)
class VenueFee:
    """The fee that a venue states with an execution.

    ``due``: in the account's currency, not rounded; None where the venue gives none, or it cannot be converted.
    ``withheld``: the quantity of traded units that the venue kept as its fee, below zero for a rebate. ``is_foreign``:
    it is in another currency than the account's.
    """

    due: Decimal | None
    withheld: Decimal = ZERO
    is_foreign: bool = False


def venue_fee(report: Filled, instrument: Instrument, account: AccountBook, rate: Decimal, rate_of: RateOf) -> VenueFee:
    """The venue's fee as the account is charged; ``rate`` converts the instrument's currency into the account's.

    A fee in the traded asset is valued at the trade's price; any other is converted at the newest rate. A spot venue
    that charges in the bought coin delivers that much less to a netting account. A fee in the account's own currency
    is charged in cash.
    """
    fee, currency = report.fee, report.fee_currency
    if fee is None or currency is None or currency == account.currency:
        return VenueFee(fee)
    if currency == instrument.currency:
        return VenueFee(fee * rate, is_foreign=True)
    is_base = currency == base_currency(instrument)
    if not fee:
        due: Decimal | None = fee
    elif is_base and not instrument.inverse:
        due = fee * report.price * rate
    else:
        converted = rate_of(currency, account.currency)
        due = None if converted is None else fee * converted
    is_kept = is_base and instrument.multiplier == ONE and account.position_mode is PositionMode.NETTING
    return VenueFee(due, fee if is_kept and due is not None else ZERO, is_foreign=True)
