"""The effect of each scheduled task, and its repeat, which changes nothing."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.database.leases import hold_lease
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.books.proof import prove_book
from domain.orders.model.types import OrderStatus, TimeInForce
from domain.orders.protection.timers import cancel_all_after
from domain.orders.queries import read_orders
from domain.system.task_definitions import DEFINITIONS
from tests.orders.factories import SPOT, command
from tests.support.trading import Platform, platform, running_venue
from workers.engine import ROLES
from workers.tasks import slices
from workers.tasks.balances import refresh_all
from workers.tasks.books import prove_books
from workers.tasks.context import TaskContext, TaskFailure, TaskFunction, Unfinished
from workers.tasks.orders import end_overdue_orders, fire_cancel_timers
from workers.tasks.platform import check_health, forget
from workers.tasks.registry import TASKS
from workers.venue import ROLE


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


async def run_to_end(desk: Platform, function: TaskFunction) -> dict[str, Any]:
    """All slices of a task; its result."""
    context = TaskContext(desk.services, utc_now())
    while isinstance(answer := await function(context), Unfinished):
        context = replace(context, progress=answer.progress)
    return dict(answer)


async def write(desk: Platform, sql: str, *arguments: object) -> None:
    async with unit_of_work(desk.services.bus) as work:
        await work.execute(sql, *arguments)


def test_tasks_and_task_functions_match_one_to_one() -> None:
    assert TASKS.keys() == DEFINITIONS.keys()
    for definition in DEFINITIONS.values():
        assert definition.timeout_seconds > 2 * slices.SLICE_SECONDS
        assert definition.description.endswith(".")


async def test_orders_left_by_a_dead_engine_expire_without_it(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    soon = utc_now() + timedelta(hours=1)
    terms = {"time_in_force": TimeInForce.GTD, "expires_at": soon, "limit_price": Decimal(90)}
    async with running_venue(desk):
        placed = [
            row.id for row in await desk.place(owner, *(command(account_id=account.id, **terms) for _ in range(2)))
        ]
        await desk.settled(*placed)
    # Placed after the engine's death: its venue never heard of it.
    (unsent,) = await desk.place(owner, command(account_id=account.id, **terms))
    assert await run_to_end(desk, end_overdue_orders) == {"overdue": 0, "expired": 0}
    overdue = [placed[0], unsent.id]
    moment = utc_now() - timedelta(hours=1)
    await write(
        desk,
        "UPDATE orders SET created_at = $1::timestamptz, works_until = $1::timestamptz + interval '1 minute' "
        "WHERE id = ANY($2::uuid[])",
        moment,
        overdue,
    )
    async with hold_lease(desk.services.settings.database_url, ROLE):
        assert await run_to_end(desk, end_overdue_orders) == {"overdue": 2, "expired": 0}
    assert await run_to_end(desk, end_overdue_orders) == {"overdue": 2, "expired": 2}
    assert await run_to_end(desk, end_overdue_orders) == {"overdue": 0, "expired": 0}
    orders = await read_orders([*placed, unsent.id])
    assert [orders[order_id].status for order_id in overdue] == [OrderStatus.EXPIRED] * 2
    assert orders[placed[1]].status is OrderStatus.NEW
    # The engine that comes back finds it over, and the books agree.
    async with running_venue(desk):
        (order,) = await desk.place(owner, command(account_id=account.id, limit_price=Decimal(91)))
        await desk.settled(order.id)
    assert (await read_orders([unsent.id]))[unsent.id].status is OrderStatus.EXPIRED
    catalog = await desk.services.market.refresh()
    assert (await prove_book(account.id, catalog.by_id)).intact


async def test_cancel_timers_fire_without_an_engine(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (order,) = await desk.place(owner, command(account_id=account.id))
    await cancel_all_after(desk.services.bus, owner, account.id, 60)
    assert await run_to_end(desk, fire_cancel_timers) == {"accounts": 0}
    await write(desk, "UPDATE cancel_timers SET triggers_at = clock_timestamp()")
    assert await run_to_end(desk, fire_cancel_timers) == {"accounts": 1}
    assert await run_to_end(desk, fire_cancel_timers) == {"accounts": 0}
    assert (await read_orders([order.id]))[order.id].pending_action == "CANCEL"


async def reserved(account_id: UUID) -> tuple[Decimal, Decimal]:
    (row,) = await fetch(
        "SELECT reserved, (SELECT coalesce(sum(reserved), 0) FROM positions p WHERE p.account_id = a.id) AS held "
        "FROM accounts a WHERE id = $1",
        account_id,
    )
    return row["reserved"], row["held"]


@pytest.mark.tampers
async def test_wrong_balances_are_recomputed_and_corrected(desk: Platform) -> None:
    accounts = [await desk.open_account("1000") for _ in range(3)]
    owner, account = accounts[0]
    await desk.place(owner, command(account_id=account.id, limit_price=Decimal(90)))
    before = await reserved(account.id)
    fine = {"accounts": 3, "corrected": 0, "unpriced": 0, "belowMaintenance": 0}
    assert await run_to_end(desk, refresh_all) == fine
    assert await reserved(account.id) == before
    assert before[0] == before[1] > ZERO
    await write(desk, "UPDATE accounts SET reserved = reserved + 7 WHERE id = $1", account.id)
    with pytest.raises(TaskFailure) as caught:
        await run_to_end(desk, refresh_all)
    assert caught.value.result == fine | {"corrected": 1}
    assert await reserved(account.id) == before
    assert await run_to_end(desk, refresh_all) == fine
    (event,) = await fetch(
        "SELECT kind FROM account_events WHERE account_id = $1 ORDER BY sequence DESC LIMIT 1", account.id
    )
    assert event["kind"] == "BALANCES_REFRESHED"


@pytest.mark.tampers
async def test_books_are_proved_and_a_difference_fails_the_task(
    desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = [await desk.open_account("1000") for _ in range(2)]
    # Every slice is over after its first account, and the next goes on there.
    monkeypatch.setattr(slices, "SLICE_SECONDS", -1.0)
    first = await prove_books(TaskContext(desk.services, utc_now()))
    assert isinstance(first, Unfinished)
    assert first.progress["after"] == str(accounts[0][1].id)
    assert await run_to_end(desk, prove_books) == {"proved": 2, "broken": 0, "accounts": []}
    account = accounts[1][1]
    await write(desk, "UPDATE accounts SET cash = cash + 1 WHERE id = $1", account.id)
    with pytest.raises(TaskFailure, match="1 of 2 accounts fail their proof") as caught:
        await run_to_end(desk, prove_books)
    assert caught.value.result == {"proved": 2, "broken": 1, "accounts": [str(account.id)]}
    # It is an anomaly too, once for as long as it goes on.
    with pytest.raises(TaskFailure):
        await run_to_end(desk, prove_books)
    (anomaly,) = await fetch("SELECT kind, severity, account_id, explanation FROM anomalies")
    assert (anomaly["kind"], anomaly["severity"], anomaly["account_id"]) == ("ACCOUNT_BALANCE", "CRITICAL", account.id)
    assert "1001 booked, 1000 derived" in anomaly["explanation"]


async def test_expired_rows_are_deleted_and_no_others(desk: Platform) -> None:
    actor = await desk.add_actor()
    for days in (0, 20, 40):
        moment = utc_now() - timedelta(days=days)
        session_id = new_id()
        await write(
            desk,
            "INSERT INTO sessions (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $3)",
            session_id,
            actor.user_id,
            moment,
        )
        await write(
            desk,
            "INSERT INTO refresh_tokens (id, session_id, token_hash, issued_at, expires_at) "
            "VALUES ($1, $2, $3, $4, $4)",
            new_id(),
            session_id,
            f"hash {days}",
            moment,
        )
    for task, count, days in (("old", 1_010, 5), ("new", 3, 5), ("today", 1_005, 0)):
        await write(
            desk,
            "INSERT INTO task_runs (id, task, state, cause, attempt, failures, losses, epoch, progress, version, "
            "due_at, ready_at, finished_at, changed_at) "
            "SELECT gen_random_uuid(), $1, 'SUCCEEDED', 'SCHEDULE', 1, 0, 0, 0, '{}', 1, t, t, t, t "
            "FROM (SELECT clock_timestamp() - make_interval(days => $2) AS t) AS m, generate_series(1, $3)",
            task,
            days,
            count,
        )
    assert await run_to_end(desk, forget) == {"runs": 10, "sessions": 1, "tokens": 0, "traces": 0, "notifications": 0}
    assert await run_to_end(desk, forget) == {"runs": 0, "sessions": 0, "tokens": 0, "traces": 0, "notifications": 0}
    kept = await fetch("SELECT task, count(*) AS n FROM task_runs GROUP BY task ORDER BY task")
    assert [tuple(row) for row in kept] == [("new", 3), ("old", 1_000), ("today", 1_005)]


async def test_health_names_the_unplayed_roles(desk: Platform) -> None:
    roles = [role for parts in ROLES.values() for role, _ in parts(desk.services)]
    with pytest.raises(TaskFailure) as caught:
        await run_to_end(desk, check_health)
    assert caught.value.result["roles"] == dict.fromkeys(roles, False)
    assert all(f"nobody plays {role}" in caught.value.message for role in roles)
    async with asyncio.TaskGroup() as tasks:
        stop = asyncio.Event()
        held = [tasks.create_task(_hold(desk, role, stop)) for role in roles]
        while not all(task.get_name() == "held" for task in held):
            await asyncio.sleep(0.01)
        found = await run_to_end(desk, check_health)
        stop.set()
    assert found["roles"] == dict.fromkeys(roles, True)


async def _hold(desk: Platform, role: str, stop: asyncio.Event) -> None:
    async with hold_lease(desk.services.settings.database_url, role):
        task = asyncio.current_task()
        assert task is not None
        task.set_name("held")
        await stop.wait()
