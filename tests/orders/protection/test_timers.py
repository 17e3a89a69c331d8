"""Dead man's switches: armed, renewed, taken away, fired once, and fired after whatever crash."""

import asyncio
import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.event_queries import read_order_events
from domain.kernel.database import fetch, fetch_row
from domain.kernel.errors import BadInput, NotFound
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.model.events import read_order_event
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus
from domain.orders.protection.timers import MAX_SECONDS, cancel_all_after, fire_due_timers
from domain.orders.queries import read_orders
from tests.orders.entry.test_canceling import limit
from tests.support.trading import Platform
from tests.support.waiting import until
from workers.timers import run_timers


async def put_off(desk: Platform, account_id: UUID, seconds: float) -> None:
    """Move a timer's due time earlier by the given seconds."""
    async with unit_of_work(desk.services.bus) as work:
        await work.execute(
            "UPDATE cancel_timers SET triggers_at = triggers_at - make_interval(secs => $2) WHERE account_id = $1",
            account_id,
            seconds,
        )


async def timers() -> list[UUID]:
    return [row["account_id"] for row in await fetch("SELECT account_id FROM cancel_timers")]


async def armed(desk: Platform, seconds: int) -> tuple[Any, UUID, Order]:
    """An account with a resting order and a timer."""
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, limit(account.id))
    await cancel_all_after(desk.services.bus, owner, account.id, seconds)
    return owner, account.id, placed


@asynccontextmanager
async def timers_role(desk: Platform) -> AsyncIterator[None]:
    running = asyncio.create_task(run_timers(desk.services.bus))
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_a_timer_shows_its_expiry_and_renewing_moves_it(quiet_desk: Platform) -> None:
    owner, account_id, _ = await armed(quiet_desk, 60)
    now = (await fetch_row("SELECT clock_timestamp() AS now"))["now"]
    triggers_at = await cancel_all_after(quiet_desk.services.bus, owner, account_id, 3600)
    assert triggers_at is not None
    assert timedelta(hours=1) <= triggers_at - now < timedelta(hours=1, seconds=30)
    await put_off(quiet_desk, account_id, 3500)
    assert await fire_due_timers(quiet_desk.services.bus) == 0


async def test_an_expired_timer_cancels_all_orders_of_its_account_once(live_desk: Platform) -> None:
    _, account_id, placed = await armed(live_desk, 60)
    other_owner, other_account = await live_desk.open_account("1000")
    (untouched,) = await live_desk.place(other_owner, limit(other_account.id))
    await live_desk.settled(placed.id, untouched.id)
    await put_off(live_desk, account_id, 60)
    assert await fire_due_timers(live_desk.services.bus) == 1
    assert await fire_due_timers(live_desk.services.bus) == 0
    gone, stays = await live_desk.settled(placed.id, untouched.id)
    assert (gone.status, stays.status) == (OrderStatus.CANCELED, OrderStatus.NEW)
    events = (await read_order_events([placed.id]))[placed.id]
    told = [(row.kind, row.detail) for event in events if (row := read_order_event(event)) is not None]
    assert told == [
        ("PENDING_NEW", None),
        ("NEW", None),
        ("PENDING_CANCEL", {"cause": "CANCEL_ALL_AFTER"}),
        ("CANCELED", {"reason": "REQUESTED"}),
    ]


async def test_a_timeout_of_zero_disarms_the_timer(quiet_desk: Platform) -> None:
    owner, account_id, placed = await armed(quiet_desk, 1)
    assert await cancel_all_after(quiet_desk.services.bus, owner, account_id, 0) is None
    await put_off(quiet_desk, account_id, 10)
    assert await timers() == []
    assert await fire_due_timers(quiet_desk.services.bus) == 0
    assert await cancel_all_after(quiet_desk.services.bus, owner, account_id, 0) is None
    assert (await read_orders([placed.id]))[placed.id].pending_action is None


async def test_the_role_fires_timers_within_a_second_also_after_an_outage(quiet_desk: Platform) -> None:
    _, account_id, placed = await armed(quiet_desk, 60)
    await put_off(quiet_desk, account_id, 3600)

    async def asked() -> bool:
        return (await read_orders([placed.id]))[placed.id].pending_action == "CANCEL"

    async with timers_role(quiet_desk):
        await until(asked)
    assert await timers() == []


async def test_a_timer_renewed_before_it_fires_cancels_nothing(quiet_desk: Platform) -> None:
    _, account_id, placed = await armed(quiet_desk, 60)
    await put_off(quiet_desk, account_id, 60)
    async with unit_of_work(quiet_desk.services.bus) as work:
        await work.fetch("SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE", account_id)
        # It has seen the timer due, and now waits for the account.
        firing = asyncio.create_task(fire_due_timers(quiet_desk.services.bus), context=contextvars.Context())

        async def waits() -> bool:
            row = await work.fetch_row("SELECT count(*) AS n FROM pg_locks WHERE NOT granted")
            return row is not None and row["n"] > 0

        await until(waits)
        await work.execute("UPDATE cancel_timers SET triggers_at = clock_timestamp() + interval '1 minute'")
    assert await firing == 0
    assert await timers() == [account_id]
    assert (await read_orders([placed.id]))[placed.id].pending_action is None


@pytest.mark.parametrize("seconds", [-1, MAX_SECONDS + 1])
async def test_a_timeout_out_of_range_is_refused(quiet_desk: Platform, seconds: int) -> None:
    owner, account_id, _ = await armed(quiet_desk, 60)
    with pytest.raises(BadInput) as caught:
        await cancel_all_after(quiet_desk.services.bus, owner, account_id, seconds)
    assert caught.value.field == "seconds"
    assert await timers() == [account_id]


async def test_a_timer_on_a_foreign_account_is_not_found(quiet_desk: Platform) -> None:
    _, account = await quiet_desk.open_account("1000")
    with pytest.raises(NotFound):
        await cancel_all_after(quiet_desk.services.bus, await quiet_desk.add_actor(), account.id, 5)
    with pytest.raises(NotFound):
        await cancel_all_after(quiet_desk.services.bus, quiet_desk.admin, new_id(), 5)
    assert await timers() == []
    assert account.reserved == Decimal(0)
