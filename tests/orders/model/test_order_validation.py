"""Malformed orders."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.kernel.errors import BadInput
from domain.orders.model.order_validation import check_command
from domain.orders.model.types import OffsetKind, OrderType, PositionEffect, TimeInForce
from tests.orders.factories import NOW, command

LATER = NOW + timedelta(hours=1)


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
