"""Which orders are malformed, from one table. A malformed order is an error and saves nothing.

The table is the source of the list in the documentation. Rows are tried in order; the first that fits names the field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.kernel.errors import BadInput
from domain.kernel.numbers import ZERO, within_bounds
from domain.kernel.text import clean_text
from domain.orders.commands import PlaceOrder
from domain.orders.types import OffsetKind, OrderType, PositionEffect, TimeInForce

LIMIT_TYPES = frozenset({OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED})
STOP_TYPES = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.MARKET_IF_TOUCHED, OrderType.LIMIT_IF_TOUCHED})
TRAILING_TYPES = frozenset({OrderType.TRAILING_STOP, OrderType.TRAILING_STOP_LIMIT})
IMMEDIATE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
MAX_TAGS = 20
MAX_TAG_LENGTH = 64
MAX_CLIENT_ORDER_ID_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Malformation:
    """A combination that no order may have: the field to name, what is wrong, and the test."""

    field: str
    message: str
    applies: Callable[[PlaceOrder, datetime], bool]


MALFORMATIONS: tuple[Malformation, ...] = (
    Malformation("quantity", "The quantity must be above zero.", lambda order, _: order.quantity <= ZERO),
    Malformation(
        "limitPrice",
        "This type of order needs a limit price.",
        lambda order, _: order.type in LIMIT_TYPES and order.limit_price is None,
    ),
    Malformation(
        "limitPrice",
        "This type of order takes no limit price.",
        lambda order, _: (
            order.limit_price is not None and order.type not in LIMIT_TYPES | {OrderType.TRAILING_STOP_LIMIT}
        ),
    ),
    Malformation(
        "stopPrice",
        "This type of order needs a stop price.",
        lambda order, _: order.type in STOP_TYPES and order.stop_price is None,
    ),
    Malformation(
        "stopPrice",
        "This type of order takes no stop price.",
        lambda order, _: order.stop_price is not None and order.type not in STOP_TYPES | TRAILING_TYPES,
    ),
    Malformation(
        "trailingOffset",
        "A trailing order needs a trailing offset above zero.",
        lambda order, _: (
            order.type in TRAILING_TYPES and (order.trailing_offset is None or order.trailing_offset <= ZERO)
        ),
    ),
    Malformation(
        "trailingOffset",
        "Only a trailing order takes a trailing offset.",
        lambda order, _: order.trailing_offset is not None and order.type not in TRAILING_TYPES,
    ),
    Malformation(
        "trailingOffset",
        "An offset in ticks is a whole number.",
        lambda order, _: (
            order.trailing_offset is not None
            and order.trailing_offset_kind is OffsetKind.TICKS
            and order.trailing_offset % 1 != 0
        ),
    ),
    Malformation(
        "trailingOffset",
        "An offset in basis points is below 10,000.",
        lambda order, _: (
            order.trailing_offset is not None
            and order.trailing_offset_kind is OffsetKind.BASIS_POINTS
            and order.trailing_offset >= 10_000
        ),
    ),
    Malformation(
        "limitOffset",
        "A trailing stop-limit order needs a limit offset.",
        lambda order, _: order.type is OrderType.TRAILING_STOP_LIMIT and order.limit_offset is None,
    ),
    Malformation(
        "limitOffset",
        "A limit offset is not below zero.",
        lambda order, _: order.limit_offset is not None and order.limit_offset < ZERO,
    ),
    Malformation(
        "limitOffset",
        "Only a trailing stop-limit order takes a limit offset.",
        lambda order, _: order.limit_offset is not None and order.type is not OrderType.TRAILING_STOP_LIMIT,
    ),
    Malformation(
        "activationPrice",
        "Only a trailing order takes an activation price.",
        lambda order, _: order.activation_price is not None and order.type not in TRAILING_TYPES,
    ),
    Malformation(
        "timeInForce",
        "A triggered or trailing order cannot be immediate.",
        lambda order, _: order.time_in_force in IMMEDIATE and order.type in STOP_TYPES | TRAILING_TYPES,
    ),
    Malformation(
        "expiresAt",
        "A GTD order needs a time at which it expires.",
        lambda order, _: order.time_in_force is TimeInForce.GTD and order.expires_at is None,
    ),
    Malformation(
        "expiresAt",
        "Only a GTD order takes a time at which it expires.",
        lambda order, _: order.expires_at is not None and order.time_in_force is not TimeInForce.GTD,
    ),
    Malformation(
        "expiresAt",
        "The time at which the order expires has passed.",
        lambda order, now: order.expires_at is not None and order.expires_at <= now,
    ),
    Malformation(
        "postOnly",
        "Only an order with a limit price can be post-only.",
        lambda order, _: order.post_only and order.type not in LIMIT_TYPES,
    ),
    Malformation(
        "postOnly",
        "A post-only order rests, so it cannot be IOC or FOK.",
        lambda order, _: order.post_only and order.time_in_force in IMMEDIATE,
    ),
    Malformation(
        "positionEffect",
        "A reduce-only order does not open.",
        lambda order, _: order.reduce_only and order.position_effect is PositionEffect.OPEN,
    ),
    Malformation(
        "tags",
        f"An order has at most {MAX_TAGS} tags.",
        lambda order, _: len(order.tags) > MAX_TAGS,
    ),
)

_NUMBERS = {
    "quantity": "quantity",
    "limit_price": "limitPrice",
    "stop_price": "stopPrice",
    "trailing_offset": "trailingOffset",
    "limit_offset": "limitOffset",
    "activation_price": "activationPrice",
}


def check_command(command: PlaceOrder, now: datetime) -> None:
    """Refuse a malformed order.

    Raises:
        BadInput: names the field.
    """
    for name, field in _NUMBERS.items():
        value = getattr(command, name)
        if value is not None and not within_bounds(value):
            raise BadInput("At most 18 digits before and 18 after the point.", field=field)
    for row in MALFORMATIONS:
        if row.applies(command, now):
            raise BadInput(row.message, field=row.field)
    if command.client_order_id is not None:
        clean_text(command.client_order_id, field="clientOrderId", max_length=MAX_CLIENT_ORDER_ID_LENGTH)
    if command.strategy is not None:
        clean_text(command.strategy, field="strategy", max_length=100)
    for tag in command.tags:
        clean_text(tag, field="tags", max_length=MAX_TAG_LENGTH)
