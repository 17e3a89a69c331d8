"""Exits at a venue that has no reduce-only orders: never more than there is, and none without a position."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.accounts.types import AccountKind
from domain.orders.model.commands import OrderLeg, PlaceBracket
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, Side
from domain.orders.venues.types import client_id_of
from domain.positions.types import Bucket
from tests.orders.factories import PERPETUAL, command
from tests.support.loopback import EVERYTHING, PLAIN, LoopbackVenue
from tests.support.remote_world import RemoteWorld

# Takes stops, and knows neither reduce-only orders nor groups.
STOPS = replace(EVERYTHING, brackets=False, oco=False, reduce_only=False, times_in_force=PLAIN.times_in_force)


@pytest.fixture(params=[STOPS, PLAIN, EVERYTHING], ids=["stops", "plain", "everything"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[RemoteWorld]:
    venue = LoopbackVenue(capabilities=request.param)
    made = RemoteWorld(PERPETUAL, "1000", venue, AccountKind.MARGIN)
    yield made
    await made.clear_up()
    await made.check_truth()
    await made.check_ends()


def exit_of(kind: OrderType, quantity: str = "4", **prices: str) -> Any:
    terms = {name: Decimal(price) for name, price in prices.items()}
    values = {"symbol": "COIN-PERP", "side": Side.SELL, "type": kind, "reduce_only": True, "limit_price": None}
    return command(quantity=Decimal(quantity), **(values | terms))


async def long(world: RemoteWorld, quantity: str = "4") -> Order:
    order = world.place(command(symbol="COIN-PERP", type=OrderType.MARKET, quantity=Decimal(quantity)))
    await world.run()
    assert order.status is OrderStatus.FILLED
    return order


def held(world: RemoteWorld) -> Decimal:
    return world.book.position(PERPETUAL.id, Bucket.NET).quantity


async def test_two_exits_of_a_whole_position_never_flip_it(world: RemoteWorld) -> None:
    await long(world)
    profit = world.place(exit_of(OrderType.LIMIT, limit_price="105"))
    loss = world.place(exit_of(OrderType.STOP, stop_price="95"))
    await world.run()
    assert [order.status for order in (profit, loss)] == [OrderStatus.NEW] * 2
    if not world.there.capabilities.reduce_only:
        # The second waits here: together they would be for more than there is.
        assert client_id_of(loss.id) not in world.there.requests("submit")
    world.tick("94.9", "95.1")
    await world.run()
    assert (loss.status, loss.filled_quantity, held(world)) == (OrderStatus.FILLED, 4, 0)
    assert profit.status is OrderStatus.CANCELED
    world.tick("105", "105.2")
    await world.run()
    assert held(world) == 0
    assert world.book.account.reserved == 0


async def test_an_emulated_exit_is_reduced_to_the_remaining_position(world: RemoteWorld) -> None:
    await long(world)
    profit = world.place(exit_of(OrderType.LIMIT, limit_price="105"))
    loss = world.place(exit_of(OrderType.STOP, stop_price="95"))
    await world.run()
    world.tick("105", "105.2", "3")
    await world.run()
    assert (profit.filled_quantity, held(world)) == (3, 1)
    world.tick("94.9", "95.1")
    await world.run()
    assert (loss.status, loss.filled_quantity, held(world)) == (OrderStatus.FILLED, 1, 0)
    assert profit.status is OrderStatus.CANCELED


async def test_working_exits_end_when_the_position_was_closed_otherwise(world: RemoteWorld) -> None:
    await long(world)
    loss = world.place(exit_of(OrderType.STOP, stop_price="95"))
    await world.run()
    out = world.place(exit_of(OrderType.MARKET))
    await world.send()
    world.mail.clear()
    world.restart()
    await world.clear_up()
    assert (out.status, held(world), loss.status) == (OrderStatus.FILLED, 0, OrderStatus.CANCELED)
    # What is bought later is not sold by it.
    await long(world, "1")
    world.tick("90", "90.1")
    await world.run()
    assert held(world) == 1


async def test_cancelling_a_part_filled_entry_leaves_its_exits_working(world: RemoteWorld) -> None:
    entry = command(symbol="COIN-PERP", quantity=Decimal(4), limit_price=Decimal(99))
    legs = (OrderLeg(OrderType.LIMIT, limit_price=Decimal(105)), OrderLeg(OrderType.STOP, stop_price=Decimal(95)))
    if world.there.capabilities.brackets:
        # The venue links them, and does what it does.
        return
    opened, profit, loss = world.bracket(PlaceBracket(entry, *legs))
    await world.run()
    world.tick("98.8", "98.9", "3")
    await world.run()
    world.cancel(opened)
    await world.run()
    assert (opened.status, opened.filled_quantity) == (OrderStatus.CANCELED, 3)
    assert [(leg.status, leg.quantity) for leg in (profit, loss)] == [(OrderStatus.NEW, 3)] * 2
    world.tick("94.9", "95.1")
    await world.run()
    assert (held(world), profit.status, loss.status) == (0, OrderStatus.CANCELED, OrderStatus.FILLED)


async def test_an_entry_ends_when_the_exits_of_its_bracket_end(world: RemoteWorld) -> None:
    if world.there.capabilities.brackets:
        return
    entry = command(symbol="COIN-PERP", quantity=Decimal(4), limit_price=Decimal(99))
    opened, loss = world.bracket(PlaceBracket(entry, stop_loss=OrderLeg(OrderType.STOP, stop_price=Decimal(95))))
    await world.run()
    world.tick("98.8", "98.9", "3")
    await world.run()
    world.place(exit_of(OrderType.MARKET, "3"))
    await world.clear_up()
    assert held(world) == 0
    assert [order.status for order in (opened, loss)] == [OrderStatus.CANCELED] * 2
