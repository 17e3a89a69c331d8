"""Exits through the API: nothing but the market stands in their way, and they end with the position."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.access.types import Role
from domain.accounts.service import set_account_state
from domain.accounts.types import AccountKind, AccountState, PositionMode
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.market.types import FeeSchedule
from domain.orders.books.busting import bust_execution
from domain.orders.model.order import Order
from domain.orders.model.types import OrderType, Side
from domain.orders.protection.halting import halt_trading
from domain.orders.queries import read_executions_of, read_orders
from domain.risk.halts import HaltTrading
from domain.risk.types import RiskScope
from tests.orders.factories import PERPETUAL
from tests.positions.conftest import Holder
from tests.support.trading import Platform, running_venue
from tests.support.waiting import until

PLACE = """mutation ($i: PlaceOrderInput!) {
  placeOrder(input: $i) { order { id status rejectReason rejectMessage reserved quantity } }
}"""
OCO = "mutation ($i: PlaceOcoInput!) { placeOco(input: $i) { orders { id status rejectReason reserved } } }"
RULE = "mutation ($i: CreateRiskRuleInput!) { createRiskRule(input: $i) { id } }"


def exits(holder: Holder, type_: str, quantity: str = "90", **others: Any) -> dict[str, Any]:
    return {
        "accountId": str(holder.id),
        "symbol": "COIN-PERP",
        "side": "SELL",
        "type": type_,
        "quantity": quantity,
        "timeInForce": "GTC",
        "reduceOnly": True,
    } | others


async def over(*order_ids: UUID) -> list[Order]:
    """The orders once all of them have ended."""

    async def ended() -> list[Order] | None:
        found = await read_orders(order_ids)
        orders = [found[order_id] for order_id in order_ids]
        return orders if not any(order.is_open for order in orders) else None

    return await until(ended)


async def why_it_ended(order: Order) -> tuple[str, str | None]:
    """The last event of an order, and the reason that it gives."""
    (row,) = await fetch(
        "SELECT kind, payload FROM account_events WHERE order_id = $1 ORDER BY sequence DESC LIMIT 1", order.id
    )
    detail = orjson.loads(row["payload"]).get("detail") or {}
    return row["kind"], detail.get("reason")


async def test_an_exit_is_accepted_whatever_limits_and_halts_apply(holder: Holder) -> None:
    await holder.buy("90")
    assert (await holder.ask(PLACE, i=exits(holder, "LIMIT", limitPrice="110")))["order"]["status"] == "PENDING_NEW"
    risk = await holder.desk.add_actor(Role.RISK_MANAGER)
    for kind, threshold in (("MAX_LEVERAGE", "0"), ("MAX_ORDER_QUANTITY", "0"), ("MAX_OPEN_ORDERS", "0")):
        rule = {"name": kind, "kind": kind, "scope": "GLOBAL", "threshold": threshold}
        assert "id" in await holder.ask(RULE, actor=risk, i=rule)
    halt = HaltTrading(RiskScope.GLOBAL, "storm", cancel_open_orders=False)
    await halt_trading(holder.desk.services.bus, risk, halt)
    for state in (AccountState.REDUCE_ONLY, AccountState.HALTED):
        await set_account_state(holder.desk.services.bus, risk, holder.id, state, "to see what gets out")
        for terms in (
            exits(holder, "STOP", stopPrice="95"),
            exits(holder, "STOP", "1", stopPrice="95"),
            exits(holder, "STOP_LIMIT", stopPrice="95", limitPrice="94"),
        ):
            placed = (await holder.ask(PLACE, i=terms))["order"]
            assert (placed["status"], placed["rejectReason"]) == ("PENDING_NEW", None), placed
    legs = {"first": exits(holder, "LIMIT", limitPrice="120"), "second": exits(holder, "STOP", stopPrice="90")}
    for placed in (await holder.ask(OCO, i=legs))["orders"]:
        assert placed["status"] == "PENDING_NEW", placed
    # What could open is refused as before.
    flips = exits(holder, "LIMIT", "91", limitPrice="110", reduceOnly=False)
    assert (await holder.ask(PLACE, i=flips))["order"]["rejectReason"] == "ACCOUNT_NOT_ACTIVE"
    sold = (await holder.ask(PLACE, i=exits(holder, "MARKET")))["order"]
    await holder.desk.filled(UUID(sold["id"]), "90")
    rows = await fetch("SELECT id FROM orders WHERE account_id = $1 AND reject_reason IS NULL", holder.id)
    orders = await over(*(row["id"] for row in rows))
    ended = [await why_it_ended(order) for order in orders if order.status == "CANCELED"]
    assert sorted(ended) == [("CANCELED", "GROUP")] + [("CANCELED", "REDUCE_ONLY")] * 8
    value = await holder.value()
    assert (value.reserved, value.positions[0].quantity, value.positions[0].frozen) == (0, 0, 0)


async def test_a_flip_needs_margin_for_what_it_opens_less_what_it_frees(desk: Platform) -> None:
    await desk.add_instrument(replace(PERPETUAL, id=new_id(), symbol="FREE", fees=FeeSchedule()))
    await desk.quote("FREE", "100", "100")
    holder = Holder(desk, *await desk.open_account("200", kind=AccountKind.MARGIN))
    await holder.buy("5", "FREE")
    flip = {"symbol": "FREE", "limitPrice": "100", "reduceOnly": False}
    refused = (await holder.ask(PLACE, i=exits(holder, "LIMIT", "25.001", **flip)))["order"]
    assert refused["rejectReason"] == "INSUFFICIENT_FUNDS"
    placed = (await holder.ask(PLACE, i=exits(holder, "LIMIT", "25", **flip)))["order"]
    assert (placed["rejectReason"], placed["reserved"]) == (None, "150")
    await desk.filled(UUID(placed["id"]), "25")
    value = await holder.value()
    assert (value.positions[0].quantity, value.initial_margin, value.reserved, value.equity) == (-20, 200, 0, 200)


async def test_exits_end_when_an_execution_that_opened_the_position_is_busted(holder: Holder) -> None:
    bought = await holder.buy("3")
    stop = await holder.order(
        "COIN-PERP", Side.SELL, "3", type=OrderType.STOP, stop_price=Decimal(95), reduce_only=True, limit_price=None
    )
    (execution,) = (await read_executions_of([bought.id]))[bought.id]
    risk = await holder.desk.add_actor(Role.RISK_MANAGER)
    await bust_execution(holder.desk.services.entry.context, risk, execution.id, "wrong market")
    (ended,) = await over(stop.id)
    assert await why_it_ended(ended) == ("CANCELED", "REDUCE_ONLY")
    assert (await holder.value()).reserved == 0
    # A later position is not closed by it.
    await holder.buy("2")
    await holder.desk.quote("COIN-PERP", "94", "94.02")
    assert (await holder.position()).quantity == 2


@pytest.mark.parametrize("reduce_only", [True, False])
async def test_a_cash_account_is_never_short_however_many_exits_work(desk: Platform, reduce_only: bool) -> None:
    holder = Holder(desk, *await desk.open_account("1000"))
    await holder.buy("5", "COIN")
    limit = {"type": OrderType.LIMIT, "limit_price": Decimal(110), "reduce_only": reduce_only}
    profit = await holder.order("COIN", Side.SELL, "5", **limit)
    stop = {"type": OrderType.STOP, "stop_price": Decimal(95), "reduce_only": True, "limit_price": None}
    loss = await holder.order("COIN", Side.SELL, "5", **stop)
    assert (profit.status, loss.status) == ("NEW", "NEW")
    await desk.quote("COIN", "94.99", "95.01")
    await desk.filled(loss.id, "5")
    (ended,) = await over(profit.id)
    assert await why_it_ended(ended) == ("CANCELED", "REDUCE_ONLY")
    await desk.quote("COIN", "110", "110.02")
    assert (await holder.position("COIN")).quantity == 0


async def test_exits_of_a_hedging_account_share_the_leg_over_a_restart_of_the_venue(quiet: Platform) -> None:
    terms = {"kind": AccountKind.MARGIN, "position_mode": PositionMode.HEDGING}
    holder = Holder(quiet, *await quiet.open_account("1000", **terms))
    async with running_venue(quiet):
        await holder.buy("3")
        await holder.sell("2")
        limit = {"type": OrderType.LIMIT, "limit_price": Decimal(110), "reduce_only": True}
        profit = await holder.order("COIN-PERP", Side.SELL, "3", **limit)
        stop = {"type": OrderType.STOP, "stop_price": Decimal(95), "reduce_only": True, "limit_price": None}
        loss = await holder.order("COIN-PERP", Side.SELL, "3", **stop)
        assert (profit.position_effect, loss.position_effect, loss.status) == ("CLOSE", "CLOSE", "NEW")
    async with running_venue(quiet):
        await quiet.quote("COIN-PERP", "94.99", "95.01")
        await quiet.filled(loss.id, "3")
        (ended,) = await over(profit.id)
    assert await why_it_ended(ended) == ("CANCELED", "REDUCE_ONLY")
    assert [row.quantity for row in (await holder.value()).positions] == [0, -2]
