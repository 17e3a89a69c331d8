"""The router of a real venue, on a real database: restarts, failures, lost words, and books that differ."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.database.leases import read_roles
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.retry_policies import RetryPolicy
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.books import venue_step
from domain.orders.entry.order_check import check_order
from domain.orders.exchange.types import Order as ExchangeOrder
from domain.orders.model import refusals
from domain.orders.model.commands import ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, RejectReason, Side, TimeInForce
from domain.orders.model.venue_commands import REARM
from domain.orders.queries import insert_commands, read_executions_of, read_orders
from domain.orders.venues.types import client_id_of
from domain.system.health import ComponentState
from tests.support.loopback import EVERYTHING, PLAIN, LoopbackVenue
from tests.support.remote import LOOPBACK, RemoteDesk, remote_desk, running_remote
from tests.support.waiting import PATIENCE_SECONDS, eventually, until
from workers.venue_loop import role_of


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[RemoteDesk]:
    async with remote_desk(database_url, redis_url, tmp_path, LoopbackVenue(capabilities=EVERYTHING)) as made:
        yield made


@pytest.fixture
async def plain(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[RemoteDesk]:
    async with remote_desk(database_url, redis_url, tmp_path, LoopbackVenue(capabilities=PLAIN)) as made:
        yield made


def bid(account_id: UUID, price: str = "99", quantity: str = "2", **others: Any) -> PlaceOrder:
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


async def sent_at(order: Order) -> object:
    """Once the request about an order is stored as sent."""

    async def stored() -> object:
        rows = await fetch("SELECT sent_at FROM venue_requests WHERE order_id = $1 AND sent_at IS NOT NULL", order.id)
        return rows[0]["sent_at"] if rows else None

    return await until(stored)


async def test_an_order_lives_at_the_venue(desk: RemoteDesk) -> None:
    # The venue names fills by its own ids, and some come before its answer.
    desk.venue.faults.anonymous = True
    owner, account = await desk.open_account()
    async with running_remote(desk):
        now, later = await desk.whole.place(owner, bid(account.id, "100.01", "1"), bid(account.id))
        done = await desk.became(now, OrderStatus.FILLED)
        rests = await desk.became(later, OrderStatus.NEW)
        assert (done.venue_order_id, rests.venue_order_id) == ("V1", "V2")
        # The venue's fee, not the instrument's schedule.
        (execution,) = (await read_executions_of([now.id]))[now.id]
        assert (execution.venue_execution_id, execution.fee) == ("COIN-1", Decimal("0.05"))
        await desk.whole.services.modifying.modify_order(
            owner, ModifyOrder(OrderKey(id=later.id), limit_price=Decimal("98.5"))
        )
        changed = await desk.became(later, OrderStatus.NEW)
        assert changed.limit_price == Decimal("98.5")
        await desk.quote("98", "98.4", "0.5")
        partly = await desk.became(later, OrderStatus.PARTIALLY_FILLED)
        assert (partly.filled_quantity, partly.average_price) == (Decimal("0.5"), Decimal("98.5"))
        await desk.whole.services.canceling.cancel_order(owner, OrderKey(id=later.id))
        await desk.became(later, OrderStatus.CANCELED)
        await desk.quiet()
    assert await desk.events(later) == [
        "PENDING_NEW",
        "NEW",
        "PENDING_REPLACE",
        "REPLACED",
        "TRADE",
        "PENDING_CANCEL",
        "CANCELED",
    ]
    assert [kind for kind, _ in desk.venue.calls] == ["submit", "submit", "replace", "cancel"]
    await desk.prove(account)
    assert await desk.differences() == []


async def test_a_sent_order_is_never_sent_again(desk: RemoteDesk) -> None:
    owner, account = await desk.open_account()
    desk.venue.faults.lost_requests = 1
    async with running_remote(desk):
        (lost,) = await desk.whole.place(owner, bid(account.id, "98"))
        await sent_at(lost)
        desk.venue.faults.unreachable = True
    desk.venue.faults.unreachable = False
    # Taken, filled in part, and the answer is lost with the engine.
    desk.venue.faults.lost_answers, desk.venue.faults.muted = 1, True
    async with running_remote(desk):
        (taken,) = await desk.whole.place(owner, bid(account.id, "99"))
        await eventually(lambda: desk.venue.requests("submit") == [client_id_of(taken.id)])
    desk.venue.quote("COIN", "98", "98.5", "0.5")
    desk.venue.faults.muted = False
    async with running_remote(desk):
        refused = await desk.became(lost, OrderStatus.REJECTED)
        found = await desk.became(taken, OrderStatus.PARTIALLY_FILLED)
        assert (refused.reject_reason, refused.reject_message) == (
            RejectReason.VENUE_REJECTED,
            refusals.unknown_at_venue().message,
        )
        assert (found.venue_order_id, found.filled_quantity) == ("V1", Decimal("0.5"))
        await desk.quiet()
    assert desk.venue.requests("submit") == [client_id_of(taken.id)]
    await desk.prove(account)


async def test_a_failed_question_does_not_end_an_order(desk: RemoteDesk) -> None:
    owner, account = await desk.open_account()
    async with running_remote(desk):
        (order,) = await desk.whole.place(owner, bid(account.id))
        await desk.became(order, OrderStatus.NEW)
        desk.venue.faults.lost_answers = 1
        (unanswered,) = await desk.whole.place(owner, bid(account.id, "98"))
        await eventually(lambda: len(desk.venue.requests("submit")) == 2)
        desk.venue.faults.unreachable, desk.venue.faults.muted = True, True
        desk.venue.hang_up()
        # Well beyond the grace, which is shorter than the pauses between attempts.
        await eventually(lambda: desk.venue.refusals >= 3)
        stored = await read_orders([order.id, unanswered.id])
        assert stored[order.id].status is OrderStatus.NEW
        assert stored[unanswered.id].status in (OrderStatus.PENDING_NEW, OrderStatus.NEW)
        assert await desk.differences() == []
        desk.venue.quote("COIN", "97", "97.5")
        desk.venue.faults.unreachable, desk.venue.faults.muted = False, False
        for each in (order, unanswered):
            assert (await desk.became(each, OrderStatus.FILLED)).filled_quantity == 2
    await desk.prove(account)


async def test_a_trailing_stop_survives_a_restart(plain: RemoteDesk) -> None:
    owner, account = await plain.open_account()
    trailing = bid(
        account.id,
        quantity="1",
        side=Side.SELL,
        type=OrderType.TRAILING_STOP,
        limit_price=None,
        trailing_offset=Decimal(2),
    )
    async with running_remote(plain):
        (bought,) = await plain.whole.place(owner, bid(account.id, "100.01", "1"))
        await plain.became(bought, OrderStatus.FILLED)
        (stop,) = await plain.whole.place(owner, trailing)
        armed = await plain.became(stop, OrderStatus.NEW)
        assert (armed.venue_order_id, armed.stop_price) == (None, Decimal("97.99"))
    await plain.quote("110", "110.02")

    async def moved() -> bool:
        return (await read_orders([stop.id]))[stop.id].stop_price == 108

    async with running_remote(plain):
        await until(moved)
    assert plain.venue.requests("submit") == [client_id_of(bought.id)]
    # Triggered, stored as sent, and lost on the way with the engine: the venue is asked, not told again.
    plain.venue.faults.lost_answers, plain.venue.faults.muted = 1, True
    async with running_remote(plain):
        await plain.quote("107.5", "107.6")
        await sent_at(stop)
        await eventually(lambda: len(plain.venue.requests("submit")) == 2)
    plain.venue.faults.muted = False
    async with running_remote(plain):
        done = await plain.became(stop, OrderStatus.FILLED)
        assert (done.average_price, done.venue_order_id) == (Decimal("107.5"), "V2")
        await plain.quiet()
    assert plain.venue.requests("submit") == [client_id_of(bought.id), client_id_of(stop.id)]
    assert [kind for kind in await plain.events(stop) if kind != "REPLACED"] == [
        "PENDING_NEW",
        "NEW",
        "TRIGGERED",
        "NEW",
        "TRADE",
    ]
    await plain.prove(account)


async def test_a_failed_step_is_repeated(desk: RemoteDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    write, failures = venue_step._write, [False, True, True, False, True]

    async def write_or_fail(*arguments: Any) -> None:
        await write(*arguments)
        if failures and failures.pop(0):
            raise RuntimeError("the process dies before the commit")

    monkeypatch.setattr(venue_step, "_write", write_or_fail)
    monkeypatch.setattr("workers.venue_loop.DATABASE", RetryPolicy(0.01, 0.01))
    owner, account = await desk.open_account()
    desk.venue.faults.doubled = True
    async with running_remote(desk):
        (order,) = await desk.whole.place(owner, bid(account.id))
        await desk.became(order, OrderStatus.NEW)
        await desk.quote("98", "98.5", "0.5")
        await desk.became(order, OrderStatus.PARTIALLY_FILLED)
        await desk.quote("98", "98.5", "5")
        done = await desk.became(order, OrderStatus.FILLED)
        await desk.quiet()
    assert (done.filled_quantity, failures) == (2, [])
    assert [row.quantity for row in (await read_executions_of([order.id]))[order.id]] == [
        Decimal("0.5"),
        Decimal("1.5"),
    ]
    assert desk.venue.requests("submit") == [client_id_of(order.id)]
    await desk.prove(account)


async def test_a_request_in_flight_completes_while_the_router_is_rebuilt(desk: RemoteDesk) -> None:
    owner, account = await desk.open_account()
    bus = desk.whole.services.bus
    async with running_remote(desk):
        (before,) = await desk.whole.place(owner, bid(account.id))
        await desk.became(before, OrderStatus.NEW)
        desk.venue.faults.stuck = asyncio.Event()
        (order,) = await desk.whole.place(owner, bid(account.id, "98"))
        await sent_at(order)
        async with unit_of_work(bus) as work:
            await insert_commands(work, [(REARM, before, None)])

        async def taken() -> bool:
            return not await fetch("SELECT 1 FROM venue_commands")

        await until(taken)
        # Placed after it, so known only once all is built again.
        await desk.whole.place(owner, bid(account.id, "97"))
        await until(taken)
        desk.venue.faults.stuck.set()
        await desk.became(order, OrderStatus.NEW)
        await desk.quiet()
    assert len(desk.venue.requests("submit")) == len(set(desk.venue.requests("submit"))) == 3


async def test_position_differences_are_reported_and_nothing_is_changed(desk: RemoteDesk) -> None:
    owner, account = await desk.open_account()
    there = desk.venue._exchange("COIN")
    async with running_remote(desk):
        (order,) = await desk.whole.place(owner, bid(account.id, "100.01", "1"))
        await desk.became(order, OrderStatus.FILLED)
        (known,) = await desk.whole.place(owner, bid(account.id))
        seen = await desk.became(known, OrderStatus.NEW)
        # Somebody else's order there, one of ours that is over here, and something bought beside us.
        strange = replace(
            desk.venue.told(client_id_of(known.id)), client_order_id=None, venue_order_id="V77", quantity=Decimal(3)
        )
        over = replace(strange, client_order_id=client_id_of(order.id), venue_order_id="V78")
        desk.venue._orders |= {"theirs": strange, "over": over}
        there.submit(_elsewhere(), 1)
        desk.venue.hold("COIN", "1.5")

        async def reported() -> bool:
            return len(await desk.differences()) == 3

        await until(reported)
        await until(lambda: _is(desk, ComponentState.DEGRADED))
        assert sorted(await desk.differences()) == [
            ("FOREIGN_ORDER", "V77", True),
            ("ORDER_OVER_HERE", "V78", True),
            ("POSITION", "COIN", True),
        ]
        rows = await fetch("SELECT ours, theirs FROM venue_differences WHERE kind = 'POSITION'")
        assert tuple(rows[0]) == ("1", "1.5")
        assert desk.venue.requests("cancel") == []
        del desk.venue._orders["theirs"], desk.venue._orders["over"]
        desk.venue.hold("COIN", "1")

        async def cleared() -> bool:
            return not any(is_open for *_, is_open in await desk.differences())

        await until(cleared)
        await until(lambda: _is(desk, ComponentState.UP))
    assert seen.venue_order_id == "V2"
    await desk.prove(account)


async def _is(desk: RemoteDesk, state: ComponentState) -> bool:
    """Whether that is the venue's state in the platform's health."""
    health = await desk.whole.services.inspection.health()
    return any(part.name == f"venue:{LOOPBACK}" and part.state is state for part in health.components)


async def test_health_shows_if_the_venue_is_reachable(desk: RemoteDesk) -> None:
    assert await _is(desk, ComponentState.DOWN)
    async with running_remote(desk):
        await until(lambda: _is(desk, ComponentState.UP))
        desk.venue.faults.unreachable = True
        desk.venue.hang_up()
        await until(lambda: _is(desk, ComponentState.DOWN))
        # Somebody speaks to it, in vain.
        roles = await read_roles([role_of(LOOPBACK)])
        assert (roles[role_of(LOOPBACK)].is_locked, roles[role_of(LOOPBACK)].trouble) == (
            True,
            "The venue cannot be reached.",
        )
        desk.venue.faults.unreachable = False
        await until(lambda: _is(desk, ComponentState.UP))


def _elsewhere() -> ExchangeOrder:
    """An order at the venue that is not from the platform."""
    return ExchangeOrder(
        id="elsewhere",
        account="them",
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(1),
        limit_price=Decimal(90),
    )


async def test_an_unsupported_order_is_rejected_before_it_is_sent(plain: RemoteDesk) -> None:
    owner, account = await plain.open_account()
    entry = plain.whole.services.entry
    async with running_remote(plain):
        post_only = bid(account.id, post_only=True)
        (refused,) = await plain.whole.place(owner, post_only)
        verdict = await check_order(entry, owner, post_only)
        assert (refused.status, refused.reject_reason, refused.reject_message) == (
            OrderStatus.REJECTED,
            RejectReason.UNSUPPORTED_BY_VENUE,
            "The venue loopback takes no post-only orders.",
        )
        assert (verdict.accepted, verdict.reject_reason, verdict.reject_message) == (
            False,
            RejectReason.UNSUPPORTED_BY_VENUE,
            refused.reject_message,
        )
    assert plain.venue.calls == []


async def test_a_standby_takes_over(desk: RemoteDesk) -> None:
    owner, account = await desk.open_account()
    took_over = asyncio.Event()

    async def stand_by() -> None:
        async with running_remote(desk):
            took_over.set()
            await asyncio.Event().wait()

    async with running_remote(desk):
        waiting = asyncio.create_task(stand_by())
        (first,) = await desk.whole.place(owner, bid(account.id))
        await desk.became(first, OrderStatus.NEW)
        assert not took_over.is_set()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await took_over.wait()
        (second,) = await desk.whole.place(owner, bid(account.id, "98", client_order_id=str(new_id())))
        await desk.became(second, OrderStatus.NEW)
        await desk.quote("97", "97.5")
        for order in (first, second):
            await desk.became(order, OrderStatus.FILLED)
    finally:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert len(desk.venue.requests("submit")) == 2
    await desk.prove(account)
