"""The paper venue's router over crashes: every tick is matched once, whatever fails and whenever."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.kernel.database import fetch, fetch_row
from domain.kernel.ids import new_id
from domain.kernel.lease_queries import read_position
from domain.kernel.retry_policies import RetryPolicy
from domain.kernel.time import Nanos
from domain.market.service import publish_quotes
from domain.market.types import QuoteTick
from domain.orders.books import venue_step
from domain.orders.books.proof import prove_book
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, Side, TimeInForce
from domain.orders.queries import read_executions_of, read_orders
from tests.orders.factories import SPOT
from tests.support.trading import Platform, platform, running_venue
from tests.support.waiting import until
from workers.venue import ROLE
from workers.venue_loop import VenueLoop


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


def bid(account_id: UUID, price: str, quantity: str = "2", **others: Any) -> PlaceOrder:
    values: dict[str, Any] = {
        "account_id": account_id,
        "symbol": "COIN",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": Decimal(quantity),
        "limit_price": Decimal(price),
        "time_in_force": TimeInForce.GTC,
    }
    return PlaceOrder(**(values | others))


async def executions(order: Order) -> list[tuple[Decimal, Decimal]]:
    rows = await fetch("SELECT price, quantity FROM executions WHERE order_id = $1 ORDER BY sequence", order.id)
    return [(row["price"], row["quantity"]) for row in rows]


async def test_ticks_missed_by_a_stopped_router_are_matched_later(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (order,) = await desk.place(owner, bid(account.id, "99"))
    async with running_venue(desk):
        await desk.settled(order.id)
    await desk.quote("COIN", "98.9", "99", "0.5")
    await desk.quote("COIN", "98.9", "98.95", "0.7")
    await desk.quote("COIN", "101", "101.02")
    async with running_venue(desk):
        await desk.filled(order.id, "1.2")
    async with running_venue(desk):
        await desk.quote("COIN", "98.9", "99", "0.8")
        await desk.filled(order.id, "2")
    assert await executions(order) == [(99, Decimal("0.5")), (99, Decimal("0.7")), (99, Decimal("0.8"))]
    assert (await prove_book(account.id, (await desk.services.market.catalog()).by_id)).breaks == []


async def test_a_failed_step_is_repeated_and_takes_effect_once(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    write, failures = venue_step._write, [True, True, False, True]

    async def write_or_fail(*arguments: Any) -> None:
        await write(*arguments)
        if failures and failures.pop(0):
            raise RuntimeError("the process dies before the commit")

    owner, account = await desk.open_account("1000")
    orders = await desk.place(owner, bid(account.id, "99"), bid(account.id, "100.01", "1"))
    monkeypatch.setattr(venue_step, "_write", write_or_fail)
    monkeypatch.setattr("workers.venue_loop.DATABASE", RetryPolicy(0.01, 0.01))
    async with running_venue(desk):
        await desk.settled(*(order.id for order in orders))
        await desk.quote("COIN", "98.9", "99", "0.5")
        await desk.filled(orders[0].id, "0.5")
    assert failures == []
    assert await executions(orders[0]) == [(99, Decimal("0.5"))]
    assert await executions(orders[1]) == [(Decimal("100.01"), Decimal(1))]
    assert (await prove_book(account.id, (await desk.services.market.catalog()).by_id)).breaks == []


async def test_a_reader_of_ticks_that_breaks_is_started_again(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    read, failures = VenueLoop._read_ticks, [True, True]

    async def read_or_fail(loop: VenueLoop) -> None:
        if failures:
            failures.pop()
            raise RuntimeError("ticks cannot be read")
        await read(loop)

    owner, account = await desk.open_account("1000")
    (order,) = await desk.place(owner, bid(account.id, "99"))
    monkeypatch.setattr(VenueLoop, "_read_ticks", read_or_fail)
    monkeypatch.setattr("workers.venue_loop.DATABASE", RetryPolicy(0.01, 0.01))
    async with running_venue(desk):
        await desk.settled(order.id)
        await desk.quote("COIN", "98.9", "99", "2")
        await desk.filled(order.id, "2")
    assert failures == []
    assert await executions(order) == [(99, Decimal(2))]


async def test_a_trailing_stop_continues_after_a_restart(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    trailing = bid(
        account.id,
        "0",
        "1",
        side=Side.SELL,
        type=OrderType.TRAILING_STOP,
        limit_price=None,
        trailing_offset=Decimal(2),
    )
    async with running_venue(desk):
        (bought,) = await desk.place(owner, bid(account.id, "100.01", "1"))
        await desk.settled(bought.id)
        (stop,) = await desk.place(owner, trailing)
        await desk.settled(stop.id)
    await desk.quote("COIN", "110", "110.02")

    async def moved() -> bool:
        return (await read_orders([stop.id]))[stop.id].stop_price == Decimal(108)

    async with running_venue(desk):
        await until(moved)
    await desk.quote("COIN", "108.01", "108.02")
    async with running_venue(desk):
        await desk.quote("COIN", "107.5", "107.6")
        done = await desk.filled(stop.id, "1")
    assert (done.status, done.average_price, done.version) == (OrderStatus.FILLED, Decimal("107.5"), 3)


async def test_a_replayed_market_continues_on_its_own_time(desk: Platform) -> None:
    at = Nanos.parse("2024-08-08T23:54:15.088169167Z")
    tick = QuoteTick("COIN", at, Decimal("99.99"), Decimal("100.01"), Decimal(5), Decimal(5))
    await publish_quotes(desk.services.market, desk.admin, [tick], replay="august")
    owner, account = await desk.open_account("1000")
    async with running_venue(desk):
        (order,) = await desk.place(owner, bid(account.id, "100.01", "1"))
        await desk.settled(order.id)
    (execution,) = (await read_executions_of([order.id]))[order.id]
    assert execution.at == at


async def test_the_position_of_ticks_without_effect_is_stored(desk: Platform) -> None:
    async with running_venue(desk):
        await desk.quote("COIN", "99", "101")
        newest = await desk.services.ticks.last_position()

        async def noted() -> bool:
            return await read_position(ROLE) == newest

        await until(noted)
    row = await fetch_row("SELECT count(*) AS n FROM account_events WHERE order_id IS NOT NULL")
    assert row is not None
    assert row["n"] == 0
