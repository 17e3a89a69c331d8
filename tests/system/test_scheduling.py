"""The scheduling of due tasks, and the fate of runs: in the database, by many workers at once."""

import asyncio
import contextvars
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from domain.kernel.bus import NullBus
from domain.kernel.database import fetch
from domain.kernel.lease_queries import LeaseLost
from domain.kernel.unit_of_work import fenced, unit_of_work
from domain.system import attempts
from domain.system.rules import MAX_LOSSES
from domain.system.scheduling import register_tasks, tick
from domain.system.types import Interval, TaskDefinition

BUS = NullBus()
LEASE = timedelta(seconds=20)
STUBBORN = TaskDefinition("stubborn", "Makes up for what it missed.", Interval(3_600), max_retries=1)
CASUAL = TaskDefinition("casual", "Skips what it missed.", Interval(3_600), catch_up=False)
DEFINITIONS = {each.name: each for each in (STUBBORN, CASUAL)}


async def write(sql: str, *arguments: object) -> None:
    async with unit_of_work(BUS) as work:
        await work.execute(sql, *arguments)


async def runs() -> list[dict[str, Any]]:
    return [dict(row) for row in await fetch("SELECT * FROM task_runs ORDER BY id")]


async def elsewhere(doing: Coroutine[Any, Any, Any]) -> Any:
    """What another process would get: it is in no transaction."""
    return await asyncio.get_running_loop().create_task(doing, context=contextvars.Context())


async def make_due(ago: str = "1 second") -> None:
    await write("UPDATE scheduled_tasks SET next_run_at = clock_timestamp() - $1::text::interval", ago)


@pytest.fixture(autouse=True)
async def registered(database: str) -> None:
    await register_tasks(BUS, DEFINITIONS)


async def test_many_workers_make_one_run_of_a_due_task(database: str) -> None:
    assert (await tick(BUS, DEFINITIONS))[0] == []
    await make_due()
    await asyncio.gather(*(tick(BUS, DEFINITIONS) for _ in range(8)))
    found = await runs()
    assert sorted((run["task"], run["state"], run["cause"]) for run in found) == [
        ("casual", "QUEUED", "SCHEDULE"),
        ("stubborn", "QUEUED", "SCHEDULE"),
    ]
    # Many offers, one taker.
    taken = await asyncio.gather(
        *(attempts.take_run(BUS, DEFINITIONS, found[0]["id"], f"w{number}", LEASE) for number in range(8))
    )
    assert len([attempt for attempt in taken if attempt is not None]) == 1
    # The database itself refuses a second one.
    with pytest.raises(asyncpg.UniqueViolationError):
        await write("UPDATE task_runs SET task = 'casual', state = 'QUEUED', lease_until = NULL")


async def test_a_busy_task_waits_or_skips_and_is_caught_up_once(database: str) -> None:
    await make_due()
    await tick(BUS, DEFINITIONS)
    first = {run["task"]: run["id"] for run in await runs()}
    await make_due("3 hours")
    await tick(BUS, DEFINITIONS)
    skipped = [run for run in await runs() if run["state"] == "SKIPPED"]
    assert [(run["task"], "the previous run was still active" in run["error"]) for run in skipped] == [("casual", True)]
    for run_id in first.values():
        attempt = await attempts.take_run(BUS, DEFINITIONS, run_id, "me", LEASE)
        assert attempt is not None
        await attempts.succeed(BUS, attempt, {})
    for _ in range(3):
        await tick(BUS, DEFINITIONS)
    caught_up = [run for run in await runs() if run["state"] == "QUEUED"]
    assert [(run["task"], run["cause"]) for run in caught_up] == [("stubborn", "CATCH_UP")]


async def test_a_failed_run_is_retried_and_then_final(database: str) -> None:
    await make_due()
    await tick(BUS, DEFINITIONS)
    run_id = next(run["id"] for run in await runs() if run["task"] == "stubborn")
    attempt = await attempts.take_run(BUS, DEFINITIONS, run_id, "me", LEASE)
    assert attempt is not None
    assert await attempts.note_progress(BUS, attempt, {"after": 7})
    failed = await attempts.fail(BUS, attempt, "no\0 luck \ud800", 1.0)
    assert failed is not None
    assert (failed.state, failed.error, failed.attempt) == ("RETRYING", "no luck ?", 1)
    # Not before its time.
    assert await attempts.take_run(BUS, DEFINITIONS, run_id, "me", LEASE) is None
    await write("UPDATE task_runs SET ready_at = clock_timestamp() WHERE id = $1", run_id)
    again = await attempts.take_run(BUS, DEFINITIONS, run_id, "me", LEASE)
    assert again is not None
    assert (again.run.attempt, again.progress) == (2, {"after": 7})
    final = await attempts.fail(BUS, again, "too long", 1.0, timed_out=True)
    assert final is not None
    assert (final.state, final.error) == ("TIMED_OUT", "too long")
    # What the first attempt still has to say, nobody hears.
    assert await attempts.succeed(BUS, attempt, {}) is None
    assert not await attempts.note_progress(BUS, attempt, {})


async def test_writes_of_a_lost_worker_are_refused(database: str) -> None:
    await make_due()
    await tick(BUS, DEFINITIONS)
    run_id = next(run["id"] for run in await runs() if run["task"] == "stubborn")
    first = await attempts.take_run(BUS, DEFINITIONS, run_id, "first", LEASE)
    assert first is not None
    assert await attempts.renew_runs(BUS, [first], LEASE) == {run_id}
    await write("UPDATE task_runs SET lease_until = clock_timestamp() - interval '1 second' WHERE id = $1", run_id)
    with fenced(first.fence):
        async with unit_of_work(BUS) as work:
            # While a transaction of the first is open, nobody else takes over.
            await elsewhere(tick(BUS, DEFINITIONS))
            found = await elsewhere(runs())
            assert {run["error"] for run in found} == {"The worker first died or lost its connection.", None}
            assert await elsewhere(attempts.take_run(BUS, DEFINITIONS, run_id, "second", LEASE)) is None
            await work.execute("SELECT 1")
    second = await attempts.take_run(BUS, DEFINITIONS, run_id, "second", LEASE)
    assert second is not None
    assert (second.run.attempt, second.epoch) == (2, first.epoch + 1)
    assert await attempts.renew_runs(BUS, [first, second], LEASE) == {run_id}
    with fenced(first.fence), pytest.raises(LeaseLost):
        async with unit_of_work(BUS) as work:
            await work.execute("UPDATE task_runs SET error = 'I am back'")
    assert await attempts.succeed(BUS, first, {}) is None
    ended = await attempts.succeed(BUS, second, {"done": True})
    assert ended is not None
    assert (ended.state, ended.result, ended.error) == ("SUCCEEDED", '{"done":true}', None)


async def test_a_run_that_kills_its_workers_fails_finally(database: str) -> None:
    await make_due()
    await tick(BUS, DEFINITIONS)
    run_id = next(run["id"] for run in await runs() if run["task"] == "stubborn")
    for loss in range(MAX_LOSSES + 1):
        assert await attempts.take_run(BUS, DEFINITIONS, run_id, f"w{loss}", timedelta(0)) is not None
        await tick(BUS, DEFINITIONS)
    (run,) = [run for run in await runs() if run["id"] == run_id]
    assert (run["state"], run["losses"], run["attempt"]) == ("FAILED", MAX_LOSSES + 1, MAX_LOSSES + 1)


async def test_a_run_returned_by_a_stopping_worker_continues_as_the_same_attempt(database: str) -> None:
    await make_due()
    await tick(BUS, DEFINITIONS)
    run_id = (await runs())[0]["id"]
    first = await attempts.take_run(BUS, DEFINITIONS, run_id, "first", LEASE)
    assert first is not None
    given = await attempts.give_back(BUS, first)
    assert given is not None
    assert (given.state, given.attempt, given.started_at) == ("QUEUED", 1, None)
    second = await attempts.take_run(BUS, DEFINITIONS, run_id, "second", LEASE)
    assert second is not None
    assert second.run.attempt == 1


async def test_a_release_with_a_new_trigger_reschedules_it_and_ignores_foreign_tasks(
    database: str,
) -> None:
    before = {row["name"]: row["next_run_at"] for row in await fetch("SELECT * FROM scheduled_tasks")}
    changed = {"stubborn": replace(STUBBORN, trigger=Interval(60))}
    await register_tasks(BUS, changed)
    after = {row["name"]: row["next_run_at"] for row in await fetch("SELECT * FROM scheduled_tasks")}
    assert after["casual"] == before["casual"]
    assert after["stubborn"] <= before["stubborn"]
    (row,) = await fetch("SELECT schedule FROM scheduled_tasks WHERE name = 'stubborn'")
    assert row["schedule"] == "every 60 s"
    # A worker of a release that does not have it neither makes nor takes its runs.
    await make_due()
    await tick(BUS, changed)
    assert [run["task"] for run in await runs()] == ["stubborn"]
