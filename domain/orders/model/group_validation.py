"""Malformed brackets and OCOs, from one table each, beyond the checks of their single orders.

The tables are the source of the lists in the documentation. Fields are paths: ``stopLoss.type`` is the type of the
stop-loss.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from domain.kernel.errors import within_field
from domain.orders.model.commands import OrderLeg, PlaceBracket, PlaceOco, PlaceOrder, exit_command
from domain.orders.model.order_types import NEVER_WAIT, STOP_TRIGGERED, TOUCH_TRIGGERED
from domain.orders.model.order_validation import (
    IMMEDIATE,
    Malformation,
    check_command,
    check_numbers,
    row_check,
)
from domain.orders.model.types import OrderType, PositionEffect, Side, TimeInForce

TAKE_PROFIT_TYPES = TOUCH_TRIGGERED | {OrderType.LIMIT}
# How long an entry may work at most: exits of the day end with it, or after it.
WITHIN_THE_DAY = IMMEDIATE | {TimeInForce.DAY}


def _leg_rows(
    name: str, types: frozenset[OrderType], take: Callable[[PlaceBracket], OrderLeg | None]
) -> Iterable[Malformation[PlaceBracket]]:
    """The rows for both exits of a bracket."""
    allowed = ", ".join(kind.value for kind in OrderType if kind in types)

    def of_leg(applies: Callable[[OrderLeg, PlaceOrder], bool]) -> Callable[[PlaceBracket, datetime], bool]:
        return lambda bracket, _: (leg := take(bracket)) is not None and applies(leg, bracket.entry)

    return (
        Malformation(f"{name}.type", f"Must be one of {allowed}.", of_leg(lambda leg, _: leg.type not in types)),
        Malformation(
            f"{name}.timeInForce",
            "An exit of a bracket cannot be IOC or FOK.",
            of_leg(lambda leg, _: leg.time_in_force in IMMEDIATE),
        ),
        Malformation(
            f"{name}.timeInForce",
            "An exit of a bracket has no expiry time, so it cannot be GTD.",
            of_leg(lambda leg, _: leg.time_in_force is TimeInForce.GTD),
        ),
        Malformation(
            f"{name}.timeInForce",
            "An exit must not expire before its entry: a DAY exit needs an entry that is DAY, IOC or FOK.",
            of_leg(
                lambda leg, entry: leg.time_in_force is TimeInForce.DAY and entry.time_in_force not in WITHIN_THE_DAY
            ),
        ),
    )


BRACKET_MALFORMATIONS: tuple[Malformation[PlaceBracket], ...] = (
    Malformation("takeProfit", "A bracket needs a take-profit or a stop-loss.", lambda bracket, _: not bracket.legs),
    Malformation(
        "entry.reduceOnly",
        "The entry of a bracket opens a position, so it cannot be reduce-only.",
        lambda bracket, _: bracket.entry.reduce_only,
    ),
    Malformation(
        "entry.positionEffect",
        "The entry of a bracket opens a position, so its position effect cannot be CLOSE or CLOSE_TODAY.",
        lambda bracket, _: bracket.entry.position_effect in (PositionEffect.CLOSE, PositionEffect.CLOSE_TODAY),
    ),
    *_leg_rows("takeProfit", TAKE_PROFIT_TYPES, lambda bracket: bracket.take_profit),
    *_leg_rows("stopLoss", STOP_TRIGGERED, lambda bracket: bracket.stop_loss),
    Malformation(
        "takeProfit.limitPrice",
        "The take-profit price must be on the profit side of the entry price.",
        lambda bracket, _: (
            bracket.take_profit is not None
            and bracket.take_profit.type is OrderType.LIMIT
            and not _beyond(bracket.entry, _target(bracket), _entry_price(bracket))
        ),
    ),
    Malformation(
        "takeProfit.stopPrice",
        "The take-profit price must be on the profit side of the entry price.",
        lambda bracket, _: not _beyond(bracket.entry, _target(bracket), _entry_price(bracket)),
    ),
    Malformation(
        "stopLoss.stopPrice",
        "The stop-loss price must be on the loss side of the entry price.",
        lambda bracket, _: not _beyond(bracket.entry, _entry_price(bracket), _stop(bracket)),
    ),
    Malformation(
        "stopLoss.stopPrice",
        "The stop-loss and the take-profit must be on opposite sides of the market.",
        lambda bracket, _: not _beyond(bracket.entry, _target(bracket), _stop(bracket)),
    ),
    Malformation(
        "stopLoss.clientOrderId",
        "Each order of a bracket needs a client order id of its own.",
        lambda bracket, _: _any_twice(
            [bracket.entry.client_order_id, *(leg.client_order_id for _, leg in bracket.legs)]
        ),
    ),
)
OCO_MALFORMATIONS: tuple[Malformation[PlaceOco], ...] = (
    Malformation(
        "second.accountId",
        "Both orders of an OCO must have the same account.",
        lambda oco, _: oco.first.account_id != oco.second.account_id,
    ),
    Malformation(
        "second.symbol",
        "Both orders of an OCO must have the same symbol.",
        lambda oco, _: oco.first.symbol != oco.second.symbol,
    ),
    *(
        Malformation(
            f"{name}.type",
            "An order of this type cannot be part of an OCO: it never rests or waits.",
            lambda oco, _, name=name: getattr(oco, name).type in NEVER_WAIT,  # type: ignore[misc]  # binds now
        )
        for name in ("first", "second")
    ),
    *(
        Malformation(
            f"{name}.timeInForce",
            "An order of an OCO cannot be IOC or FOK.",
            lambda oco, _, name=name: getattr(oco, name).time_in_force in IMMEDIATE,  # type: ignore[misc]  # binds now
        )
        for name in ("first", "second")
    ),
    Malformation(
        "second.clientOrderId",
        "Each order of an OCO needs a client order id of its own.",
        lambda oco, _: _any_twice([oco.first.client_order_id, oco.second.client_order_id]),
    ),
)


def _entry_price(bracket: PlaceBracket) -> Decimal | None:
    entry = bracket.entry
    return entry.limit_price if entry.limit_price is not None else entry.stop_price


def _target(bracket: PlaceBracket) -> Decimal | None:
    leg = bracket.take_profit
    if leg is None:
        return None
    return leg.limit_price if leg.type is OrderType.LIMIT else leg.stop_price


def _stop(bracket: PlaceBracket) -> Decimal | None:
    return bracket.stop_loss.stop_price if bracket.stop_loss is not None else None


def _beyond(entry: PlaceOrder, better: Decimal | None, worse: Decimal | None) -> bool:
    """True if ``better`` is more favourable to the entry's position than ``worse``; an unknown price passes."""
    if better is None or worse is None:
        return True
    return better > worse if entry.side is Side.BUY else better < worse


def _any_twice(names: Iterable[str | None]) -> bool:
    given = [name for name in names if name is not None]
    return len(set(given)) < len(given)


_check_bracket = row_check(BRACKET_MALFORMATIONS)
_check_oco = row_check(OCO_MALFORMATIONS)


def check_bracket(bracket: PlaceBracket, now: datetime) -> None:
    """Refuse a malformed bracket.

    Raises:
        BadInput: names the field, as a path.
    """
    with within_field("entry"):
        check_command(bracket.entry, now)
    for name, leg in bracket.legs:
        with within_field(name):
            check_numbers(leg)
    _check_bracket(bracket, now)
    for name, leg in bracket.legs:
        with within_field(name):
            check_command(exit_command(bracket.entry, leg), now)


def check_oco(oco: PlaceOco, now: datetime) -> None:
    """Refuse a malformed OCO.

    Raises:
        BadInput: names the field, as a path.
    """
    for name, order in (("first", oco.first), ("second", oco.second)):
        with within_field(name):
            check_command(order, now)
    _check_oco(oco, now)
