"""Closing positions through the API: through the ordinary path, never twice, never what is frozen."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from domain.access.types import AccountPermission, Role
from domain.accounts.service import set_account_state
from domain.accounts.types import AccountKind, AccountState, PositionMode
from domain.kernel.database import fetch
from domain.orders.model.order import Order
from domain.orders.model.types import OrderType, PositionEffect, Side
from domain.orders.queries import read_orders
from domain.positions.holds import Holds
from tests.positions.conftest import Holder
from tests.support.trading import Platform, instrument, running_venue
from tests.support.waiting import until

CLOSE = """mutation ($i: ClosePositionInput!) {
  closePosition(input: $i) {
    replayed order { id clientOrderId side type quantity limitPrice reduceOnly positionEffect status rejectReason }
  }
}"""
CLOSE_ALL = """mutation ($id: ID!, $cancel: Boolean! = false) {
  closeAllPositions(accountId: $id, cancelWorking: $cancel) {
    accepted rejected results { order { id symbol side quantity status } }
  }
}"""
FREEZE = "mutation ($i: FreezePositionInput!) { freezePosition(input: $i) { frozen closable } }"


def close(holder: Holder, **others: Any) -> dict[str, Any]:
    return {"accountId": str(holder.id), "symbol": "COIN-PERP"} | others


async def test_closing_a_position_sells_all_of_it_at_market(holder: Holder) -> None:
    await holder.buy("3")
    closed = await holder.ask(CLOSE, i=close(holder, clientOrderId="out"))
    order = closed["order"]
    assert not closed["replayed"]
    assert (order["side"], order["type"], order["quantity"], order["reduceOnly"]) == ("SELL", "MARKET", "3", True)
    assert (order["positionEffect"], order["clientOrderId"]) == ("CLOSE", "out")
    await holder.desk.filled((await _id(holder, "out")), "3")
    assert (await holder.position()).quantity == 0
    again = await holder.ask(CLOSE, i=close(holder, clientOrderId="out", cancelWorking=True))
    assert again["replayed"]
    assert again["order"]["id"] == order["id"]
    assert await holder.ask(CLOSE, i=close(holder, clientOrderId="out", quantity="3")) == ("CONFLICT", "clientOrderId")


async def _id(holder: Holder, client_order_id: str) -> Any:
    query = "query ($a: ID!, $c: String!) { order(accountId: $a, clientOrderId: $c) { id } }"
    return UUID((await holder.ask(query, a=str(holder.id), c=client_order_id))["id"])


async def test_a_short_position_is_closed_in_part_at_a_limit(holder: Holder) -> None:
    await holder.sell("3")
    closed = await holder.ask(CLOSE, i=close(holder, quantity="1", limitPrice="95", side="SHORT"))
    order = closed["order"]
    assert (order["side"], order["type"], order["quantity"], order["limitPrice"]) == ("BUY", "LIMIT", "1", "95")
    assert (await holder.position()).frozen == 1


async def test_closing_an_absent_position_is_refused_and_changes_nothing(holder: Holder) -> None:
    assert await holder.ask(CLOSE, i=close(holder)) == ("REJECTED", "INSUFFICIENT_POSITION")
    await holder.buy("3")
    before = await holder.snapshot()
    for others, error in (
        ({"quantity": "3.001"}, ("REJECTED", "INSUFFICIENT_POSITION")),
        ({"side": "SHORT"}, ("REJECTED", "INSUFFICIENT_POSITION")),
        ({"side": "FLAT"}, ("BAD_USER_INPUT", "side")),
        ({"quantity": "0"}, ("BAD_USER_INPUT", "quantity")),
        ({"quantity": "-1"}, ("BAD_USER_INPUT", "quantity")),
        ({"clientOrderId": ""}, ("BAD_USER_INPUT", "clientOrderId")),
        ({"symbol": "NOTHING"}, ("NOT_FOUND", "symbol")),
        ({"symbol": "COIN"}, ("REJECTED", "INSUFFICIENT_POSITION")),
        ({"accountId": "0"}, ("NOT_FOUND", "accountId")),
    ):
        assert await holder.ask(CLOSE, i=close(holder, **others)) == error, others
    stranger = await holder.desk.add_actor(Role.TRADER)
    assert await holder.ask(CLOSE, actor=stranger, i=close(holder)) == ("NOT_FOUND", "accountId")
    reader = replace(stranger, accounts={holder.id: frozenset({AccountPermission.READ, AccountPermission.FUNDS})})
    assert await holder.ask(CLOSE, actor=reader, i=close(holder)) == ("FORBIDDEN", None)
    assert await holder.snapshot() == before
    # Closing is stopping, which a risk manager may in every account.
    manager = await holder.desk.add_actor(Role.RISK_MANAGER)
    assert "order" in await holder.ask(CLOSE, actor=manager, i=close(holder))


async def test_business_checks_reject_a_close_as_any_other_order(holder: Holder) -> None:
    await holder.buy("3")
    risk = await holder.desk.add_actor(Role.RISK_MANAGER)
    await set_account_state(holder.desk.services.bus, risk, holder.id, AccountState.HALTED, "inquiry")
    order = (await holder.ask(CLOSE, i=close(holder, limitPrice="100.001")))["order"]
    assert (order["status"], order["rejectReason"]) == ("REJECTED", "INVALID_TICK")
    # A halt is no reason to stay in.
    order = (await holder.ask(CLOSE, i=close(holder)))["order"]
    assert (order["status"], order["rejectReason"]) == ("PENDING_NEW", None)


async def test_two_concurrent_closes_close_once(holder: Holder) -> None:
    await holder.buy("3")
    answers = await asyncio.gather(*(holder.ask(CLOSE, i=close(holder, limitPrice="120")) for _ in range(4)))
    assert [answer["order"]["quantity"] for answer in answers] == ["3"] * 4
    assert ((await holder.position()).frozen, (await holder.value()).reserved) == (3, 4 * Decimal("0.36"))
    orders = [UUID(answer["order"]["id"]) for answer in answers]
    await holder.desk.settled(*orders)
    await holder.desk.quote("COIN-PERP", "120", "120.1")
    over = await ended(holder, *orders)
    assert sorted(order.status for order in over) == ["CANCELED"] * 3 + ["FILLED"]
    assert ((await holder.position()).quantity, (await holder.value()).reserved) == (0, 0)


async def ended(holder: Holder, *order_ids: UUID) -> list[Order]:
    """The orders once all of them are over."""

    async def over() -> list[Order] | None:
        orders = list((await read_orders(order_ids)).values())
        return orders if not any(order.is_open for order in orders) else None

    return await until(over)


async def test_working_exits_do_not_block_a_close(holder: Holder) -> None:
    await holder.buy("3")
    limit = {"type": OrderType.LIMIT, "limit_price": Decimal(120)}
    resting = await holder.order("COIN-PERP", Side.SELL, "2", **limit)
    entry = await holder.order("COIN-PERP", Side.BUY, "1", type=OrderType.LIMIT, limit_price=Decimal(80))
    first = await holder.ask(CLOSE, i=close(holder, limitPrice="110"))
    assert first["order"]["quantity"] == "3"
    last = await holder.ask(CLOSE, i=close(holder, cancelWorking=True, clientOrderId="now"))
    assert last["order"]["quantity"] == "3"
    await holder.desk.filled(await _id(holder, "now"), "3")
    orders = await holder.desk.settled(resting.id, entry.id)
    assert [order.status for order in orders] == ["CANCELED", "NEW"]


async def test_hedged_legs_are_closed_by_side(desk: Platform) -> None:
    terms = {"kind": AccountKind.MARGIN, "position_mode": PositionMode.HEDGING}
    holder = Holder(desk, *await desk.open_account("1000", **terms))
    await holder.buy("3")
    await holder.sell("2")
    assert await holder.ask(CLOSE, i=close(holder)) == ("BAD_USER_INPUT", "side")
    order = (await holder.ask(CLOSE, i=close(holder, side="SHORT", clientOrderId="s")))["order"]
    assert (order["side"], order["quantity"]) == ("BUY", "2")
    await desk.filled(await _id(holder, "s"), "2")
    # One leg is left: which one is meant needs no saying.
    assert (await holder.ask(CLOSE, i=close(holder, limitPrice="120")))["order"]["quantity"] == "3"


async def test_a_reduce_only_order_reduces_its_leg_whatever_the_other_leg_holds(desk: Platform) -> None:
    terms = {"kind": AccountKind.MARGIN, "position_mode": PositionMode.HEDGING}
    holder = Holder(desk, *await desk.open_account("1000", **terms))
    await holder.buy("3")
    await holder.sell("2")
    closes = {"reduce_only": True, "position_effect": PositionEffect.CLOSE}
    order = await holder.order("COIN-PERP", Side.BUY, "2", **closes)
    await desk.filled(order.id, "2")
    assert [row.quantity for row in (await holder.value()).positions] == [3, 0]


async def test_hedging_legs_stay_separate_after_a_venue_restart(quiet: Platform) -> None:
    terms = {"kind": AccountKind.MARGIN, "position_mode": PositionMode.HEDGING}
    holder = Holder(quiet, *await quiet.open_account("1000", **terms))
    async with running_venue(quiet):
        limits = {"type": OrderType.LIMIT}
        bought = await holder.order("COIN-PERP", Side.BUY, "3", limit_price=Decimal(99), **limits)
        sold = await holder.order("COIN-PERP", Side.SELL, "2", limit_price=Decimal(101), **limits)
    async with running_venue(quiet):
        await quiet.quote("COIN-PERP", "98", "98.02")
        await quiet.filled(bought.id, "3")
        await quiet.quote("COIN-PERP", "102", "102.02")
        await quiet.filled(sold.id, "2")
        closes = {"reduce_only": True, "position_effect": PositionEffect.CLOSE}
        order = await holder.order("COIN-PERP", Side.BUY, "2", **closes)
        await quiet.filled(order.id, "2")
    assert [row.quantity for row in (await holder.value()).positions] == [3, 0]


async def test_a_close_takes_all_units_that_are_not_frozen(holder: Holder) -> None:
    assert await holder.ask(CLOSE_ALL, id=str(holder.id)) == {"accepted": 0, "rejected": 0, "results": []}
    await holder.buy("3")
    await holder.buy("2", "COIN")
    frozen = {"accountId": str(holder.id), "symbol": "COIN", "quantity": "0.5", "reason": "collateral"}
    assert await holder.ask(FREEZE, i=frozen) == {"frozen": "0.5", "closable": "1.5"}
    entry = await holder.order("COIN-PERP", Side.BUY, "1", type=OrderType.LIMIT, limit_price=Decimal(80))
    closed = await holder.ask(CLOSE_ALL, id=str(holder.id), cancel=True)
    orders = [result["order"] for result in closed["results"]]
    assert [(order["symbol"], order["side"], order["quantity"]) for order in orders] == [
        ("COIN-PERP", "SELL", "3"),
        ("COIN", "SELL", "1.5"),
    ]
    assert (await desk_status(holder, entry.id)) == "CANCELED"
    for order, quantity in zip(orders, ("3", "1.5"), strict=True):
        await holder.desk.filled(UUID(order["id"]), quantity)
    assert await holder.ask(CLOSE_ALL, id=str(holder.id)) == {"accepted": 0, "rejected": 0, "results": []}
    assert (await holder.position("COIN")).quantity == Decimal("0.5")


async def desk_status(holder: Holder, order_id: Any) -> str:
    return str((await holder.desk.settled(order_id))[0].status)


async def test_a_position_above_the_largest_order_is_closed_by_several_orders(desk: Platform) -> None:
    await desk.add_instrument(instrument("SMALL", max_quantity=Decimal(2)))
    await desk.quote("SMALL", "99.99", "100.01")
    holder = Holder(desk, *await desk.open_account("1000"))
    for _ in range(3):
        await holder.buy("1.5", "SMALL")
    closed = await holder.ask(CLOSE_ALL, id=str(holder.id))
    assert [result["order"]["quantity"] for result in closed["results"]] == ["2", "2", "0.5"]
    assert closed["accepted"] == 3


async def test_a_reduce_only_order_does_not_take_frozen_units(holder: Holder) -> None:
    await holder.buy("3")
    frozen = {"accountId": str(holder.id), "symbol": "COIN-PERP", "quantity": "1", "reason": "collateral"}
    await holder.ask(FREEZE, i=frozen)
    limit = {"type": OrderType.LIMIT, "limit_price": Decimal(120)}
    for others in ({"reduce_only": True}, {}, {"position_effect": PositionEffect.CLOSE}):
        refused = await holder.order("COIN-PERP", Side.SELL, "3", **limit, **others)
        assert refused.reject_reason == "INSUFFICIENT_POSITION"
    assert (await holder.order("COIN-PERP", Side.SELL, "2", **limit)).status == "NEW"


async def test_units_frozen_by_a_lower_role_do_not_stop_a_close(holder: Holder) -> None:
    await holder.buy("3")
    admin, risk = await holder.desk.add_actor(Role.ADMIN), await holder.desk.add_actor(Role.RISK_MANAGER)
    for actor, quantity in ((holder.actor, "1"), (risk, "0.5"), (admin, "0.25")):
        frozen = {"accountId": str(holder.id), "symbol": "COIN-PERP", "quantity": quantity, "reason": "held"}
        assert "frozen" in await holder.ask(FREEZE, actor=actor, i=frozen)
    for actor, quantity in ((holder.actor, "1.25"), (risk, "2.25"), (admin, "2.75")):
        asked = close(holder, limitPrice="120", quantity=str(Decimal(quantity) + Decimal("0.001")))
        assert await holder.ask(CLOSE, actor=actor, i=asked) == ("REJECTED", "INSUFFICIENT_POSITION")
    # What is refused for other reasons leaves everything frozen.
    before = (await holder.position()).position.holds
    refused = await holder.ask(CLOSE, actor=risk, i=close(holder, limitPrice="120.001"))
    assert refused["order"]["rejectReason"] == "INVALID_TICK"
    assert (await holder.position()).position.holds == before
    closed = await holder.ask(CLOSE, actor=risk, i=close(holder, limitPrice="120"))
    assert (closed["order"]["quantity"], closed["order"]["rejectReason"]) == ("2.25", None)
    left = (await holder.position()).position.holds
    assert left == Holds(Decimal("0.75"), Decimal("0.5"), Decimal("0.25"), (None, risk.email, admin.email))
    rows = await fetch(
        "SELECT payload FROM account_events WHERE account_id = $1 AND kind = 'POSITION_UNFROZEN'", holder.id
    )
    assert [orjson.loads(row["payload"])["detail"] for row in rows] == [
        {"by": risk.email, "quantity": "1", "reason": "Released to close the position."}
    ]
