"""Changing orders on real servers: asked, answered, raced and refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.access.types import AccountPermission, Actor, Role
from domain.accounts.event_queries import read_order_events
from domain.accounts.queries import read_books
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, Forbidden, NotFound, Refused
from domain.kernel.ids import new_id
from domain.orders.books.proof import prove_book
from domain.orders.model.commands import ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.events import read_order_event
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, PendingAction, Side, TimeInForce
from domain.orders.queries import read_orders
from tests.orders.factories import SPOT
from tests.support.trading import Platform, platform, running_venue


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    """A platform with a coin that quotes around 100, whose venue does not run yet."""
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


async def stored() -> list[tuple[Any, ...]]:
    """Everything that a refused change must leave alone."""
    statements = (
        "SELECT * FROM orders ORDER BY id",
        "SELECT * FROM positions ORDER BY id",
        "SELECT id, cash, reserved, event_sequence FROM accounts ORDER BY id",
        "SELECT * FROM venue_commands ORDER BY id",
    )
    return [tuple(row) for statement in statements for row in await fetch(statement)]


def limit(account_id: UUID, **others: Any) -> PlaceOrder:
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


async def modify(desk: Platform, actor: Actor, order: Order, **fields: Any) -> Order:
    return await desk.services.modifying.modify_order(actor, ModifyOrder(OrderKey(id=order.id), **fields))


async def kinds(order: Order) -> list[str]:
    events = (await read_order_events([order.id]))[order.id]
    return [change.kind for event in events if (change := read_order_event(event)) is not None]


async def test_a_change_is_pending_until_the_venue_confirms_it(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, limit(account.id))
    asked = await modify(desk, owner, placed, quantity=Decimal(3), limit_price=Decimal(98), expected_version=1)
    assert (asked.pending_action, asked.version, asked.quantity) == (PendingAction.REPLACE, 2, Decimal(2))
    assert (await read_books([account.id]))[account.id].reserved == Decimal("294.29")
    async with running_venue(desk):
        (changed,) = await desk.settled(placed.id)
    assert (changed.id, changed.status, changed.pending_action) == (placed.id, OrderStatus.NEW, None)
    assert (changed.quantity, changed.limit_price, changed.version) == (Decimal(3), Decimal(98), 2)
    assert await kinds(placed) == ["PENDING_NEW", "PENDING_REPLACE", "NEW", "REPLACED"]
    assert (await prove_book(account.id, (await desk.services.market.catalog()).by_id)).breaks == []


async def test_an_acknowledgement_does_not_raise_the_version(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, limit(account.id))
    async with running_venue(desk):
        await desk.settled(placed.id)
        changed = await modify(desk, owner, placed, quantity=Decimal(3), expected_version=placed.version)
        await desk.settled(placed.id)
        await modify(desk, owner, placed, quantity=Decimal(4), expected_version=changed.version)
        (last,) = await desk.settled(placed.id)
    assert (last.quantity, last.version) == (Decimal(4), 3)


async def test_an_outdated_expected_version_conflicts_and_changes_nothing(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, limit(account.id))
    async with running_venue(desk):
        await desk.settled(placed.id)
        await modify(desk, owner, placed, quantity=Decimal(3), expected_version=1)
        await desk.settled(placed.id)
    before = await stored()
    for version in (1, 3, 0):
        with pytest.raises(Conflict) as caught:
            await modify(desk, owner, placed, quantity=Decimal(4), expected_version=version)
        told = {"field": "expectedVersion", "currentVersion": 2, "version": 2, "status": "NEW"}
        assert caught.value.context == told
    assert await stored() == before


async def test_a_fill_raises_the_version(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, limit(account.id))
    async with running_venue(desk):
        await desk.settled(placed.id)
        await desk.quote("COIN", "98.5", "98.9", "0.5")
        await desk.filled(placed.id, "0.5")
        with pytest.raises(Conflict):
            await modify(desk, owner, placed, quantity=Decimal(3), expected_version=placed.version)
        with pytest.raises(BadInput) as caught:
            await modify(desk, owner, placed, quantity=Decimal("0.499"))
        assert caught.value.field == "quantity"
        await modify(desk, owner, placed, quantity=Decimal("0.5"))
        (done,) = await desk.settled(placed.id)
    assert (done.status, done.filled_quantity, done.remaining_quantity) == (OrderStatus.FILLED, Decimal("0.5"), 0)
    assert (await read_books([account.id]))[account.id].reserved == 0


async def test_a_change_loses_to_a_fill_that_comes_first(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, limit(account.id))
    async with running_venue(desk):
        await desk.settled(placed.id)
        await desk.quote("COIN", "98.5", "98.9")
        # Whether the venue has seen the quote yet or not: it comes before the change.
        with suppress(Conflict):
            await modify(desk, owner, placed, limit_price=Decimal(50))
        await desk.filled(placed.id, "2")
        (done,) = await desk.settled(placed.id)
    assert (done.status, done.average_price, done.limit_price) == (OrderStatus.FILLED, Decimal(99), Decimal(99))
    assert "REPLACED" not in await kinds(placed)
    assert (await read_books([account.id]))[account.id].reserved == 0


async def test_a_cancel_after_a_change_ends_the_order(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, limit(account.id))
    await modify(desk, owner, placed, quantity=Decimal(3))
    canceled = await desk.services.canceling.cancel_order(owner, OrderKey(id=placed.id))
    assert canceled.order.pending_action is PendingAction.CANCEL
    with pytest.raises(Conflict):
        await modify(desk, owner, placed, quantity=Decimal(4))
    async with running_venue(desk):
        (gone,) = await desk.settled(placed.id)
    assert (gone.status, gone.quantity, gone.pending_changes) == (OrderStatus.CANCELED, Decimal(3), ())
    assert await kinds(placed) == ["PENDING_NEW", "PENDING_REPLACE", "PENDING_CANCEL", "NEW", "REPLACED", "CANCELED"]
    assert (await read_books([account.id]))[account.id].reserved == 0


async def test_concurrent_changes_share_a_transaction_and_keep_their_own_results(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    first, second = await desk.place(owner, limit(account.id), limit(account.id))
    results = await asyncio.gather(
        modify(desk, owner, first, quantity=Decimal(3)),
        modify(desk, owner, second, quantity=Decimal(100)),
        modify(desk, owner, second, quantity=Decimal(1)),
        modify(desk, owner, first, limit_price=Decimal(98), expected_version=2),
        return_exceptions=True,
    )
    changed, refused, shrunk, again = results
    assert isinstance(refused, Refused)
    assert refused.reason == "INSUFFICIENT_FUNDS"
    assert [order.version for order in (changed, shrunk, again) if isinstance(order, Order)] == [2, 2, 3]
    async with running_venue(desk):
        orders = await desk.settled(first.id, second.id)
    assert [(order.quantity, order.limit_price) for order in orders] == [(3, 98), (1, 99)]


async def test_a_finished_or_foreign_order_cannot_be_changed(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    placed, market = await desk.place(owner, limit(account.id), limit(account.id, limit_price=Decimal(101)))
    async with running_venue(desk):
        await desk.settled(placed.id, market.id)
    reader = await desk.add_actor()
    before = await stored()
    with pytest.raises(Conflict):
        await modify(desk, owner, market, quantity=Decimal(5))
    for actor, error in (
        (reader, NotFound),
        (replace(reader, accounts={account.id: frozenset({AccountPermission.READ})}), Forbidden),
        (replace(owner, role=Role.VIEWER), Forbidden),
    ):
        with pytest.raises(error):
            await modify(desk, actor, placed, quantity=Decimal(5))
    with pytest.raises(NotFound):
        await desk.services.modifying.modify_order(owner, ModifyOrder(OrderKey(id=new_id()), quantity=Decimal(1)))
    with pytest.raises(BadInput):
        await desk.services.modifying.modify_order(owner, ModifyOrder(OrderKey(), quantity=Decimal(1)))
    with pytest.raises(BadInput):
        await modify(desk, owner, placed)
    assert await stored() == before


async def test_a_restarted_venue_still_executes_a_pending_change(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, limit(account.id, client_order_id="mine"))
    async with running_venue(desk):
        await desk.settled(placed.id)
    command = ModifyOrder(OrderKey(account_id=account.id, client_order_id="mine"), limit_price=Decimal("100.01"))
    await desk.services.modifying.modify_order(owner, command)
    async with running_venue(desk):
        (done,) = await desk.settled(placed.id)
    assert (done.status, done.average_price) == (OrderStatus.FILLED, Decimal("100.01"))
    assert (await read_orders([placed.id]))[placed.id].pending_changes == ()
