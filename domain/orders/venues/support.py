"""Support of orders at a venue: by the venue itself, by emulation in our engine, or not at all. Pure.

The engine can watch a price and a clock, link orders, and cut a reducing order to the position. It cannot make a venue
fill an order at once or not at all, or refuse to take liquidity: an order that needs this is refused before it is sent.
"""

from collections.abc import Sequence
from decimal import Decimal

from domain.orders.exchange.types import Order as ExchangeOrder
from domain.orders.model import refusals
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.order_types import CONDITIONAL, TRAILING, TRAITS
from domain.orders.model.refusals import Refusal
from domain.orders.model.types import Contingency, OrderType, TimeInForce
from domain.orders.venues.types import Capabilities

# What a venue that is not configured (any more) can do.
NOTHING = Capabilities(order_types=frozenset(), times_in_force=frozenset())
# What the engine ends by its own clock; at the venue they are good till cancelled.
TIMED = frozenset({TimeInForce.DAY, TimeInForce.GTD})


# Our commands, orders and the exchange's orders all say what was asked for.
Asked = PlaceOrder | Order | ExchangeOrder


def is_native_type(order: Asked, venue: Capabilities) -> bool:
    """True if the venue supports the order's type."""
    if order.type not in venue.order_types:
        return False
    if order.type in CONDITIONAL and order.trigger_price not in venue.trigger_prices:
        return False
    return order.type not in TRAILING or order.trailing_offset_kind in venue.offset_kinds


def plain_type(order: Asked) -> OrderType:
    """The type of the order once its condition is met."""
    return TRAITS[order.type].executes_as if order.type in CONDITIONAL else order.type


def plain_time(time_in_force: TimeInForce, venue: Capabilities) -> TimeInForce:
    """The time in force sent to the venue: the engine's clock ends DAY and GTD orders where the venue cannot."""
    native = time_in_force in venue.times_in_force
    return time_in_force if native or time_in_force not in TIMED else TimeInForce.GTC


def is_timed_by_engine(time_in_force: TimeInForce, venue: Capabilities) -> bool:
    """True if the engine expires such an order."""
    return time_in_force in TIMED and time_in_force not in venue.times_in_force


def is_native(order: Asked, venue: Capabilities) -> bool:
    """True if the venue supports the order, apart from its time in force: the engine has nothing to watch."""
    return is_native_type(order, venue) and (venue.reduce_only or not order.reduce_only)


def is_native_group(orders: Sequence[Asked], contingency: Contingency, venue: Capabilities) -> bool:
    """True if the venue links these orders itself; ``contingency`` is the first one's. Otherwise the engine does."""
    links = venue.oco if contingency is Contingency.OCO else venue.brackets
    return links and all(
        is_native(order, venue) and not is_timed_by_engine(order.time_in_force, venue) for order in orders
    )


def waits_here(order: Asked, contingency: Contingency, venue: Capabilities) -> bool:
    """True if the engine keeps an order, of no native group, until it can trade.

    Orders that exclude each other are never at the venue at the same time, and reduce-only orders are cut to the
    position as late as possible, so that nothing is closed twice.
    """
    if not is_native(order, venue):
        return True
    return contingency in (Contingency.OCO, Contingency.OUO)


def unsupported(order: Asked, venue: Capabilities, name: str) -> Refusal | None:
    """The reason for which neither the venue nor the engine can execute this order; None when they can."""
    if not venue.order_types:
        return refusals.venue_not_configured(name)
    kind = order.type if is_native_type(order, venue) else plain_type(order)
    if kind not in venue.order_types:
        return refusals.venue_takes_no(name, kind)
    if plain_time(order.time_in_force, venue) not in venue.times_in_force:
        return refusals.venue_takes_no(name, order.time_in_force)
    if order.post_only and not venue.post_only:
        return refusals.venue_takes_no(name, "post-only")
    return _too_precise(order, venue, name)


def _too_precise(order: Asked, venue: Capabilities, name: str) -> Refusal | None:
    if _decimals(order.quantity) > _most(venue.quantity_decimals):
        return refusals.too_precise(name, "quantities", venue.quantity_decimals)
    prices = (order.limit_price, order.stop_price, order.activation_price)
    if any(price is not None and _decimals(price) > _most(venue.price_decimals) for price in prices):
        return refusals.too_precise(name, "prices", venue.price_decimals)
    return None


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def _most(decimals: int | None) -> float:
    return float("inf") if decimals is None else decimals
