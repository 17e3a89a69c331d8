"""The traits of each order type: its prices, its condition, and its type after the trigger.

The table is the only place that distinguishes the order types; every set of order types is derived from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from domain.orders.model.types import OrderType


class Presence(Enum):
    """The presence of a field in an order type: required, optional or forbidden."""

    FORBIDDEN = "FORBIDDEN"
    OPTIONAL = "OPTIONAL"
    REQUIRED = "REQUIRED"


class Condition(Enum):
    """The condition that triggers an order.

    STOP: the price moves against the order's side (up for a buy). TOUCH: the price moves in its favour.
    """

    STOP = "STOP"
    TOUCH = "TOUCH"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTypeTraits:
    """The properties of one order type.

    ``executes_as`` is the plain type of the order once its condition is met: MARKET or LIMIT. ``trails`` means that the
    stop price follows the market at ``trailing_offset``. ``remainder_rests`` means that the part which does not fill at
    once becomes a limit order.
    """

    executes_as: OrderType
    condition: Condition | None = None
    trails: bool = False
    limit_price: Presence = Presence.FORBIDDEN
    stop_price: Presence = Presence.FORBIDDEN
    limit_offset: Presence = Presence.FORBIDDEN
    remainder_rests: bool = False


_M, _L = OrderType.MARKET, OrderType.LIMIT
_STOP, _TOUCH = Condition.STOP, Condition.TOUCH
_OPTIONAL, _REQUIRED = Presence.OPTIONAL, Presence.REQUIRED
TRAITS: dict[OrderType, OrderTypeTraits] = {
    OrderType.MARKET: OrderTypeTraits(executes_as=_M),
    OrderType.LIMIT: OrderTypeTraits(executes_as=_L, limit_price=_REQUIRED),
    OrderType.STOP: OrderTypeTraits(executes_as=_M, condition=_STOP, stop_price=_REQUIRED),
    OrderType.STOP_LIMIT: OrderTypeTraits(executes_as=_L, condition=_STOP, stop_price=_REQUIRED, limit_price=_REQUIRED),
    OrderType.TRAILING_STOP: OrderTypeTraits(executes_as=_M, condition=_STOP, trails=True, stop_price=_OPTIONAL),
    OrderType.TRAILING_STOP_LIMIT: OrderTypeTraits(
        executes_as=_L,
        condition=_STOP,
        trails=True,
        stop_price=_OPTIONAL,
        limit_price=_OPTIONAL,
        limit_offset=_REQUIRED,
    ),
    OrderType.MARKET_IF_TOUCHED: OrderTypeTraits(executes_as=_M, condition=_TOUCH, stop_price=_REQUIRED),
    OrderType.LIMIT_IF_TOUCHED: OrderTypeTraits(
        executes_as=_L, condition=_TOUCH, stop_price=_REQUIRED, limit_price=_REQUIRED
    ),
    OrderType.MARKET_TO_LIMIT: OrderTypeTraits(executes_as=_M, remainder_rests=True),
}


def types_where(holds: Callable[[OrderTypeTraits], bool]) -> frozenset[OrderType]:
    """The order types whose traits have a property."""
    return frozenset(kind for kind, traits in TRAITS.items() if holds(traits))


REQUIRE_LIMIT_PRICE = types_where(lambda traits: traits.limit_price is Presence.REQUIRED)
ACCEPT_LIMIT_PRICE = types_where(lambda traits: traits.limit_price is not Presence.FORBIDDEN)
REQUIRE_STOP_PRICE = types_where(lambda traits: traits.stop_price is Presence.REQUIRED)
ACCEPT_STOP_PRICE = types_where(lambda traits: traits.stop_price is not Presence.FORBIDDEN)
REQUIRE_LIMIT_OFFSET = types_where(lambda traits: traits.limit_offset is Presence.REQUIRED)
ACCEPT_LIMIT_OFFSET = types_where(lambda traits: traits.limit_offset is not Presence.FORBIDDEN)
TRAILING = types_where(lambda traits: traits.trails)
STOP_TRIGGERED = types_where(lambda traits: traits.condition is Condition.STOP)
TOUCH_TRIGGERED = types_where(lambda traits: traits.condition is Condition.TOUCH)
CONDITIONAL = STOP_TRIGGERED | TOUCH_TRIGGERED
LIMIT_ONCE_TRIGGERED = types_where(lambda traits: traits.condition is not None and traits.executes_as is _L)
# Orders that can stand in a book without a condition.
RESTING = types_where(lambda traits: traits.condition is None and (traits.executes_as is _L or traits.remainder_rests))
# Orders that begin to execute when they arrive.
NEVER_WAIT = types_where(lambda traits: traits.condition is None and traits.executes_as is _M)
# Orders whose limit price is also the price at which their reservation is computed.
PRICED_BY_LIMIT = REQUIRE_LIMIT_PRICE | types_where(lambda traits: traits.remainder_rests)
