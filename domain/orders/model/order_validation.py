"""Malformed orders and malformed modifications, from one table each. A malformed request saves nothing.

The tables are the source of the lists in the documentation. Rows are tried in order; the first that applies names the
field.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from domain.kernel.errors import BadInput
from domain.kernel.numbers import ZERO, within_bounds
from domain.kernel.text import clean_text
from domain.kernel.values import unguarded
from domain.orders.model.commands import ModifyOrder, OrderLeg, PlaceOrder
from domain.orders.model.order import Order, names_change
from domain.orders.model.order_types import (
    ACCEPT_LIMIT_OFFSET,
    ACCEPT_LIMIT_PRICE,
    ACCEPT_STOP_PRICE,
    CONDITIONAL,
    REQUIRE_LIMIT_OFFSET,
    REQUIRE_LIMIT_PRICE,
    REQUIRE_STOP_PRICE,
    TRAILING,
)
from domain.orders.model.types import Contingency, OffsetKind, PositionEffect, TimeInForce

IMMEDIATE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
MAX_TAGS = 20
MAX_TAG_LENGTH = 64
MAX_CLIENT_ORDER_ID_LENGTH = 64


Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Malformation(Generic[Subject]):
    """A malformed combination: the field to name, the message, and the test.

    ``given`` is the path of an attribute without which it cannot apply: where that is None or False, the test is not
    made. The test says it again: the type checker needs it, and so each row can be tried by itself.
    """

    field: str
    message: str
    applies: Callable[[Subject, datetime], bool]
    given: str | None = None

    def refuse(self) -> None:
        """Refuse input that it describes.

        Raises:
            BadInput: names the field.
        """
        raise BadInput(self.message, field=self.field)


@unguarded
@dataclass(frozen=True, slots=True)
class OrderChange:
    """A modification, together with the current order."""

    command: ModifyOrder
    order: Order

    @property
    def is_triggered(self) -> bool:
        """True if the order no longer waits for its stop."""
        return self.order.triggered_at is not None

    @property
    def names_something(self) -> bool:
        """True if it changes any field."""
        return names_change(self.command)


MALFORMATIONS: tuple[Malformation[PlaceOrder], ...] = (
    Malformation("quantity", "The quantity must be above zero.", lambda order, _: order.quantity <= ZERO),
    Malformation(
        "limitPrice",
        "This type of order needs a limit price.",
        lambda order, _: order.type in REQUIRE_LIMIT_PRICE and order.limit_price is None,
    ),
    Malformation(
        "limitPrice",
        "This type of order takes no limit price.",
        lambda order, _: order.limit_price is not None and order.type not in ACCEPT_LIMIT_PRICE,
        given="limit_price",
    ),
    Malformation(
        "stopPrice",
        "This type of order needs a stop price.",
        lambda order, _: order.type in REQUIRE_STOP_PRICE and order.stop_price is None,
    ),
    Malformation(
        "stopPrice",
        "This type of order takes no stop price.",
        lambda order, _: order.stop_price is not None and order.type not in ACCEPT_STOP_PRICE,
        given="stop_price",
    ),
    Malformation(
        "trailingOffset",
        "A trailing order needs a trailing offset above zero.",
        lambda order, _: order.type in TRAILING and (order.trailing_offset is None or order.trailing_offset <= ZERO),
    ),
    Malformation(
        "trailingOffset",
        "Only a trailing order takes a trailing offset.",
        lambda order, _: order.trailing_offset is not None and order.type not in TRAILING,
        given="trailing_offset",
    ),
    Malformation(
        "trailingOffset",
        "An offset in ticks is a whole number.",
        lambda order, _: _broken_ticks(order.trailing_offset, order.trailing_offset_kind),
        given="trailing_offset",
    ),
    Malformation(
        "trailingOffset",
        "An offset in basis points is below 10,000.",
        lambda order, _: _all_of_the_price(order.trailing_offset, order.trailing_offset_kind),
        given="trailing_offset",
    ),
    Malformation(
        "limitOffset",
        "A trailing stop-limit order needs a limit offset.",
        lambda order, _: order.type in REQUIRE_LIMIT_OFFSET and order.limit_offset is None,
    ),
    Malformation(
        "limitOffset",
        "A limit offset is above zero.",
        lambda order, _: order.limit_offset is not None and order.limit_offset <= ZERO,
        given="limit_offset",
    ),
    Malformation(
        "limitOffset",
        "A limit offset in ticks is a whole number.",
        lambda order, _: _broken_ticks(order.limit_offset, order.trailing_offset_kind),
        given="limit_offset",
    ),
    Malformation(
        "limitOffset",
        "A limit offset in basis points is below 10,000.",
        lambda order, _: _all_of_the_price(order.limit_offset, order.trailing_offset_kind),
        given="limit_offset",
    ),
    Malformation(
        "limitOffset",
        "Only a trailing stop-limit order takes a limit offset.",
        lambda order, _: order.limit_offset is not None and order.type not in ACCEPT_LIMIT_OFFSET,
        given="limit_offset",
    ),
    Malformation(
        "activationPrice",
        "Only a trailing order takes an activation price.",
        lambda order, _: order.activation_price is not None and order.type not in TRAILING,
        given="activation_price",
    ),
    Malformation(
        "timeInForce",
        "A triggered or trailing order cannot be IOC or FOK.",
        lambda order, _: order.time_in_force in IMMEDIATE and order.type in CONDITIONAL,
    ),
    Malformation(
        "expiresAt",
        "A GTD order needs an expiry time.",
        lambda order, _: order.time_in_force is TimeInForce.GTD and order.expires_at is None,
    ),
    Malformation(
        "expiresAt",
        "Only a GTD order takes an expiry time.",
        lambda order, _: order.expires_at is not None and order.time_in_force is not TimeInForce.GTD,
        given="expires_at",
    ),
    Malformation(
        "expiresAt",
        "The expiry time has passed.",
        lambda order, now: order.expires_at is not None and order.expires_at <= now,
        given="expires_at",
    ),
    Malformation(
        "postOnly",
        "Only an order with a limit price can be post-only.",
        lambda order, _: order.post_only and order.type not in REQUIRE_LIMIT_PRICE,
        given="post_only",
    ),
    Malformation(
        "postOnly",
        "A post-only order rests, so it cannot be IOC or FOK.",
        lambda order, _: order.post_only and order.time_in_force in IMMEDIATE,
        given="post_only",
    ),
    Malformation(
        "positionEffect",
        "A reduce-only order cannot have the position effect OPEN.",
        lambda order, _: order.reduce_only and order.position_effect is PositionEffect.OPEN,
        given="reduce_only",
    ),
    Malformation(
        "tags",
        f"An order has at most {MAX_TAGS} tags.",
        lambda order, _: len(order.tags) > MAX_TAGS,
    ),
)

CHANGE_MALFORMATIONS: tuple[Malformation[OrderChange], ...] = (
    Malformation("input", "Give at least one field to change.", lambda change, _: not change.names_something),
    Malformation(
        "quantity",
        "The quantity must be above zero.",
        lambda change, _: change.command.quantity is not None and change.command.quantity <= ZERO,
        given="command.quantity",
    ),
    Malformation(
        "quantity",
        "The quantity is less than the filled quantity.",
        lambda change, _: (
            change.command.quantity is not None and change.command.quantity < change.order.filled_quantity
        ),
        given="command.quantity",
    ),
    Malformation(
        "quantity",
        "The quantity of an exit follows that of its entry.",
        lambda change, _: change.command.quantity is not None and change.order.contingency is Contingency.OUO,
        given="command.quantity",
    ),
    Malformation(
        "limitPrice",
        "The order has no limit price.",
        lambda change, _: (
            change.command.limit_price is not None
            and change.order.limit_price is None
            and change.order.type not in ACCEPT_LIMIT_PRICE
        ),
    ),
    Malformation(
        "stopPrice",
        "The order has no stop price.",
        lambda change, _: change.command.stop_price is not None and change.order.type not in ACCEPT_STOP_PRICE,
        given="command.stop_price",
    ),
    Malformation(
        "stopPrice",
        "The order has been triggered.",
        lambda change, _: change.command.stop_price is not None and change.is_triggered,
        given="command.stop_price",
    ),
    Malformation(
        "trailingOffset",
        "The order does not trail.",
        lambda change, _: change.command.trailing_offset is not None and change.order.type not in TRAILING,
        given="command.trailing_offset",
    ),
    Malformation(
        "trailingOffset",
        "The order has been triggered.",
        lambda change, _: change.command.trailing_offset is not None and change.is_triggered,
        given="command.trailing_offset",
    ),
    Malformation(
        "trailingOffset",
        "The trailing offset must be above zero.",
        lambda change, _: change.command.trailing_offset is not None and change.command.trailing_offset <= ZERO,
        given="command.trailing_offset",
    ),
    Malformation(
        "trailingOffset",
        "An offset in ticks is a whole number.",
        lambda change, _: _broken_ticks(change.command.trailing_offset, change.order.trailing_offset_kind),
        given="command.trailing_offset",
    ),
    Malformation(
        "trailingOffset",
        "An offset in basis points is below 10,000.",
        lambda change, _: _all_of_the_price(change.command.trailing_offset, change.order.trailing_offset_kind),
        given="command.trailing_offset",
    ),
    Malformation(
        "expiresAt",
        "Only a GTD order has an expiry time.",
        lambda change, _: change.command.expires_at is not None and change.order.time_in_force is not TimeInForce.GTD,
        given="command.expires_at",
    ),
    Malformation(
        "expiresAt",
        "The expiry time has passed.",
        lambda change, now: change.command.expires_at is not None and change.command.expires_at <= now,
        given="command.expires_at",
    ),
)


def _broken_ticks(offset: Decimal | None, kind: OffsetKind | None) -> bool:
    return offset is not None and kind is OffsetKind.TICKS and offset % 1 != 0


def _all_of_the_price(offset: Decimal | None, kind: OffsetKind | None) -> bool:
    return offset is not None and kind is OffsetKind.BASIS_POINTS and offset >= 10_000


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
    check_numbers(command)
    _check_order(command, now)
    if command.client_order_id is not None:
        clean_text(command.client_order_id, field="clientOrderId", max_length=MAX_CLIENT_ORDER_ID_LENGTH)
    if command.strategy is not None:
        clean_text(command.strategy, field="strategy", max_length=100)
    for tag in command.tags:
        clean_text(tag, field="tags", max_length=MAX_TAG_LENGTH)


def check_change(command: ModifyOrder, order: Order, now: datetime) -> None:
    """Refuse a malformed change of an open order.

    Raises:
        BadInput: names the field.
    """
    check_numbers(command)
    _check_change(OrderChange(command, order), now)


def check_numbers(command: PlaceOrder | ModifyOrder | OrderLeg) -> None:
    """Refuse a number with more digits than the platform keeps.

    Raises:
        BadInput: names the field.
    """
    for name, field in _NUMBERS.items():
        value = getattr(command, name, None)
        if value is not None and not within_bounds(value):
            raise BadInput("A number has at most 18 digits before and 18 after the decimal point.", field=field)


def row_check(rows: Iterable[Malformation[Subject]]) -> Callable[[Subject, datetime], None]:
    """A function that refuses a subject that a row describes: of several rows the first.

    Most rows are about a field that an order does not give. A loop that calls each row takes three times as long as one
    statement for each that first looks at the field.
    """
    known: dict[str, Any] = {}
    lines = ["def check(subject, now):"]
    for place, row in enumerate(rows):
        known[f"applies_{place}"], known[f"refuse_{place}"] = row.applies, row.refuse
        test = f"applies_{place}(subject, now)"
        if row.given is not None:
            if not all(name.isidentifier() for name in row.given.split(".")):
                raise ValueError(f"{row.given!r} is no attribute")
            # Zero is given.
            test = f"subject.{row.given} is not None and subject.{row.given} is not False and {test}"
        lines += [f"    if {test}:", f"        refuse_{place}()"]
    exec("\n".join(lines), known)  # noqa: S102  made of names that were checked
    check: Callable[[Subject, datetime], None] = known["check"]
    return check


_check_order = row_check(MALFORMATIONS)
_check_change = row_check(CHANGE_MALFORMATIONS)
