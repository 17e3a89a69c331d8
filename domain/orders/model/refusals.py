"""Refusals of orders and of changes, pure: each reason with its sentence, which names the limit and the observed value.

The texts of refusals stand here and nowhere else in the area; what is malformed has its own (``order_validation``).
"""

from decimal import Decimal
from typing import NamedTuple

from domain.kernel.numbers import ZERO, plain
from domain.orders.model.types import OrderType, RejectReason, TimeInForce


class Refusal(NamedTuple):
    """The reason for which an order or a change is refused, and the sentence that says so to its placer."""

    reason: RejectReason
    message: str


R = RejectReason

# ------------------------------------------------------------------ the account


def account_restricted(state: str, *, takes_exits: bool) -> Refusal:
    """The account is not ACTIVE."""
    allowed = "only orders that reduce a position" if takes_exits else "no orders"
    return Refusal(R.ACCOUNT_NOT_ACTIVE, f"The account is {state} and takes {allowed}.")


def trading_halted(what: str, reason: str) -> Refusal:
    """A halt covers the order."""
    return Refusal(R.TRADING_HALTED, f"Trading of {what} is halted: {reason}")


def lack_of_funds(needed: Decimal, available: Decimal | None, currency: str) -> Refusal:
    """The order needs more than is available; None if the account cannot be valued."""
    if available is None:
        return unvalued_account()
    there = plain(max(available, ZERO))
    return Refusal(R.INSUFFICIENT_FUNDS, f"The order needs {plain(needed)} {currency}, and {there} is available.")


def unvalued_account() -> Refusal:
    """The available funds are not known."""
    return Refusal(R.NO_MARKET_PRICE, "A position of the account has no market price to value it at.")


# ------------------------------------------------------------------ the instrument and its market


def not_tradable(symbol: str) -> Refusal:
    """The instrument is not tradable."""
    return Refusal(R.INSTRUMENT_NOT_TRADABLE, f"{symbol} is not tradable.")


def unknown_there(symbol: str) -> Refusal:
    """The venue has no such instrument."""
    return Refusal(R.INSTRUMENT_NOT_TRADABLE, f"{symbol} is not known at this venue.")


def derivative_for_cash() -> Refusal:
    """A CASH account wants a derivative."""
    return Refusal(R.INSTRUMENT_NOT_TRADABLE, "A CASH account trades spot instruments only.")


def session_closed(symbol: str) -> Refusal:
    """The exchange of the instrument is closed."""
    return Refusal(R.MARKET_CLOSED, f"The session of {symbol} is closed.")


def no_rate(symbol: str, currency: str, held: str, pair: str | None, *, is_stale: bool) -> Refusal:
    """There is no fresh rate between the currencies of the instrument and of the account."""
    settles = f"{symbol} settles in {currency}, the account holds {held}"
    if pair is None:
        return Refusal(R.INSTRUMENT_NOT_TRADABLE, f"{settles}, and no instrument quotes that pair.")
    if is_stale:
        return Refusal(R.STALE_PRICE, f"{settles}, and the rate of {pair} is stale.")
    return Refusal(R.NO_MARKET_PRICE, f"{settles}, and {pair} has no price.")


def no_price(symbol: str, *, is_stale: bool) -> Refusal:
    """There is no fresh price to decide on."""
    if is_stale:
        return Refusal(R.STALE_PRICE, f"The market price of {symbol} is stale.")
    return Refusal(R.NO_MARKET_PRICE, f"There is no market price for {symbol}.")


def no_market(side: str) -> Refusal:
    """The exchange has seen no price that the order could trade at."""
    return Refusal(R.NO_MARKET_PRICE, f"The market has no price at which a {side} order could trade.")


def inverse_at_zero() -> Refusal:
    """An inverse contract has a price of zero or below."""
    return Refusal(R.NO_MARKET_PRICE, "An inverse contract cannot be valued at a price of zero or below.")


# ------------------------------------------------------------------ prices and quantities


def off_tick(price: Decimal, tick: Decimal) -> Refusal:
    """A price is not on the tick grid."""
    return Refusal(R.INVALID_TICK, f"The price {plain(price)} is not a multiple of the tick size {plain(tick)}.")


def not_positive(price: Decimal) -> Refusal:
    """A price is zero or below."""
    return Refusal(R.INVALID_TICK, f"The price {plain(price)} is not above zero.")


def off_lot(quantity: Decimal, lot: Decimal) -> Refusal:
    """A quantity is not on the lot grid."""
    return Refusal(R.INVALID_LOT, f"The quantity {plain(quantity)} is not a multiple of the lot size {plain(lot)}.")


def below_minimum(quantity: Decimal, least: Decimal) -> Refusal:
    """A quantity is too small."""
    message = f"The quantity {plain(quantity)} is below the minimum of {plain(least)}."
    return Refusal(R.QUANTITY_OUT_OF_RANGE, message)


def above_maximum(quantity: Decimal, most: Decimal) -> Refusal:
    """A quantity is too large."""
    message = f"The quantity {plain(quantity)} is above the maximum of {plain(most)}."
    return Refusal(R.QUANTITY_OUT_OF_RANGE, message)


def below_minimum_value(value: Decimal, least: Decimal) -> Refusal:
    """An order is worth too little."""
    message = f"The notional {plain(value)} is below the minimum notional of {plain(least)}."
    return Refusal(R.QUANTITY_OUT_OF_RANGE, message)


def no_previous_close() -> Refusal:
    """The daily limits cannot be computed."""
    return Refusal(R.NO_MARKET_PRICE, "The daily price limits cannot be checked: the previous close is unknown.")


def outside_daily_limits(price: Decimal, lowest: Decimal, highest: Decimal) -> Refusal:
    """A price is outside the daily limits."""
    message = f"The price {plain(price)} is outside the daily limits of {plain(lowest)} to {plain(highest)}."
    return Refusal(R.PRICE_OUT_OF_LIMITS, message)


# ------------------------------------------------------------------ the position


def nothing_to_reduce() -> Refusal:
    """A reduce-only order has nothing to reduce."""
    return Refusal(R.REDUCE_ONLY_WOULD_INCREASE, "There is no position that the order would reduce.")


def too_little_held(closable: Decimal, symbol: str) -> Refusal:
    """Less can be closed than the order wants."""
    return Refusal(R.INSUFFICIENT_POSITION, f"{plain(max(closable, ZERO))} of {symbol} can be closed.")


def not_shortable(symbol: str) -> Refusal:
    """The instrument cannot be sold short."""
    return Refusal(R.NOT_SHORTABLE, f"{symbol} cannot be sold short.")


# ------------------------------------------------------------------ groups


def refused_with_group() -> Refusal:
    """Another order of the bracket or OCO was refused."""
    return Refusal(R.GROUP_REJECTED, "Another order of the group was refused.")


def refused_with_batch() -> Refusal:
    """Another order of an all-or-none batch was refused."""
    return Refusal(R.GROUP_REJECTED, "Another order of this batch was refused.")


# ------------------------------------------------------------------ the exchange


def unknown_order() -> Refusal:
    """A cancel or change names no open order."""
    return Refusal(R.VENUE_REJECTED, "There is no such open order at the venue.")


def stop_already_met(stop: Decimal, price: Decimal | None) -> Refusal:
    """The condition of an order is met before it works."""
    there = "" if price is None else f", which is at {plain(price)}"
    return Refusal(R.VENUE_REJECTED, f"The stop price {plain(stop)} is already met by the market{there}.")


def would_take(limit: Decimal | None) -> Refusal:
    """A post-only order would trade at once."""
    at = "" if limit is None else f" at {plain(limit)}"
    return Refusal(R.POST_ONLY_WOULD_CROSS, f"The post-only order would take liquidity{at}.")


def below_filled(quantity: Decimal, filled: Decimal) -> Refusal:
    """A change wants less than is filled."""
    message = f"The quantity {plain(quantity)} is less than the {plain(filled)} that are filled."
    return Refusal(R.QUANTITY_OUT_OF_RANGE, message)


def exit_quantity_fixed() -> Refusal:
    """A change wants another quantity of a bracket's exit."""
    message = "The quantity of an exit follows its entry, and cannot be changed by itself."
    return Refusal(R.VENUE_REJECTED, message)


def has_no_limit(kind: OrderType) -> Refusal:
    """A change wants a limit price of an order that has none."""
    return Refusal(R.VENUE_REJECTED, f"A {kind} order has no limit price.")


def has_no_stop(kind: OrderType) -> Refusal:
    """A change wants a stop price of an order that has none, or none any more."""
    return Refusal(R.VENUE_REJECTED, f"The {kind} order has no stop price, or has been triggered.")


def has_no_trail(kind: OrderType) -> Refusal:
    """A change wants another trail of an order that does not trail, or not any more."""
    return Refusal(R.VENUE_REJECTED, f"The {kind} order does not trail, or has been triggered.")


def has_no_expiry(time_in_force: TimeInForce) -> Refusal:
    """A change wants an expiry of an order that has none."""
    return Refusal(R.VENUE_REJECTED, f"Only a GTD order has an expiry, and the order is {time_in_force}.")


# ------------------------------------------------------------------ real venues


def venue_not_configured(venue: str) -> Refusal:
    """The account's venue is not configured."""
    return Refusal(R.UNSUPPORTED_BY_VENUE, f"The venue {venue} is not configured.")


def venue_takes_no(venue: str, orders: str) -> Refusal:
    """The venue and the engine cannot execute such orders."""
    return Refusal(R.UNSUPPORTED_BY_VENUE, f"The venue {venue} takes no {orders} orders.")


def too_precise(venue: str, numbers: str, decimals: int | None) -> Refusal:
    """A number has more decimals than the venue takes."""
    return Refusal(R.UNSUPPORTED_BY_VENUE, f"The venue {venue} takes {numbers} with {decimals} decimals at most.")


def keeps_no_sides(venue: str) -> Refusal:
    """The venue does not know long and short positions beside each other."""
    return Refusal(R.UNSUPPORTED_BY_VENUE, f"The venue {venue} does not keep long and short positions apart.")


def changes_no_orders(venue: str | None = None) -> Refusal:
    """The venue cannot change an order."""
    named = "The venue" if venue is None else f"The venue {venue}"
    return Refusal(R.UNSUPPORTED_BY_VENUE, f"{named} does not change orders: cancel it instead.")


def post_only_held_here() -> Refusal:
    """A post-only order would be held by the engine, and take liquidity when it is sent."""
    message = "A post-only order cannot wait here for its price: it would take liquidity when it goes to the venue."
    return Refusal(R.UNSUPPORTED_BY_VENUE, message)


def change_not_made() -> Refusal:
    """The venue was asked, and has not made a change."""
    return Refusal(R.VENUE_REJECTED, "The venue has not made the change.")


def cancel_not_made() -> Refusal:
    """The venue was asked, and has not cancelled an order."""
    return Refusal(R.VENUE_REJECTED, "The venue refuses to cancel the order.")


def unknown_at_venue() -> Refusal:
    """The venue has no such order."""
    return Refusal(R.VENUE_REJECTED, "The venue does not know the order.")


def filled_before_change() -> Refusal:
    """The venue filled an order before it could make a change."""
    return Refusal(R.VENUE_REJECTED, "The order was filled before the venue made the change.")
