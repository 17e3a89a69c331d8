"""Changing an instrument's grid and bounds through the API, with orders that work on the terms of before."""

from decimal import Decimal
from typing import Any

import pytest
from graphql import graphql

from api.context import Context
from api.root import platform_schema
from domain.access.types import Actor
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.errors import DomainError
from domain.orders.model.order import Order
from domain.orders.model.types import OrderType, Side
from tests.orders.factories import command
from tests.support.trading import Platform

UPDATE = """mutation ($i: UpdateInstrumentInput!) { updateInstrument(input: $i) {
  tickSize lotSize minQuantity maxQuantity minNotional unfittingOrders { reason message order { clientOrderId } }
} }"""
ASK = "query ($s: String!) { instrument(symbol: $s) { unfittingOrders { reason order { clientOrderId } } } }"


async def ask(desk: Platform, actor: Actor, query: str, **variables: Any) -> Any:
    context = Context(desk.services, actor=actor)
    result = await graphql(platform_schema(), query, context_value=context, variable_values=variables)
    if result.errors:
        original = result.errors[0].original_error
        assert isinstance(original, DomainError), result.errors[0]
        return original.code.value, original.context.get("field")
    assert result.data is not None
    (value,) = result.data.values()
    return value


async def update(desk: Platform, **terms: Any) -> Any:
    return await ask(desk, desk.admin, UPDATE, i={"symbol": "COIN-PERP"} | terms)


def order(account_id: Any, name: str, quantity: str, price: str | None, **terms: Any) -> Any:
    limit = None if price is None else Decimal(price)
    values = {"symbol": "COIN-PERP", "quantity": Decimal(quantity), "limit_price": limit, "client_order_id": name}
    return command(account_id=account_id, **(values | terms))


async def works(desk: Platform, actor: Actor, *orders: Any) -> list[Order]:
    placed = await desk.place(actor, *orders)
    assert [row.reject_reason for row in placed] == [None] * len(placed)
    return await desk.settled(*(row.id for row in placed))


async def test_changing_terms_lists_the_working_orders_that_no_longer_fit(
    live_desk: Platform,
) -> None:
    desk = live_desk
    owner, account = await desk.open_account("10000", kind=AccountKind.MARGIN)
    other_owner, other = await desk.open_account("10000", kind=AccountKind.MARGIN)
    stop = {"type": OrderType.STOP_LIMIT, "side": Side.SELL, "stop_price": Decimal("95.02")}
    await works(desk, owner, order(account.id, "in", "2", None, type=OrderType.MARKET))
    await works(
        desk,
        owner,
        order(account.id, "fits", "2", "99.50"),
        order(account.id, "tick", "2", "99.52"),
        order(account.id, "lot", "2.005", "99.50"),
        order(account.id, "small", "0.5", "99.50"),
        order(account.id, "large", "9", "99.50"),
        order(account.id, "stop", "2", "95.00", **stop),
        order(account.id, "exit", "0.005", "110", side=Side.SELL, reduce_only=True),
    )
    await works(desk, other_owner, order(other.id, "theirs", "2", "99.51"))
    changed = await update(desk, tickSize="0.05", lotSize="0.01", minQuantity="1", maxQuantity="8", minNotional="20")
    assert {name: changed[name] for name in ("tickSize", "lotSize", "minQuantity", "maxQuantity", "minNotional")} == {
        "tickSize": "0.05",
        "lotSize": "0.01",
        "minQuantity": "1",
        "maxQuantity": "8",
        "minNotional": "20",
    }
    found = {row["order"]["clientOrderId"]: row["reason"] for row in changed["unfittingOrders"]}
    assert found == {
        "tick": "INVALID_TICK",
        "lot": "INVALID_LOT",
        "small": "QUANTITY_OUT_OF_RANGE",
        "large": "QUANTITY_OUT_OF_RANGE",
        "stop": "INVALID_TICK",
        "theirs": "INVALID_TICK",
    }
    # Each owner sees its own, at any time, and is told by an event.
    seen = await ask(desk, other_owner, ASK, s="COIN-PERP")
    assert [row["order"]["clientOrderId"] for row in seen["unfittingOrders"]] == ["theirs"]
    rows = await fetch("SELECT account_id, message FROM risk_events WHERE kind = 'INSTRUMENT_CHANGED' ORDER BY message")
    assert {row["account_id"] for row in rows} == {account.id, other.id}
    assert any(row["message"].endswith("any more: tick, lot, small, large, stop.") for row in rows)
    # They work on; the same again is refused.
    (refused,) = await desk.place(owner, order(account.id, "again", "2", "99.52"))
    assert refused.reject_reason == "INVALID_TICK"


async def test_null_removes_bounds_and_bounds_never_stop_an_exit(live_desk: Platform) -> None:
    desk = live_desk
    owner, account = await desk.open_account("10000", kind=AccountKind.MARGIN)
    (bought,) = await works(desk, owner, order(account.id, "in", "5", None, type=OrderType.MARKET))
    assert (await desk.filled(bought.id, "5")).filled_quantity == 5
    await update(desk, maxQuantity="2", minNotional="100000", minQuantity="1", lotSize="1")
    closes = {"type": OrderType.STOP, "side": Side.SELL, "stop_price": Decimal(90), "reduce_only": True}
    await works(desk, owner, order(account.id, "stop", "5", None, **closes))
    (refused,) = await desk.place(owner, order(account.id, "more", "5", "99"))
    assert refused.reject_reason == "QUANTITY_OUT_OF_RANGE"
    changed = await update(desk, maxQuantity=None, minNotional=None)
    assert (changed["maxQuantity"], changed["minNotional"], changed["minQuantity"]) == (None, None, "1")
    await works(desk, owner, order(account.id, "now", "5", "99"))


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"tickSize": "0"}, "tickSize"),
        ({"tickSize": "-0.01"}, "tickSize"),
        ({"lotSize": "0"}, "lotSize"),
        ({"minQuantity": "0"}, "minQuantity"),
        ({"maxQuantity": "0"}, "maxQuantity"),
        ({"maxQuantity": "0.0001"}, "maxQuantity"),
        ({"minNotional": "-1"}, "minNotional"),
    ],
)
async def test_invalid_terms_change_nothing(quiet_desk: Platform, terms: dict[str, str], field: str) -> None:
    before = await quiet_desk.services.market.find("COIN-PERP")
    assert await update(quiet_desk, **terms) == ("BAD_USER_INPUT", field)
    assert (await quiet_desk.services.market.refresh()).by_symbol["COIN-PERP"] == before


async def test_the_paper_venue_trails_on_the_new_tick_grid(live_desk: Platform) -> None:
    desk = live_desk
    owner, account = await desk.open_account("10000", kind=AccountKind.MARGIN)
    await works(desk, owner, order(account.id, "in", "5", None, type=OrderType.MARKET))
    await update(desk, tickSize="0.25")
    trail = {"type": OrderType.TRAILING_STOP, "side": Side.SELL, "trailing_offset": Decimal("1.1"), "reduce_only": True}
    (placed,) = await works(desk, owner, order(account.id, "trail", "5", None, **trail))
    assert placed.stop_price == Decimal("98.75")
