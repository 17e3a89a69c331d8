"""Cancelling many orders at once: which, by whom, and once."""

import asyncio
from contextvars import Context
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.access.types import AccountPermission, Actor, Role
from domain.accounts.queries import lock_books, read_books
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.errors import Forbidden, NotFound
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.entry import canceling as module
from domain.orders.entry.canceling import cancel_orders
from domain.orders.model.commands import CancelOrders, OrderKey, PlaceOrder
from domain.orders.model.types import OrderStatus, OrderType, PendingAction, Side, TimeInForce
from domain.orders.queries import read_orders
from tests.support.trading import Platform, running_venue
from tests.support.waiting import eventually


def limit(account_id: UUID, **others: Any) -> PlaceOrder:
    values: dict[str, Any] = {
        "account_id": account_id,
        "symbol": "COIN",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": Decimal(1),
        "limit_price": Decimal(50),
        "time_in_force": TimeInForce.GTC,
    }
    return PlaceOrder(**(values | others))


@pytest.mark.parametrize(
    ("fields", "places"),
    [
        ({}, [0, 1, 2, 3]),
        ({"symbol": "COIN"}, [0, 2, 3]),
        ({"symbol": "COIN-PERP"}, [1]),
        ({"side": Side.SELL}, [1]),
        ({"side": Side.BUY, "strategy": "trend"}, [2]),
        ({"strategy": "none"}, []),
        ({"symbol": "COIN", "side": Side.SELL}, []),
    ],
)
async def test_cancelling_by_filter_cancels_the_matching_orders_only(
    live_desk: Platform, fields: dict[str, Any], places: list[int]
) -> None:
    owner, account = await live_desk.open_account("1000", kind=AccountKind.MARGIN)
    placed = await live_desk.place(
        owner,
        limit(account.id),
        limit(account.id, symbol="COIN-PERP", side=Side.SELL, limit_price=Decimal(150)),
        limit(account.id, strategy="trend"),
        limit(account.id, limit_price=Decimal(51)),
        limit(account.id, type=OrderType.MARKET, limit_price=None),
    )
    await live_desk.settled(*(order.id for order in placed))
    canceled = await cancel_orders(live_desk.services.bus, owner, CancelOrders(account.id, **fields))
    assert [order.id for order in canceled] == [placed[place].id for place in places]
    assert all(order.pending_action is PendingAction.CANCEL for order in canceled)
    after = await live_desk.settled(*(order.id for order in placed))
    wanted = [OrderStatus.CANCELED if place in places else OrderStatus.NEW for place in range(4)]
    assert [order.status for order in after] == [*wanted, OrderStatus.FILLED]
    assert await cancel_orders(live_desk.services.bus, owner, CancelOrders(account.id, **fields)) == []


@pytest.mark.parametrize("stretch", [1_000, 70])
async def test_many_orders_are_cancelled_in_one_transaction(
    quiet_desk: Platform, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    monkeypatch.setattr(module, "_AT_A_STRETCH", stretch)
    owner, account = await quiet_desk.open_account("100000")
    await quiet_desk.place(owner, *(limit(account.id) for _ in range(300)))
    canceled = await cancel_orders(quiet_desk.services.bus, owner, CancelOrders(account.id))
    assert len(canceled) == 300
    again = await cancel_orders(quiet_desk.services.bus, owner, CancelOrders(account.id))
    assert [order.version for order in again] == [2] * 300
    rows = await fetch("SELECT kind, count(*) AS n FROM venue_commands GROUP BY kind ORDER BY kind")
    assert [tuple(row) for row in rows] == [("CANCEL", 300), ("SUBMIT", 300)]
    (head,) = await fetch("SELECT event_sequence AS last FROM accounts WHERE id = $1", account.id)
    events = await fetch(
        "SELECT sequence, kind FROM account_events WHERE account_id = $1 ORDER BY sequence", account.id
    )
    assert [row["sequence"] for row in events] == list(range(1, head["last"] + 1))
    assert [row["kind"] for row in events][-300:] == ["PENDING_CANCEL"] * 300


async def test_an_order_that_is_pending_at_the_venue_can_be_cancelled(quiet_desk: Platform) -> None:
    owner, account = await quiet_desk.open_account("1000")
    (placed,) = await quiet_desk.place(owner, limit(account.id))
    await cancel_orders(quiet_desk.services.bus, owner, CancelOrders(account.id))
    async with running_venue(quiet_desk):
        (gone,) = await quiet_desk.settled(placed.id)
    assert gone.status is OrderStatus.CANCELED
    assert (await read_books([account.id]))[account.id].reserved == 0


async def test_a_forbidden_cancel_changes_nothing(quiet_desk: Platform) -> None:
    owner, account = await quiet_desk.open_account("1000")
    (placed,) = await quiet_desk.place(owner, limit(account.id))
    bus = quiet_desk.services.bus
    stranger = await quiet_desk.add_actor()
    reader = replace(stranger, accounts={account.id: frozenset({AccountPermission.READ})})
    cases: list[tuple[Actor, CancelOrders, type[Exception]]] = [
        (stranger, CancelOrders(account.id), NotFound),
        (reader, CancelOrders(account.id), Forbidden),
        (owner, CancelOrders(account.id, symbol="COLN"), NotFound),
        (quiet_desk.admin, CancelOrders(new_id()), NotFound),
    ]
    for actor, command, error in cases:
        with pytest.raises(error):
            await cancel_orders(bus, actor, command)
    assert (await read_orders([placed.id]))[placed.id] == placed
    manager = await quiet_desk.add_actor(Role.RISK_MANAGER)
    assert len(await cancel_orders(bus, manager, CancelOrders(account.id))) == 1


async def test_concurrent_cancels_share_a_transaction_and_keep_their_own_results(quiet_desk: Platform) -> None:
    owner, account = await quiet_desk.open_account("10000")
    stranger = await quiet_desk.add_actor()
    first, second, third = await quiet_desk.place(owner, *(limit(account.id) for _ in range(3)))
    canceling = quiet_desk.services.canceling
    with pytest.raises(NotFound):
        await canceling.cancel_order(stranger, OrderKey(id=first.id))
    async with unit_of_work(quiet_desk.services.bus) as work:
        # While the account is held, the first waits for it and the others for the first.
        await lock_books(work, [account.id])
        tasks = []
        for place, order in enumerate((first, second, first, third)):
            tasks.append(asyncio.create_task(canceling.cancel_order(owner, OrderKey(id=order.id)), context=Context()))
            await eventually(lambda: canceling.commits.is_busy)
            await eventually(lambda place=place: canceling.commits.waiting == place)  # type: ignore[misc]  # binds now
    canceled = await asyncio.gather(*tasks)
    shown = [(row.order.id, row.replayed) for row in canceled]
    assert shown == [(first.id, False), (second.id, False), (first.id, True), (third.id, False)]
    assert all(row.order.pending_action == "CANCEL" and row.order.version == 2 for row in canceled)
    rows = await fetch("SELECT order_id, created_at FROM venue_commands WHERE kind = 'CANCEL' ORDER BY id")
    assert [row["order_id"] for row in rows] == [first.id, second.id, third.id]
    assert rows[0]["created_at"] < rows[1]["created_at"] == rows[2]["created_at"]
