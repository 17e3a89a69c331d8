"""Brackets and OCOs on real servers: they travel as one, survive their venue's end, and are placed once."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.event_queries import read_events
from domain.accounts.queries import read_books
from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, NotFound
from domain.kernel.ids import new_id
from domain.orders.books.proof import prove_book
from domain.orders.model.commands import ModifyOrder, OrderKey, OrderLeg, PlaceBracket, PlaceOco, PlaceOrder
from domain.orders.model.events import read_order_event
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, Side, TimeInForce
from domain.orders.queries import read_orders
from tests.support.trading import Platform, running_venue

S = OrderStatus


def order(account_id: UUID, **others: Any) -> PlaceOrder:
    values: dict[str, Any] = {
        "account_id": account_id,
        "symbol": "COIN",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": Decimal(2),
        "limit_price": Decimal(99),
        "time_in_force": TimeInForce.GTC,
    }
    return PlaceOrder(**(values | others))


def bracket(account_id: UUID, *names: str | None, **others: Any) -> PlaceBracket:
    entry, target, loss = names or (None, None, None)
    return PlaceBracket(
        order(account_id, client_order_id=entry, **others),
        OrderLeg(OrderType.LIMIT, limit_price=Decimal(110), client_order_id=target),
        OrderLeg(OrderType.STOP, stop_price=Decimal(90), client_order_id=loss),
    )


async def placed_bracket(desk: Platform, *given: Any, **others: Any) -> list[Order]:
    return [row.order for row in await desk.services.entry.place_bracket(given[0], bracket(*given[1:], **others))]


async def statuses(orders: list[Order]) -> list[OrderStatus]:
    found = await read_orders([row.id for row in orders])
    return [found[row.id].status for row in orders]


async def assert_proved(desk: Platform, account_id: UUID) -> None:
    proof = await prove_book(account_id, (await desk.services.market.catalog()).by_id)
    assert proof.breaks == []


async def test_a_bracket_survives_three_crashes_of_its_venue(quiet_desk: Platform) -> None:
    desk = quiet_desk
    owner, account = await desk.open_account("1000")
    orders = await placed_bracket(desk, owner, account.id)
    assert [row.status for row in orders] == [S.PENDING_NEW, S.HELD, S.HELD]
    assert [tuple(row) for row in await fetch("SELECT kind, order_id FROM venue_commands")] == [
        ("SUBMIT", orders[0].id)
    ]
    entry, target, loss = orders
    async with running_venue(desk):
        await desk.settled(entry.id)
        await desk.quote("COIN", "98.5", "99", "0.5")
        await desk.filled(entry.id, "0.5")
    async with running_venue(desk):
        await desk.quote("COIN", "98.5", "98.9", "5")
        await desk.filled(entry.id, "2")
        assert await statuses(orders) == [S.FILLED, S.NEW, S.NEW]
    async with running_venue(desk):
        await desk.quote("COIN", "110", "110.1", "0.5")
        await desk.filled(target.id, "0.5")
        assert (await read_orders([loss.id]))[loss.id].quantity == Decimal("1.5")
        await desk.quote("COIN", "89.9", "90", "5")
        await desk.filled(loss.id, "1.5")
        assert await statuses(orders) == [S.FILLED, S.CANCELED, S.FILLED]
    events = [read_order_event(event) for event in await read_events(account.id, 2)]
    told = [
        (event.kind, orders.index(next(row for row in orders if row.id == event.order.id))) for event in events if event
    ]
    assert told == [
        ("PENDING_NEW", 0),
        ("HELD", 1),
        ("HELD", 2),
        ("NEW", 0),
        ("TRADE", 0),
        ("RELEASED", 1),
        ("RELEASED", 2),
        ("NEW", 1),
        ("NEW", 2),
        ("TRADE", 0),
        ("REPLACED", 1),
        ("REPLACED", 2),
        ("TRADE", 1),
        ("REPLACED", 2),
        ("TRIGGERED", 2),
        ("TRADE", 2),
        ("CANCELED", 1),
    ]
    assert (await read_books([account.id]))[account.id].reserved == 0
    await assert_proved(desk, account.id)


async def test_a_restarted_venue_takes_a_group_that_it_has_not_received(quiet_desk: Platform) -> None:
    desk = quiet_desk
    owner, account = await desk.open_account("1000")
    async with running_venue(desk):
        (first,) = await desk.place(owner, order(account.id, limit_price=Decimal(50)))
        await desk.settled(first.id)
    orders = await placed_bracket(desk, owner, account.id, limit_price=Decimal(101))
    async with running_venue(desk):
        await desk.filled(orders[0].id, "2")
    assert await statuses(orders) == [S.FILLED, S.NEW, S.NEW]
    await assert_proved(desk, account.id)


async def test_cancelling_the_entry_cancels_the_exits_and_releases_all_reservations(live_desk: Platform) -> None:
    desk = live_desk
    owner, account = await desk.open_account("1000")
    orders = await placed_bracket(desk, owner, account.id)
    await desk.settled(orders[0].id)
    await desk.services.canceling.cancel_order(owner, OrderKey(id=orders[0].id))
    gone = await desk.settled(*(row.id for row in orders))
    assert [row.status for row in gone] == [S.CANCELED] * 3
    assert (await read_books([account.id]))[account.id].reserved == 0


async def test_a_held_exit_can_be_changed_and_cancelled(live_desk: Platform) -> None:
    desk = live_desk
    owner, account = await desk.open_account("1000")
    entry, target, loss = await placed_bracket(desk, owner, account.id)
    await desk.settled(entry.id)
    command = ModifyOrder(OrderKey(id=target.id), limit_price=Decimal(105), expected_version=1)
    await desk.services.modifying.modify_order(owner, command)
    await desk.services.canceling.cancel_order(owner, OrderKey(id=loss.id))
    changed, gone = await desk.settled(target.id, loss.id)
    assert (changed.status, changed.limit_price) == (S.HELD, Decimal(105))
    assert gone.status is S.CANCELED
    with pytest.raises(BadInput) as caught:
        await desk.services.modifying.modify_order(owner, replace(command, quantity=Decimal(1), expected_version=None))
    assert caught.value.field == "quantity"


async def test_a_repeated_bracket_returns_the_first_and_other_content_conflicts(quiet_desk: Platform) -> None:
    desk = quiet_desk
    owner, account = await desk.open_account("1000")
    entry = desk.services.entry
    first = await placed_bracket(desk, owner, account.id, "e", None, "s")
    again = await entry.place_bracket(owner, bracket(account.id, "e", None, "s"))
    assert [(row.order.id, row.replayed) for row in again] == [(row.id, True) for row in first]
    by_leg = await entry.place_bracket(owner, bracket(account.id, None, None, "s"))
    assert [row.order.id for row in by_leg] == [row.id for row in first]
    for wrong in (
        bracket(account.id, "e", None, "s", quantity=Decimal(3)),
        replace(bracket(account.id, "e", None, "s"), take_profit=None),
        bracket(account.id, "s", None, "e"),
        bracket(account.id, "e", "t", "s"),
    ):
        with pytest.raises(Conflict) as refused:
            await entry.place_bracket(owner, wrong)
        assert {"status", "version"} <= refused.value.context.keys()
    with pytest.raises(Conflict):
        await desk.place(owner, order(account.id, client_order_id="e"))
    with pytest.raises(Conflict) as caught:
        await entry.place_oco(owner, PlaceOco(order(account.id), order(account.id, client_order_id="e")))
    assert caught.value.context["field"] == "second.clientOrderId"
    assert len(await fetch("SELECT 1 FROM orders")) == 3
    assert len(await fetch("SELECT 1 FROM venue_commands")) == 1


async def test_an_oco_protects_a_position_and_a_fill_ends_the_other_order(quiet_desk: Platform) -> None:
    desk = quiet_desk
    owner, account = await desk.open_account("1000")
    async with running_venue(desk):
        (bought,) = await desk.place(owner, order(account.id, type=OrderType.MARKET, limit_price=None))
        await desk.settled(bought.id)
    target = order(account.id, side=Side.SELL, limit_price=Decimal(110))
    loss = order(account.id, side=Side.SELL, type=OrderType.STOP, limit_price=None, stop_price=Decimal(90))
    pair = [row.order for row in await desk.services.entry.place_oco(owner, PlaceOco(target, loss))]
    assert [row.status for row in pair] == [S.PENDING_NEW, S.PENDING_NEW]
    async with running_venue(desk):
        await desk.settled(*(row.id for row in pair))
    await assert_proved(desk, account.id)
    async with running_venue(desk):
        await desk.quote("COIN", "110.5", "110.6")
        await desk.filled(pair[0].id, "2")
    assert await statuses(pair) == [S.FILLED, S.CANCELED]
    await assert_proved(desk, account.id)


async def test_a_hedging_account_closes_the_leg_that_its_entry_opened(live_desk: Platform) -> None:
    desk = live_desk
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN, position_mode=PositionMode.HEDGING)
    given = bracket(account.id, symbol="COIN-PERP", type=OrderType.MARKET, limit_price=None)
    orders = [row.order for row in await desk.services.entry.place_bracket(owner, given)]
    await desk.filled(orders[0].id, "2")
    await desk.quote("COIN-PERP", "110.5", "110.6")
    await desk.filled(orders[1].id, "2")
    assert await statuses(orders) == [S.FILLED, S.FILLED, S.CANCELED]
    rows = await fetch("SELECT bucket, quantity FROM positions WHERE opened_at IS NOT NULL")
    assert [tuple(row) for row in rows] == [("LONG", Decimal(0))]
    await assert_proved(desk, account.id)


async def test_a_malformed_or_foreign_group_saves_nothing(quiet_desk: Platform) -> None:
    desk = quiet_desk
    owner, account = await desk.open_account("1000")
    _, other = await desk.open_account("1000")
    entry = desk.services.entry
    with pytest.raises(NotFound):
        await entry.place_oco(owner, PlaceOco(order(account.id), order(other.id)))
    with pytest.raises(BadInput) as caught:
        await entry.place_oco(desk.admin, PlaceOco(order(account.id), order(other.id)))
    assert caught.value.context == {"field": "second.accountId"}
    with pytest.raises(NotFound) as unknown:
        await entry.place_bracket(owner, bracket(account.id, symbol="NOPE"))
    assert unknown.value.context == {"field": "entry.symbol"}
    with pytest.raises(NotFound):
        await entry.place_bracket(desk.admin, bracket(new_id()))
    with pytest.raises(NotFound):
        await entry.place_bracket(await desk.add_actor(), bracket(account.id))
    assert await fetch("SELECT 1 FROM orders") == []


async def test_a_rejected_bracket_is_stored_with_its_reasons(quiet_desk: Platform) -> None:
    desk = quiet_desk
    owner, account = await desk.open_account("10")
    orders = await placed_bracket(desk, owner, account.id)
    assert [row.reject_reason for row in orders] == ["INSUFFICIENT_FUNDS", "GROUP_REJECTED", "GROUP_REJECTED"]
    found = await read_orders([row.id for row in orders])
    assert [found[row.id].status for row in orders] == [S.REJECTED] * 3
    assert await fetch("SELECT 1 FROM venue_commands") == []
    assert (await read_books([account.id]))[account.id].reserved == 0
