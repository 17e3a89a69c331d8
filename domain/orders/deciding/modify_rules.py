"""The decision on a modification of an open order, pure: the change, its reservation, or the refusal.

The new terms are checked like those of a new order, without the order's own reservation. A modification that only
reduces the quantity or moves the expiry skips risk and funds checks; only the lot size is checked.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from domain.kernel.errors import BadInput
from domain.kernel.numbers import ZERO
from domain.kernel.values import unguarded
from domain.market.types import Instrument
from domain.orders.deciding.activity import Displaced
from domain.orders.deciding.business_checks import CHECKS, EXIT_CHECKS, SIZE_CHECKS, Candidate, first_refusal
from domain.orders.deciding.reservations import reservation_price, reserve_orders, unreserve_orders
from domain.orders.deciding.risk_checks import RuleVerdict, collared, judge
from domain.orders.deciding.trading_book import MarketState, TradingBook
from domain.orders.model import refusals
from domain.orders.model.commands import ModifyOrder, PlaceOrder
from domain.orders.model.order import CHANGEABLE, Order, PendingChange, changes_in, terms_of
from domain.orders.model.order_types import PRICED_BY_LIMIT, REQUIRE_LIMIT_PRICE
from domain.orders.model.refusals import Refusal
from domain.orders.model.types import Contingency, OrderType, Side
from domain.orders.venues.support import is_timed_by_engine
from domain.risk.types import RiskViolation


@unguarded
@dataclass(frozen=True, slots=True)
class ChangeDecision:
    """The verdict: the change, pending on the order and reserved in the book, or the reason of the refusal.

    ``displaced`` are own orders to cancel for it.
    """

    change: PendingChange
    violations: tuple[RiskViolation, ...]
    refusal: Refusal | None
    displaced: Displaced | None = None


def as_changed(order: Order) -> Order:
    """The order after all its pending changes, to be read only: without any it is the order itself."""
    if not order.pending_changes:
        return order
    after = copy(order)
    for change in order.pending_changes:
        for name in CHANGEABLE:
            value = getattr(change, name)
            if value is not None:
                setattr(after, name, value)
        after.reserve_price = change.reserve_price_after
    return after


def new_terms(order: Order, command: ModifyOrder) -> dict[str, Any]:
    """The changeable terms that differ from the order after its pending changes; None for those that do not.

    Resending an equal price would lose queue priority.

    Raises:
        BadInput: nothing differs.
    """
    differing = changes_in(command)
    for name, value in differing.items():
        if value is not None and value == getattr(order, name):
            differing[name] = None
    if not any(value is not None for value in differing.values()):
        raise BadInput("The order has these terms already.", field="input")
    return differing


def decide_change(
    order: Order,
    command: ModifyOrder,
    instrument: Instrument,
    market: MarketState,
    book: TradingBook,
    orders: Sequence[Order],
) -> ChangeDecision:
    """Decide on a well-formed modification. ``orders`` are the order and those that it excludes.

    When it is accepted, the order has it pending and the book has the larger reservation; otherwise nothing has
    changed.

    Raises:
        BadInput: nothing differs.
    """
    # This may be the order itself; nothing that changes below is read from it afterwards.
    before = as_changed(order)
    differing = new_terms(before, command)
    available, reserved, pending = book.available, book.account.reserved, order.pending_changes
    rate = order.reserve_rate
    legs = book.legs(orders)
    unreserve_orders(book.account, legs)
    wanted = as_command(before, **{name: value for name, value in differing.items() if value is not None})
    moves = differing["stop_price"] is not None or differing["trailing_offset"] is not None
    price = _reserve_price(before, wanted, market, moves_trigger=moves)
    change = PendingChange(**differing, quantity_after=wanted.quantity, reserve_price_after=price)
    candidate = _candidate(wanted, before, change, instrument, market, book)
    verdict, refusal = _judge(candidate, before, change)
    order.pending_changes, order.reserve_rate = (*pending, change), candidate.rate or rate
    reserve_orders(book.account, instrument, legs)
    needed = book.account.reserved - reserved
    if refusal is None and needed > ZERO and not candidate.reduces and (available is None or needed > available):
        refusal = refusals.lack_of_funds(needed, available, book.account.currency)
    refusal = refusal or verdict.refusal
    if refusal is not None:
        unreserve_orders(book.account, legs)
        order.pending_changes, order.reserve_rate = pending, rate
        reserve_orders(book.account, instrument, legs)
        return ChangeDecision(change, verdict.violations, refusal)
    _count(candidate, verdict)
    return ChangeDecision(change, verdict.violations, None, verdict.displaced)


def _count(candidate: Candidate, verdict: RuleVerdict) -> None:
    """Add the rise in value to the day's total that limits count."""
    command, activity = candidate.command, candidate.book.activity
    if activity is None:
        return
    rise = (candidate.notional or ZERO) - (candidate.replaces or ZERO)
    if rise > ZERO:
        activity.add_notional(command.symbol, command.strategy or "", rise)
    if verdict.displaced is not None:
        activity.displace(verdict.displaced)


def _judge(candidate: Candidate, before: Order, change: PendingChange) -> tuple[RuleVerdict, Refusal | None]:
    fixed = _fixed_by_venue(candidate, before, change)
    if fixed is not None:
        return RuleVerdict(), fixed
    prices = (change.limit_price, change.stop_price, change.trailing_offset)
    if change.quantity_after <= before.quantity and all(price is None for price in prices):
        done = change.quantity_after == before.filled_quantity
        return RuleVerdict(), None if done or change.quantity is None else first_refusal(candidate, SIZE_CHECKS)
    if before.contingency is Contingency.OUO:
        # It only ever reduces what its entry opened: its prices must be possible ones, no more.
        return collared(candidate), first_refusal(candidate, EXIT_CHECKS)
    return judge(candidate), first_refusal(candidate, CHECKS)


def _fixed_by_venue(candidate: Candidate, before: Order, change: PendingChange) -> Refusal | None:
    """The reason for which an order cannot be changed at its venue; None if it can, or if the engine holds it."""
    venue = candidate.book.venue
    if venue is None or venue.replace or before.venue_order_id is None:
        return None
    terms = (change.quantity, change.limit_price, change.stop_price, change.trailing_offset)
    if all(value is None for value in terms) and is_timed_by_engine(before.time_in_force, venue):
        return None
    return refusals.changes_no_orders(before.venue)


def _candidate(
    wanted: PlaceOrder,
    before: Order,
    change: PendingChange,
    instrument: Instrument,
    market: MarketState,
    book: TradingBook,
) -> Candidate:
    position = book.position_for(wanted, instrument.id)
    remaining = wanted.quantity - before.filled_quantity
    price = before.reserve_price
    valued = price is not None and not (instrument.inverse and price <= ZERO)
    worth = instrument.notional(before.quantity, abs(price)) * before.reserve_rate if price and valued else ZERO
    return Candidate(
        wanted,
        instrument,
        market,
        book,
        position,
        change.reserve_price_after,
        remaining,
        replaces=worth,
        triggered=before.triggered_at is not None,
    )


def _reserve_price(before: Order, wanted: PlaceOrder, market: MarketState, *, moves_trigger: bool) -> Decimal | None:
    if wanted.limit_price is not None and wanted.type in PRICED_BY_LIMIT:
        if before.triggered_at is not None or wanted.type not in REQUIRE_LIMIT_PRICE:
            # By now it is a limit order of the market.
            wanted = replace(wanted, type=OrderType.LIMIT, stop_price=None)
        return reservation_price(wanted, market.fresh)
    if not moves_trigger:
        return before.reserve_price
    return reservation_price(wanted, market.fresh)


def reserve_price_of(order: Order) -> Decimal | None:
    """The reservation price by the order's own prices, without a market: for a sale below its trigger the trigger."""
    if order.limit_price is None:
        return reservation_price(as_command(order), None)
    waits = order.side is Side.SELL and order.stop_price is not None and order.triggered_at is None
    return max(order.limit_price, order.stop_price) if waits and order.stop_price is not None else order.limit_price


def as_command(order: Order, **changed: Any) -> PlaceOrder:
    """The command that would place the order with its present terms, apart from those that are ``changed``."""
    return PlaceOrder(
        account_id=order.account_id,
        symbol=order.symbol,
        client_order_id=order.client_order_id,
        strategy=order.strategy,
        tags=tuple(order.tags),
        **(terms_of(order) | changed),
    )
