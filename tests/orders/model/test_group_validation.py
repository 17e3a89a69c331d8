"""Malformed brackets and OCOs, and the path of the named field."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.kernel.errors import BadInput
from domain.orders.model.commands import OrderLeg, PlaceBracket, PlaceOco
from domain.orders.model.group_validation import check_bracket, check_oco
from domain.orders.model.types import OffsetKind, OrderType, PositionEffect, Side, TimeInForce
from tests.orders.factories import NOW, command

PROFIT: dict[str, Any] = {"type": OrderType.LIMIT, "limit_price": Decimal(110)}
STOP: dict[str, Any] = {"type": OrderType.STOP, "stop_price": Decimal(90)}


def bracket(entry: dict[str, Any], profit: dict[str, Any] | None, stop: dict[str, Any] | None) -> PlaceBracket:
    return PlaceBracket(
        command(**({"quantity": Decimal(4)} | entry)),
        OrderLeg(**(PROFIT | profit)) if profit is not None else None,
        OrderLeg(**(STOP | stop)) if stop is not None else None,
    )


@pytest.mark.parametrize(
    ("field", "entry", "profit", "stop"),
    [
        ("takeProfit", {}, None, None),
        ("entry.quantity", {"quantity": Decimal(0)}, {}, {}),
        ("entry.limitPrice", {"limit_price": None}, {}, {}),
        ("entry.reduceOnly", {"reduce_only": True}, {}, {}),
        ("entry.positionEffect", {"position_effect": PositionEffect.CLOSE}, {}, {}),
        ("entry.positionEffect", {"position_effect": PositionEffect.CLOSE_TODAY}, {}, {}),
        ("takeProfit.type", {}, {"type": OrderType.MARKET, "limit_price": None}, {}),
        ("takeProfit.type", {}, {"type": OrderType.STOP, "limit_price": None, "stop_price": Decimal(110)}, {}),
        ("stopLoss.type", {}, {}, {"type": OrderType.LIMIT, "limit_price": Decimal(90), "stop_price": None}),
        ("stopLoss.type", {}, {}, {"type": OrderType.MARKET_IF_TOUCHED}),
        ("takeProfit.timeInForce", {}, {"time_in_force": TimeInForce.IOC}, {}),
        ("stopLoss.timeInForce", {}, {}, {"time_in_force": TimeInForce.FOK}),
        ("takeProfit.timeInForce", {}, {"time_in_force": TimeInForce.GTD}, {}),
        ("takeProfit.timeInForce", {}, {"time_in_force": TimeInForce.DAY}, {}),
        ("stopLoss.timeInForce", {}, None, {"time_in_force": TimeInForce.DAY}),
        ("takeProfit.limitPrice", {}, {"limit_price": Decimal(100)}, {}),
        ("takeProfit.limitPrice", {"side": Side.SELL}, {}, None),
        ("takeProfit.limitPrice", {}, {"limit_price": None}, {}),
        ("takeProfit.limitPrice", {}, {"limit_price": Decimal("NaN")}, {}),
        (
            "takeProfit.stopPrice",
            {},
            {"type": OrderType.MARKET_IF_TOUCHED, "limit_price": None, "stop_price": Decimal(99)},
            {},
        ),
        ("stopLoss.stopPrice", {}, {}, {"stop_price": Decimal(100)}),
        ("stopLoss.stopPrice", {"side": Side.SELL}, None, {}),
        ("stopLoss.stopPrice", {"type": OrderType.MARKET}, {}, {"stop_price": Decimal(110)}),
        ("stopLoss.stopPrice", {"type": OrderType.STOP, "stop_price": Decimal(89)}, None, {}),
        ("stopLoss.stopPrice", {}, {}, {"stop_price": None}),
        ("stopLoss.trailingOffset", {}, {}, {"type": OrderType.TRAILING_STOP, "stop_price": None}),
        (
            "stopLoss.trailingOffset",
            {},
            {},
            {
                "type": OrderType.TRAILING_STOP,
                "stop_price": None,
                "trailing_offset": Decimal("0.5"),
                "trailing_offset_kind": OffsetKind.TICKS,
            },
        ),
        ("stopLoss.clientOrderId", {"client_order_id": "a"}, {"client_order_id": "a"}, {}),
        ("stopLoss.clientOrderId", {}, {"client_order_id": "a"}, {"client_order_id": "a"}),
        ("stopLoss.clientOrderId", {}, {}, {"client_order_id": "x" * 65}),
    ],
)
def test_a_malformed_bracket_names_its_field(
    field: str, entry: dict[str, Any], profit: dict[str, Any] | None, stop: dict[str, Any] | None
) -> None:
    with pytest.raises(BadInput) as caught:
        check_bracket(bracket(entry, profit, stop), NOW)
    assert caught.value.field == caught.value.context["field"] == field


@pytest.mark.parametrize(
    ("entry", "profit", "stop"),
    [
        ({}, {}, {}),
        ({}, None, {}),
        ({}, {}, None),
        ({"type": OrderType.MARKET}, {}, {}),
        ({"side": Side.SELL}, {"limit_price": Decimal(90)}, {"stop_price": Decimal(110)}),
        ({"time_in_force": TimeInForce.DAY}, {"time_in_force": TimeInForce.DAY}, {"time_in_force": TimeInForce.DAY}),
        ({"time_in_force": TimeInForce.FOK}, {"time_in_force": TimeInForce.DAY}, {}),
        ({"time_in_force": TimeInForce.GTD, "expires_at": NOW + timedelta(days=1)}, {}, {}),
        ({"type": OrderType.STOP, "stop_price": Decimal(105)}, {}, {"stop_price": Decimal(104)}),
        ({}, {"type": OrderType.LIMIT_IF_TOUCHED, "stop_price": Decimal(109)}, {}),
        ({}, {}, {"type": OrderType.TRAILING_STOP, "stop_price": None, "trailing_offset": Decimal(5)}),
        ({"position_effect": PositionEffect.OPEN}, {"client_order_id": "a"}, {"client_order_id": "b"}),
    ],
)
def test_a_well_formed_bracket_passes(
    entry: dict[str, Any], profit: dict[str, Any] | None, stop: dict[str, Any] | None
) -> None:
    check_bracket(bracket(entry, profit, stop), NOW)


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        ("first.quantity", {"quantity": Decimal(0)}, {}),
        ("second.limitPrice", {}, {"limit_price": None}),
        ("second.accountId", {}, {"account_id": UUID(int=7)}),
        ("second.symbol", {}, {"symbol": "OTHER"}),
        ("first.type", {"type": OrderType.MARKET}, {}),
        ("second.type", {}, {"type": OrderType.MARKET_TO_LIMIT, "limit_price": None}),
        ("first.timeInForce", {"time_in_force": TimeInForce.FOK}, {}),
        ("second.timeInForce", {}, {"time_in_force": TimeInForce.IOC}),
        ("second.clientOrderId", {"client_order_id": "a"}, {"client_order_id": "a"}),
    ],
)
def test_a_malformed_oco_names_its_field(field: str, first: dict[str, Any], second: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        check_oco(PlaceOco(command(**first), command(**second)), NOW)
    assert caught.value.field == caught.value.context["field"] == field


def test_a_well_formed_oco_passes() -> None:
    check_oco(PlaceOco(command(side=Side.SELL, limit_price=Decimal(110)), command()), NOW)
    stop = command(type=OrderType.STOP, stop_price=Decimal(90), side=Side.SELL)
    check_oco(PlaceOco(command(side=Side.SELL, client_order_id="a"), stop), NOW)
