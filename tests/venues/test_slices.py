"""Exits above the largest order of a real venue: they go there in parts, each an order of its own."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.types import AccountKind
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, Side
from domain.orders.venues.emulation.slicing import parts_of
from domain.orders.venues.types import Capabilities, client_id_of
from domain.positions.types import Bucket
from tests.orders.factories import PERPETUAL, command
from tests.support.loopback import EVERYTHING, PLAIN, LoopbackVenue
from tests.support.remote_world import RemoteWorld

BOUNDED = replace(PERPETUAL, max_quantity=Decimal(5), min_quantity=Decimal(1), lot_size=Decimal(1))
STOP = {"type": OrderType.STOP, "stop_price": Decimal(95), "limit_price": None}


async def long_of(quantities: list[int], can: Capabilities) -> RemoteWorld:
    """A position that was bought with several orders."""
    world = RemoteWorld(BOUNDED, "10000", LoopbackVenue(capabilities=can), AccountKind.MARGIN)
    for quantity in quantities:
        world.place(command(symbol="COIN-PERP", type=OrderType.MARKET, quantity=Decimal(quantity)))
    await world.run()
    return world


def way_out(world: RemoteWorld, quantity: str, **terms: Any) -> Order:
    return world.place(
        command(symbol="COIN-PERP", side=Side.SELL, reduce_only=True, quantity=Decimal(quantity), **terms)
    )


def sales(world: RemoteWorld) -> list[tuple[str, str, str]]:
    """All sales, as we show them."""
    sold = [order for order in world.orders.values() if order.side is Side.SELL]
    return [(order.status.value, str(order.quantity), str(order.filled_quantity)) for order in sold]


async def at_rest(world: RemoteWorld) -> None:
    """All is answered, and the books are the venue's."""
    await world.clear_up()
    await world.check_truth()
    await world.check_ends()


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_stop_is_sliced_when_it_triggers(*, restarts: bool) -> None:
    world = await long_of([5, 5, 2], PLAIN)
    stop = way_out(world, "12", **STOP)
    await world.run()
    assert (stop.status, stop.quantity, stop.venue_order_id) == (OrderStatus.NEW, 12, None)
    world.tick("94", "94.1", "100")
    if restarts:
        world.restart()
    await at_rest(world)
    assert sales(world) == [("FILLED", "5", "5"), ("FILLED", "5", "5"), ("FILLED", "2", "2")]
    assert world.book.position(BOUNDED.id, Bucket.NET).quantity == 0
    assert all(row.quantity is not None and row.quantity <= 5 for row in world.there._orders.values())
    sliced = next(event for event in world.events if event.kind == "REPLACED" and event.order_id == stop.id)
    parts = [order for order in world.orders.values() if order.side is Side.SELL and order.id != stop.id]
    assert orjson.loads(sliced.payload)["detail"] == {"reason": "SLICED", "orders": [str(part.id) for part in parts]}
    assert [world.kinds(part) for part in parts] == [["PENDING_NEW", "NEW", "TRADE"]] * 2
    assert world.book.account.reserved == 0


async def test_a_native_stop_is_sent_in_slices() -> None:
    world = await long_of([5, 5, 1], EVERYTHING)
    way_out(world, "11", **STOP)
    await at_rest(world)
    assert sales(world) == [("NEW", "5", "0"), ("NEW", "5", "0"), ("NEW", "1", "0")]
    world.tick("94", "94.1", "100")
    await at_rest(world)
    assert {row[0] for row in sales(world)} == {"FILLED"}
    assert world.book.position(BOUNDED.id, Bucket.NET).quantity == 0


async def test_limit_and_market_exits_are_sliced() -> None:
    world = await long_of([5, 3], EVERYTHING)
    way_out(world, "8", limit_price=Decimal(120))
    await at_rest(world)
    assert sales(world) == [("NEW", "5", "0"), ("NEW", "3", "0")]
    way_out(world, "8", type=OrderType.MARKET, limit_price=None)
    await at_rest(world)
    # With the position the limits end.
    assert sorted(sales(world))[:2] == [("CANCELED", "3", "0"), ("CANCELED", "5", "0")]
    assert world.book.position(BOUNDED.id, Bucket.NET).quantity == 0


async def test_each_slice_is_cancelled_separately() -> None:
    world = await long_of([5, 5], EVERYTHING)
    first = way_out(world, "10", **STOP)
    await at_rest(world)
    world.cancel(first)
    await at_rest(world)
    assert sales(world) == [("CANCELED", "5", "0"), ("NEW", "5", "0")]
    assert world.there.requests("cancel") == [client_id_of(first.id)]


@given(st.integers(1, 500), st.integers(1, 40), st.integers(1, 10))
def test_slices_add_up_to_the_whole(quantity: int, largest: int, smallest: int) -> None:
    parts = parts_of(Decimal(quantity), Decimal(largest), Decimal(min(smallest, largest)))
    assert sum(parts) == quantity
    assert all(0 < part <= largest for part in parts)
    if quantity >= smallest and largest >= 2 * smallest:
        assert min(parts) >= smallest
