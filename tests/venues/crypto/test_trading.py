"""Orders' lives between the platform and an exchange: whatever goes wrong, each order and each fill counts once."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from domain.orders.model.types import OrderStatus, OrderType, RejectReason, Side, TimeInForce
from domain.orders.queries import read_executions_of
from domain.orders.venues.types import client_id_of
from tests.support.binance import BinanceServer, Fault
from tests.support.binance.trading import ExchangeDesk, differences, events_of, exchange_desk, routing
from tests.support.waiting import eventually, until

TAKEN = [Fault.UNAVAILABLE_TAKEN, Fault.HANG_TAKEN]


@pytest.fixture
async def desk(server: BinanceServer, database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[ExchangeDesk]:
    async with exchange_desk(server, database_url, redis_url, tmp_path) as opened:
        yield opened


async def test_an_order_is_placed_filled_and_booked(desk: ExchangeDesk, server: BinanceServer) -> None:
    async with routing(desk):
        order = await desk.buy("0.5", "90")
        working = await desk.when(order, lambda order: order.status is OrderStatus.NEW)
        (there,) = server.orders
        assert there.client_id == client_id_of(order.id)
        assert working.venue_order_id == f"BTC/USDT:{there.id}"
        server.fill(there, "0.2", "90")
        server.fill(there, "0.1", "89.5")
        await desk.when(order, lambda order: order.filled_quantity == Decimal("0.3"))
        await desk.cancel(order)
        over = await desk.when(order, lambda order: order.status is OrderStatus.CANCELED)
    assert (over.filled_quantity, over.pending_action, over.reserved) == (Decimal("0.3"), None, 0)
    assert await desk.fills(order) == desk.fills_there()
    executions = (await read_executions_of([order.id]))[order.id]
    # A thousandth of the bitcoin bought, worth what it was bought at.
    assert sorted(row.fee for row in executions) == [Decimal("0.00895"), Decimal("0.018")]
    assert [row.at for row in executions] == [trade.at * 1_000_000 for trade in there.trades]
    assert await events_of(order.id) == ["PENDING_NEW", "NEW", "TRADE", "TRADE", "PENDING_CANCEL", "CANCELED"]
    await desk.check_books()


async def test_immediate_fills_and_refusals_are_booked(desk: ExchangeDesk, server: BinanceServer) -> None:
    async with routing(desk):
        bought = await desk.buy("0.5", "100.01", type=OrderType.MARKET, limit_price=None)
        partly = await desk.buy("5", "100.01", time_in_force=TimeInForce.IOC)
        filled = await desk.when(bought, lambda order: order.status is OrderStatus.FILLED)
        rest = await desk.when(partly, lambda order: not order.is_open)
        server.book.balances["USDT"] = Decimal(100)
        refused = await desk.buy("9", "95")
        rejected = await desk.when(refused, lambda order: not order.is_open)
    assert (filled.average_price, filled.filled_quantity) == (Decimal("100.01"), Decimal("0.5"))
    assert (rest.status, rest.filled_quantity) == (OrderStatus.EXPIRED, Decimal("1.5"))
    assert (rejected.status, rejected.reject_reason) == (OrderStatus.REJECTED, RejectReason.INSUFFICIENT_FUNDS)
    assert rejected.reject_message == "Account has insufficient balance for requested action."
    await desk.check_books()


@pytest.mark.parametrize("fault", TAKEN)
async def test_an_accepted_order_with_a_lost_answer_is_found(
    desk: ExchangeDesk, server: BinanceServer, fault: Fault
) -> None:
    server.faults.losing = True
    server.fault("POST", "order", fault)
    async with routing(desk):
        order = await desk.buy("0.5", "90")
        await eventually(lambda: len(server.orders) == 1)
        server.fill(server.orders[0], "0.2", "90")
        server.faults.losing = False
        await desk.when(order, lambda order: order.filled_quantity == Decimal("0.2"))
        server.fill(server.orders[0], "0.3", "90")
        await desk.when(order, lambda order: order.status is OrderStatus.FILLED)
    assert len(server.orders) == len(server.asked("POST", "order")) == 1
    assert await desk.fills(order) == desk.fills_there()
    await desk.check_books()


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.HANG])
async def test_an_order_whose_request_was_lost_is_rejected(
    desk: ExchangeDesk, server: BinanceServer, fault: Fault
) -> None:
    server.fault("POST", "order", fault)
    async with routing(desk):
        order = await desk.buy("0.5", "90")
        over = await desk.when(order, lambda order: not order.is_open)
    assert (over.status, over.reject_reason, over.reserved) == (OrderStatus.REJECTED, RejectReason.VENUE_REJECTED, 0)
    assert server.orders == []
    assert server.asked("GET", "order") != []
    await desk.check_books()


async def test_a_cancel_with_a_lost_answer_is_confirmed_later(desk: ExchangeDesk, server: BinanceServer) -> None:
    async with routing(desk):
        order = await desk.buy("0.5", "90")
        await desk.when(order, lambda order: order.status is OrderStatus.NEW)
        server.faults.losing = True
        server.fault("DELETE", "order", Fault.UNAVAILABLE_TAKEN)
        await desk.cancel(order)
        over = await desk.when(order, lambda order: not order.is_open)
    assert (over.status, over.pending_action) == (OrderStatus.CANCELED, None)
    assert len(server.asked("DELETE", "order")) == 1


async def test_missed_fills_are_booked_by_reconciliation(desk: ExchangeDesk, server: BinanceServer) -> None:
    async with routing(desk, reconcile_seconds=0.5):
        first, second = await desk.buy("0.5", "90"), await desk.buy("0.25", "91")
        for order in (first, second):
            await desk.when(order, lambda order: order.status is OrderStatus.NEW)
        server.faults.losing = True
        by_client = {order.client_id: order for order in server.orders}
        server.fill(by_client[client_id_of(first.id)], "0.2", "90")
        server.fill(by_client[client_id_of(second.id)], "0.25", "91")
        await desk.when(first, lambda order: order.filled_quantity == Decimal("0.2"))
        over = await desk.when(second, lambda order: not order.is_open)
        assert over.status is OrderStatus.FILLED
        server.faults.losing = False
        server.fill(by_client[client_id_of(first.id)], "0.3", "90")
        await desk.when(first, lambda order: order.status is OrderStatus.FILLED)
    assert sorted(await desk.fills(first) + await desk.fills(second)) == desk.fills_there()
    await desk.check_books()


async def test_fills_during_a_disconnection_are_booked_on_reconnection(
    desk: ExchangeDesk, server: BinanceServer
) -> None:
    async with routing(desk):
        order = await desk.buy("0.5", "90")
        await desk.when(order, lambda order: order.status is OrderStatus.NEW)
        connections = server.connections
        await server.stop()
        server.fill(server.orders[0], "0.2", "90")
        server.fill(server.orders[0], "0.3", "90")
        await server.__aenter__()
        over = await desk.when(order, lambda order: not order.is_open)
        assert over.status is OrderStatus.FILLED
        await eventually(lambda: server.connections > connections)
    assert await desk.fills(order) == desk.fills_there()
    await desk.check_books()


async def test_an_order_of_another_program_is_reported_and_left_alone(
    desk: ExchangeDesk, server: BinanceServer
) -> None:
    theirs = server.place("BTCUSDT", "SELL", "0.25", "110", client_id="web_0815")
    server.fill(theirs, "0.05", "110")
    async with routing(desk, reconcile_seconds=0.5):
        order = await desk.buy("0.5", "90")
        await desk.when(order, lambda order: order.status is OrderStatus.NEW)

        async def reported() -> bool:
            return ("FOREIGN_ORDER", f"BTC/USDT:{theirs.id}") in await differences()

        await until(reported)
        assert theirs.is_open
        assert server.asked("DELETE", "order") == []
        server.book.cancel(theirs)

        async def cleared() -> bool:
            return not any(kind == "FOREIGN_ORDER" for kind, _ in await differences())

        await until(cleared)
    await desk.check_books()


async def test_repeated_and_reordered_messages_change_nothing(desk: ExchangeDesk, server: BinanceServer) -> None:
    server.faults.doubling = True
    async with routing(desk, reconcile_seconds=0.5):
        orders = [await desk.buy("0.5", price) for price in ("90", "91", "92")]
        for order in orders:
            await desk.when(order, lambda order: order.status is OrderStatus.NEW)
        server.faults.holding = True
        for order in server.orders:
            for _ in range(4):
                server.fill(order, "0.1", str(order.price))
        server.book.cancel(server.orders[0])
        server.fill(server.orders[1], "0.1", "91")
        server.release(backwards=True)
        over = [await desk.when(order, lambda order: order.filled_quantity >= Decimal("0.4")) for order in orders]
        over[0] = await desk.when(orders[0], lambda order: not order.is_open)
        over[1] = await desk.when(orders[1], lambda order: not order.is_open)
    assert sorted([fill for order in orders for fill in await desk.fills(order)]) == desk.fills_there()
    states = {order.limit_price: (order.status, order.filled_quantity) for order in over}
    by_client = {order.client_id: order for order in server.orders}
    assert states == {
        order.limit_price: (
            {"CANCELED": OrderStatus.CANCELED, "FILLED": OrderStatus.FILLED}.get(
                by_client[client_id_of(order.id)].status, OrderStatus.PARTIALLY_FILLED
            ),
            by_client[client_id_of(order.id)].filled,
        )
        for order in orders
    }
    await desk.check_books()


async def test_a_router_that_dies_with_open_requests_is_followed_by_one_that_asks(
    desk: ExchangeDesk, server: BinanceServer
) -> None:
    server.fault("POST", "order", Fault.HANG_TAKEN)
    async with routing(desk):
        flying = await desk.buy("0.5", "90")
        await eventually(lambda: len(server.orders) == 1)
    server.fill(server.orders[0], "0.2", "90")
    waiting = await desk.buy("0.25", "91")
    async with routing(desk):
        await desk.when(flying, lambda order: order.filled_quantity == Decimal("0.2"))
        await desk.when(waiting, lambda order: order.status is OrderStatus.NEW)
        for order in server.orders:
            server.fill(order, str(order.remaining), str(order.price))
        for order in (flying, waiting):
            await desk.when(order, lambda order: order.status is OrderStatus.FILLED)
    assert len(server.orders) == len(server.asked("POST", "order")) == 2
    assert sorted(await desk.fills(flying) + await desk.fills(waiting)) == desk.fills_there()
    await desk.check_books()


async def test_unsupported_order_types_are_emulated(desk: ExchangeDesk, server: BinanceServer) -> None:
    async with routing(desk):
        bought = await desk.buy("0.5", "100.01")
        await desk.when(bought, lambda order: order.status is OrderStatus.FILLED)
        # The exchange took its fee in the coin.
        stop = await desk.buy(
            "0.4995", "1", side=Side.SELL, type=OrderType.STOP, limit_price=None, stop_price=Decimal("95")
        )
        await desk.when(stop, lambda order: order.status is OrderStatus.NEW)
        assert len(server.orders) == 1
        server.quote("BTCUSDT", "94.9", "95.1")
        await desk.quote("BTCUSDT.BINANCE", "94.9", "95.1")
        over = await desk.when(stop, lambda order: not order.is_open)
    assert (over.status, over.average_price) == (OrderStatus.FILLED, Decimal("94.9"))
    assert [(order.side, order.type) for order in server.orders] == [("BUY", "LIMIT"), ("SELL", "MARKET")]
    await desk.check_books()


async def test_many_concurrent_orders_survive_every_failure(desk: ExchangeDesk, server: BinanceServer) -> None:
    server.faults.doubling = True
    for fault in (*TAKEN, Fault.DROPPED_TAKEN):
        server.fault("POST", "order", fault)
    async with routing(desk, reconcile_seconds=1.0):
        orders = [await desk.buy("0.1", f"{90 + number}") for number in range(8)]
        await eventually(lambda: len(server.orders) >= 8, 20)
        for number, order in enumerate(server.orders):
            if number % 3 == 0:
                server.drop_sockets()
            server.fill(order, "0.04", str(order.price))
            await asyncio.sleep(0)
            server.fill(order, "0.06", str(order.price))
        for order in orders:
            over = await desk.when(order, lambda order: not order.is_open)
            assert (over.status, over.filled_quantity) == (OrderStatus.FILLED, Decimal("0.1"))
    assert len(server.orders) == len(server.asked("POST", "order")) == 8
    assert sorted([fill for order in orders for fill in await desk.fills(order)]) == desk.fills_there()
    await desk.check_books()
