"""Malformed orders and changes; their checks skip what a field that is not given rules out, and find the same row."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.errors import BadInput
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.state import new_order
from domain.orders.model.commands import ModifyOrder, OrderKey
from domain.orders.model.order_validation import (
    CHANGE_MALFORMATIONS,
    MALFORMATIONS,
    Malformation,
    OrderChange,
    check_change,
    check_command,
    row_check,
)
from domain.orders.model.types import Contingency, OffsetKind, OrderType, PositionEffect, TimeInForce
from tests.orders.factories import NOW, SPOT, command, market, trading_book

LATER = NOW + timedelta(hours=1)
NUMBERS = st.sampled_from([None, *map(Decimal, ("-1", "0", "0.5", "1", "100", "10000"))])
TIMES = st.sampled_from([None, NOW - timedelta(1), NOW, NOW + timedelta(1)])
TERMS = {
    "type": st.sampled_from(OrderType),
    "quantity": NUMBERS.filter(lambda number: number is not None),
    "time_in_force": st.sampled_from(TimeInForce),
    "limit_price": NUMBERS,
    "stop_price": NUMBERS,
    "trailing_offset": NUMBERS,
    "trailing_offset_kind": st.sampled_from(OffsetKind),
    "limit_offset": NUMBERS,
    "activation_price": NUMBERS,
    "expires_at": TIMES,
    "post_only": st.booleans(),
    "reduce_only": st.booleans(),
    "position_effect": st.sampled_from(PositionEffect),
    "tags": st.sampled_from([(), ("a",), tuple("abcdefghijklmnopqrstuvw")]),
}
CHANGES = dict.fromkeys(("quantity", "limit_price", "stop_price", "trailing_offset"), NUMBERS) | {"expires_at": TIMES}
WORKING = new_order(
    command(), SPOT, "paper", decide(command(), SPOT, market(), trading_book()), market(), None, NOW, b""
)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("quantity", {"quantity": Decimal(0)}),
        ("quantity", {"quantity": Decimal(-1)}),
        ("quantity", {"quantity": Decimal("1e18")}),
        ("quantity", {"quantity": Decimal("1e-19")}),
        ("quantity", {"quantity": Decimal("NaN")}),
        ("limitPrice", {"limit_price": None}),
        ("limitPrice", {"type": OrderType.MARKET, "limit_price": Decimal(1)}),
        ("stopPrice", {"type": OrderType.STOP}),
        ("stopPrice", {"type": OrderType.STOP_LIMIT}),
        ("stopPrice", {"type": OrderType.MARKET_IF_TOUCHED, "limit_price": None}),
        ("stopPrice", {"stop_price": Decimal(1)}),
        ("trailingOffset", {"type": OrderType.TRAILING_STOP, "limit_price": None}),
        ("trailingOffset", {"type": OrderType.TRAILING_STOP, "limit_price": None, "trailing_offset": Decimal(0)}),
        ("trailingOffset", {"trailing_offset": Decimal(1)}),
        (
            "trailingOffset",
            {
                "type": OrderType.TRAILING_STOP,
                "limit_price": None,
                "trailing_offset": Decimal("1.5"),
                "trailing_offset_kind": OffsetKind.TICKS,
            },
        ),
        (
            "trailingOffset",
            {
                "type": OrderType.TRAILING_STOP,
                "limit_price": None,
                "trailing_offset": Decimal(10_000),
                "trailing_offset_kind": OffsetKind.BASIS_POINTS,
            },
        ),
        ("limitOffset", {"type": OrderType.TRAILING_STOP_LIMIT, "trailing_offset": Decimal(1)}),
        ("limitOffset", {"limit_offset": Decimal(1)}),
        ("activationPrice", {"activation_price": Decimal(1)}),
        ("timeInForce", {"type": OrderType.STOP, "stop_price": Decimal(1), "time_in_force": TimeInForce.IOC}),
        ("expiresAt", {"time_in_force": TimeInForce.GTD}),
        ("expiresAt", {"expires_at": LATER}),
        ("expiresAt", {"time_in_force": TimeInForce.GTD, "expires_at": NOW}),
        ("postOnly", {"type": OrderType.MARKET, "post_only": True}),
        ("postOnly", {"post_only": True, "time_in_force": TimeInForce.IOC}),
        ("postOnly", {"post_only": True, "time_in_force": TimeInForce.FOK}),
        ("positionEffect", {"reduce_only": True, "position_effect": PositionEffect.OPEN}),
        ("tags", {"tags": tuple(str(number) for number in range(21))}),
        ("tags", {"tags": ("x" * 65,)}),
        ("tags", {"tags": ("",)}),
        ("strategy", {"strategy": ""}),
        ("strategy", {"strategy": "a\x00b"}),
        ("clientOrderId", {"client_order_id": ""}),
        ("clientOrderId", {"client_order_id": "x" * 65}),
        ("clientOrderId", {"client_order_id": "a\nb"}),
    ],
)
def test_a_malformed_order_names_its_field(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        check_command(command(**changes), NOW)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"type": OrderType.MARKET},
        {"type": OrderType.STOP, "stop_price": Decimal(1)},
        {"type": OrderType.STOP_LIMIT, "stop_price": Decimal(1)},
        {"type": OrderType.TRAILING_STOP, "limit_price": None, "trailing_offset": Decimal(1)},
        {
            "type": OrderType.TRAILING_STOP_LIMIT,
            "limit_price": None,
            "trailing_offset": Decimal(1),
            "limit_offset": Decimal(1),
            "activation_price": Decimal(5),
        },
        {"post_only": True},
        {"time_in_force": TimeInForce.GTD, "expires_at": LATER},
        {"client_order_id": "x" * 64, "strategy": "trend", "tags": ("a", "b")},
    ],
)
def test_a_well_formed_order_passes(changes: dict[str, Any]) -> None:
    check_command(command(**changes), NOW)


@dataclass
class Thing:
    size: Decimal | None = None
    marked: bool = False


def named_by(check: Any, *subject: Any) -> tuple[str | None, str] | None:
    try:
        check(*subject)
    except BadInput as refusal:
        return refusal.field, refusal.message
    return None


def first_of(rows: Sequence[Malformation[Any]], subject: Any, now: datetime) -> tuple[str, str] | None:
    return next(((row.field, row.message) for row in rows if row.applies(subject, now)), None)


def test_zero_is_given_and_false_is_not() -> None:
    rows: list[Malformation[Thing]] = [
        Malformation("size", "A size.", lambda _thing, _now: True, given="size"),
        Malformation("marked", "A mark.", lambda _thing, _now: True, given="marked"),
    ]
    check = row_check(rows)
    assert named_by(check, Thing(), NOW) is None
    assert named_by(check, Thing(Decimal(0)), NOW) == ("size", "A size.")
    assert named_by(check, Thing(marked=True), NOW) == ("marked", "A mark.")
    assert named_by(check, Thing(Decimal(1), marked=True), NOW) == ("size", "A size.")


def test_what_is_no_attribute_is_no_path() -> None:
    with pytest.raises(ValueError, match="no attribute"):
        row_check([Malformation("size", "A size.", lambda _thing, _now: True, given="size or thing.marked")])


@given(st.fixed_dictionaries({}, optional=TERMS))
def test_an_order_is_refused_for_the_first_row_that_applies(terms: dict[str, Any]) -> None:
    order = command(**terms)
    assert named_by(check_command, order, NOW) == first_of(MALFORMATIONS, order, NOW)


@given(
    st.fixed_dictionaries({}, optional=CHANGES),
    st.fixed_dictionaries({}, optional=TERMS),
    st.sampled_from(Contingency),
    st.booleans(),
)
def test_a_change_is_refused_for_the_first_row_that_applies(
    changes: dict[str, Any], terms: dict[str, Any], contingency: Contingency, triggered: bool
) -> None:
    order = copy(WORKING)
    for name, value in terms.items():
        setattr(order, name, value)
    order.contingency, order.filled_quantity = contingency, Decimal("0.7")
    order.triggered_at = NOW if triggered else None
    change = ModifyOrder(OrderKey(), **changes)
    assert named_by(check_change, change, order, NOW) == first_of(CHANGE_MALFORMATIONS, OrderChange(change, order), NOW)
