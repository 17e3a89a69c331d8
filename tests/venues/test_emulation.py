"""Emulation for a venue with market and limit orders only: each test ends with its books proved."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.accounts.types import AccountKind
from domain.orders.model.commands import OrderLeg, PlaceBracket, PlaceOco
from domain.orders.model.order import Order
from domain.orders.model.types import OffsetKind, OrderStatus, OrderType, RejectReason, Side, TimeInForce
from domain.orders.venues.types import client_id_of
from tests.orders.factories import NOW, SPOT, command
from tests.support.loopback import PLAIN, LoopbackVenue
from tests.support.remote_world import RemoteWorld


@pytest.fixture
async def world() -> AsyncIterator[RemoteWorld]:
    made = RemoteWorld(SPOT, "10000", LoopbackVenue(capabilities=PLAIN))
    yield made
    await made.run()
    await made.check_truth()
    await made.check_ends()


def sell(kind: OrderType, quantity: str = "1", **others: Any) -> Any:
    values = {"side": Side.SELL, "type": kind, "quantity": Decimal(quantity), "limit_price": None}
    numbers = {name: Decimal(value) if type(value) is str else value for name, value in others.items()}
    return command(**(values | numbers))


async def bought(world: RemoteWorld, quantity: str = "2") -> Order:
    """A position of so much, at 100.01."""
    order = world.place(command(type=OrderType.MARKET, quantity=Decimal(quantity)))
    await world.run()
    assert (order.status, order.average_price) == (OrderStatus.FILLED, Decimal("100.01"))
    return order


def sent(world: RemoteWorld, order: Order) -> tuple[str, Decimal, Decimal | None]:
    """The order as sent to the venue: its type, quantity and limit."""
    there = world.there.told(client_id_of(order.id))
    assert there.quantity is not None
    return ("LIMIT" if there.limit_price is not None else "MARKET", there.quantity, there.limit_price)


def is_there(world: RemoteWorld, order: Order) -> bool:
    return client_id_of(order.id) in world.there.requests("submit")


async def test_a_plain_order_is_sent_unchanged(world: RemoteWorld) -> None:
    order = world.place(command(quantity=Decimal(1), limit_price=Decimal("99.5")))
    assert (order.status, order.venue_order_id) == (OrderStatus.PENDING_NEW, None)
    await world.run()
    assert (order.status, order.venue_order_id) == (OrderStatus.NEW, "V1")
    world.tick("99.3", "99.4")
    await world.run()
    assert (order.status, order.average_price, order.fees) == (
        OrderStatus.FILLED,
        Decimal("99.5"),
        Decimal("0.05"),
    )
    assert world.kinds(order) == ["NEW", "TRADE"]


@pytest.mark.parametrize(
    ("kind", "terms", "reached", "goes"),
    [
        (OrderType.STOP, {"stop_price": "99"}, ("98.99", "99.1"), ("MARKET", 1, None)),
        (
            OrderType.STOP_LIMIT,
            {"stop_price": "99", "limit_price": "98.5"},
            ("99", "99.1"),
            ("LIMIT", 1, Decimal("98.5")),
        ),
        (OrderType.MARKET_IF_TOUCHED, {"stop_price": "101"}, ("101", "101.1"), ("MARKET", 1, None)),
        (
            OrderType.LIMIT_IF_TOUCHED,
            {"stop_price": "101", "limit_price": "101.5"},
            ("101.2", "101.3"),
            ("LIMIT", 1, Decimal("101.5")),
        ),
        (OrderType.TRAILING_STOP, {"trailing_offset": "1"}, ("98.9", "99"), ("MARKET", 1, None)),
    ],
)
async def test_a_stop_is_held_by_the_engine_until_it_triggers(
    world: RemoteWorld, kind: OrderType, terms: dict[str, str], reached: tuple[str, str], goes: tuple[Any, ...]
) -> None:
    await bought(world)
    order = world.place(sell(kind, **terms))
    await world.run()
    assert (order.status, order.venue_order_id, is_there(world, order)) == (OrderStatus.NEW, None, False)
    world.tick(*reached)
    assert order.triggered_at is not None
    await world.run()
    assert sent(world, order) == goes
    assert order.venue_order_id == "V2"
    assert world.kinds(order)[:3] == ["NEW", "TRIGGERED", "NEW"]


async def test_a_trailing_stop_follows_the_market_in_the_engine(world: RemoteWorld) -> None:
    await bought(world)
    order = world.place(sell(OrderType.TRAILING_STOP, trailing_offset="100", trailing_offset_kind=OffsetKind.TICKS))
    world.tick("104.99", "105.01")
    await world.run()
    assert (order.stop_price, is_there(world, order)) == (Decimal("103.99"), False)
    world.tick("103.9", "103.95")
    await world.run()
    assert (order.status, order.average_price) == (OrderStatus.FILLED, Decimal("103.9"))


async def test_the_engine_expires_orders(world: RemoteWorld) -> None:
    until = NOW + timedelta(seconds=30)
    start = int(world.clock)
    order = world.place(command(limit_price=Decimal(90), time_in_force=TimeInForce.GTD, expires_at=until))
    order_there = world.there
    await world.run()
    assert order_there.told(client_id_of(order.id)).status is OrderStatus.NEW
    world.report(world.books.on_clock(world.nanos_of(until) - 1))
    await world.run()
    assert order.status is OrderStatus.NEW
    world.report(world.books.on_clock(world.nanos_of(until)))
    assert order.status is OrderStatus.NEW
    await world.run()
    assert (order.status, order.closed_at is not None) == (OrderStatus.EXPIRED, True)
    assert order_there.told(client_id_of(order.id)).status is OrderStatus.CANCELED
    assert start <= world.clock


async def test_a_filled_take_profit_cancels_the_stop_loss(world: RemoteWorld) -> None:
    entry, profit, loss = world.bracket(
        PlaceBracket(
            command(type=OrderType.MARKET, quantity=Decimal(2)),
            OrderLeg(OrderType.LIMIT, limit_price=Decimal(105)),
            OrderLeg(OrderType.STOP, stop_price=Decimal(95)),
        )
    )
    assert (profit.status, loss.status) == (OrderStatus.HELD, OrderStatus.HELD)
    await world.run()
    assert (entry.status, profit.status, loss.status) == (OrderStatus.FILLED, OrderStatus.NEW, OrderStatus.NEW)
    # Exits wait here, so that both can never be there at once.
    assert [is_there(world, order) for order in (entry, profit, loss)] == [True, False, False]
    world.tick("105", "105.1", "0.5")
    await world.run()
    assert sent(world, profit) == ("LIMIT", 2, 105)
    assert (profit.filled_quantity, loss.quantity) == (Decimal("0.5"), Decimal("1.5"))
    world.tick("105", "105.1", "5")
    await world.run()
    assert (profit.status, loss.status, is_there(world, loss)) == (OrderStatus.FILLED, OrderStatus.CANCELED, False)


async def test_a_triggered_stop_loss_cancels_the_working_take_profit_first(world: RemoteWorld) -> None:
    _, profit, loss = world.bracket(
        PlaceBracket(
            command(type=OrderType.MARKET, quantity=Decimal(2)),
            OrderLeg(OrderType.LIMIT, limit_price=Decimal(105)),
            OrderLeg(OrderType.STOP, stop_price=Decimal(95)),
        )
    )
    await world.run()
    world.tick("105", "105.1", "0.5")
    await world.run()
    world.tick("94", "94.1")
    # The profit is called back before the stop may go.
    assert (loss.triggered_at is not None, is_there(world, loss)) == (True, False)
    await world.run()
    assert (profit.status, profit.filled_quantity) == (OrderStatus.CANCELED, Decimal("0.5"))
    assert sent(world, loss) == ("MARKET", Decimal("1.5"), None)
    assert (loss.status, loss.average_price) == (OrderStatus.FILLED, 94)


async def test_a_stop_loss_is_not_sent_while_the_take_profit_cannot_be_cancelled(world: RemoteWorld) -> None:
    _, profit, loss = world.bracket(
        PlaceBracket(
            command(type=OrderType.MARKET, quantity=Decimal(2)),
            OrderLeg(OrderType.LIMIT, limit_price=Decimal(105)),
            OrderLeg(OrderType.STOP, stop_price=Decimal(95)),
        )
    )
    await world.run()
    world.quote_here("105", "105.1")
    await world.run()
    # Here the stop is reached, while there the profit is taken.
    world.quote_here("94", "94.1")
    world.there.quote("COIN", "105", "105.1")
    await world.run()
    assert (profit.status, loss.status, is_there(world, loss)) == (OrderStatus.FILLED, OrderStatus.CANCELED, False)


async def test_a_complete_exit_cancels_the_rest_of_its_entry(world: RemoteWorld) -> None:
    entry, profit, _ = world.bracket(
        PlaceBracket(
            command(quantity=Decimal(3), limit_price=Decimal(99)),
            OrderLeg(OrderType.LIMIT, limit_price=Decimal(105)),
            OrderLeg(OrderType.STOP, stop_price=Decimal(95)),
        )
    )
    await world.run()
    world.tick("98.8", "98.9", "1")
    await world.run()
    assert (entry.filled_quantity, profit.quantity) == (1, 1)
    world.tick("105", "105.1")
    await world.run()
    assert (entry.status, profit.status, profit.filled_quantity) == (OrderStatus.CANCELED, OrderStatus.FILLED, 1)


async def test_only_one_order_of_an_oco_is_at_the_venue(world: RemoteWorld) -> None:
    await bought(world)
    profit, loss = world.oco(PlaceOco(sell(OrderType.LIMIT, limit_price="105"), sell(OrderType.STOP, stop_price="95")))
    await world.run()
    assert [is_there(world, order) for order in (profit, loss)] == [False, False]
    world.tick("94.9", "95")
    await world.run()
    assert (profit.status, loss.status) == (OrderStatus.CANCELED, OrderStatus.FILLED)
    assert [is_there(world, order) for order in (profit, loss)] == [False, True]


async def test_reduce_only_orders_are_reduced_to_the_position() -> None:
    world = RemoteWorld(SPOT, "10000", LoopbackVenue(capabilities=PLAIN), AccountKind.MARGIN)
    await bought(world, "2")
    order = world.place(sell(OrderType.LIMIT, "2", limit_price="103", reduce_only=True))
    other = world.place(sell(OrderType.LIMIT, "0.5", limit_price="102", reduce_only=True))
    world.tick("102", "102.1")
    await world.run()
    assert (other.status, other.filled_quantity) == (OrderStatus.FILLED, Decimal("0.5"))
    world.tick("103", "103.1")
    await world.run()
    assert sent(world, order) == ("LIMIT", Decimal("1.5"), 103)
    assert (order.status, order.quantity) == (OrderStatus.FILLED, Decimal("1.5"))
    await world.check_truth()


async def test_an_unsupported_order_is_rejected_before_it_is_sent(world: RemoteWorld) -> None:
    world.book.venue = PLAIN
    cases = {
        "takes no MARKET_TO_LIMIT orders": command(type=OrderType.MARKET_TO_LIMIT, limit_price=None),
        "takes no IOC orders": command(time_in_force=TimeInForce.IOC),
        "takes no post-only orders": command(post_only=True),
    }
    for message, asked in cases.items():
        order = world.place(asked)
        assert (order.status, order.reject_reason) == (OrderStatus.REJECTED, RejectReason.UNSUPPORTED_BY_VENUE)
        assert order.reject_message is not None
        assert message in order.reject_message
    world.book.venue = replace(PLAIN, quantity_decimals=1, price_decimals=0)
    assert world.place(command(quantity=Decimal("0.25"))).reject_reason is RejectReason.UNSUPPORTED_BY_VENUE
    assert world.place(command(limit_price=Decimal("99.5"))).reject_reason is RejectReason.UNSUPPORTED_BY_VENUE
    assert world.place(command(limit_price=Decimal("99"))).status is OrderStatus.PENDING_NEW


async def test_a_change_of_a_held_order_is_made_by_the_engine(world: RemoteWorld) -> None:
    await bought(world)
    order = world.place(sell(OrderType.STOP, stop_price="95"))
    world.modify(order, stop_price="97", quantity="2")
    assert (order.stop_price, order.quantity, order.pending_action) == (97, 2, None)
    world.tick("96", "96.1")
    await world.run()
    assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, 2)


async def test_a_change_of_an_order_at_the_venue_is_refused(world: RemoteWorld) -> None:
    order = world.place(command(limit_price=Decimal(99)))
    await world.run()
    world.book.venue = PLAIN
    decision = world.modify(order, limit_price="98")
    assert decision.refusal is not None
    assert decision.refusal[0] is RejectReason.UNSUPPORTED_BY_VENUE
    assert (order.limit_price, order.pending_action) == (99, None)


async def test_a_cancel_of_an_unsent_order_is_made_by_the_engine(world: RemoteWorld) -> None:
    order = world.place(command(limit_price=Decimal(99)))
    world.cancel(order)
    await world.run()
    assert (order.status, world.there.calls) == (OrderStatus.CANCELED, [])
