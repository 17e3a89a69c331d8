"""The runner of a task: its result, its failures, its time limit, and being stopped or taken over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.access.types import SYSTEM
from domain.kernel.errors import Conflict
from domain.kernel.orm import value_of
from domain.kernel.unit_of_work import unit_of_work
from domain.system import models
from domain.system.service import run_task
from domain.system.types import Interval, Result, TaskDefinition, TaskRun
from tests.support.trading import Platform, platform
from tests.support.waiting import PATIENCE_SECONDS, eventually, until
from workers.runner import Runner
from workers.tasks.context import TaskContext, TaskFailure, TaskFunction, Unfinished

TASK = TaskDefinition("task", "Does what the test wants.", Interval(86_400), timeout_seconds=1, max_retries=0)
DEFINITIONS = {TASK.name: TASK}


async def read_run(run_id: UUID) -> TaskRun:
    return value_of(TaskRun, await models.TaskRun.get(id=run_id))


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        yield whole


async def outcome(desk: Platform, function: TaskFunction, **bounds: Any) -> TaskRun:
    """The run once the runner is done with it."""
    definitions = {TASK.name: replace(TASK, **bounds)}
    runner = Runner(desk.services, {TASK.name: function}, definitions)
    asked = await run_task(desk.services.bus, SYSTEM, TASK.name, definitions)
    await runner.run(asked.id)
    # Nobody does what is done.
    await runner.run(asked.id)
    return await read_run(asked.id)


async def test_a_run_ends_with_the_result_or_the_error_of_its_task(desk: Platform) -> None:
    async def counts(run: TaskContext) -> Result | Unfinished:
        count = run.progress.get("count", 0)
        assert isinstance(count, int)
        return {"count": count, "due": run.due == run.due} if count == 3 else Unfinished({"count": count + 1})

    async def fails(run: TaskContext) -> Result:
        raise OSError("postgresql://me:hidden@host/base cannot be reached")

    async def is_refused(run: TaskContext) -> Result:
        raise Conflict("That has moved on.")

    async def finds_a_fault(run: TaskContext) -> Result:
        raise TaskFailure("Something is broken.", {"broken": 1})

    async def answers_nonsense(run: TaskContext) -> Result:
        return {"an object": object()}  # type: ignore[dict-item]  # that is the point

    async def answers_too_much(run: TaskContext) -> Result:
        return {"text": "x" * 100_000}

    async def gives_up_waiting(run: TaskContext) -> Result:
        raise TimeoutError("nobody answered")

    async def takes_too_long(run: TaskContext) -> Result:
        await asyncio.sleep(60)
        return {}

    for function, state, error, result in (
        (counts, "SUCCEEDED", None, '{"count":3,"due":true}'),
        (fails, "FAILED", "OSError: postgresql://me:***@host/base cannot be reached", None),
        (is_refused, "FAILED", "That has moved on.", None),
        (finds_a_fault, "FAILED", "Something is broken.", '{"broken":1}'),
        (gives_up_waiting, "FAILED", "TimeoutError: nobody answered", None),
        (takes_too_long, "TIMED_OUT", "It took longer than 1 seconds.", None),
    ):
        run = await outcome(desk, function)
        assert (run.state, run.error, run.result, run.attempt) == (state, error, result, 1), function.__name__
        assert run.duration_ms is not None
    for function, part in ((answers_nonsense, "is not JSON"), (answers_too_much, "at most 16384 are stored")):
        run = await outcome(desk, function)
        assert run.state == "FAILED"
        assert run.error is not None
        assert part in run.error
    # What nobody but a person can mend is not tried again, anything else is.
    assert (await outcome(desk, finds_a_fault, max_retries=3)).state == "FAILED"
    assert (await outcome(desk, fails, max_retries=3)).state == "RETRYING"


async def test_a_stopped_runner_returns_its_run_and_one_without_lease_stops(desk: Platform) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def waits(run: TaskContext) -> Result:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()
        return {}

    services = replace(desk.services, settings=replace(desk.services.settings, task_lease_seconds=2))
    definitions = {TASK.name: replace(TASK, timeout_seconds=60)}
    runner = Runner(services, {TASK.name: waits}, definitions)
    asked = await run_task(services.bus, SYSTEM, TASK.name, definitions)
    running = asyncio.create_task(runner.run(asked.id))
    await eventually(begun.is_set)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    given_back = await read_run(asked.id)
    assert (cancelled.is_set(), given_back.state, given_back.attempt) == (True, "QUEUED", 1)

    begun.clear()
    cancelled.clear()
    beating = asyncio.create_task(runner.beat())
    running = asyncio.create_task(runner.run(asked.id))
    await eventually(begun.is_set)
    # Held for longer than a lease, because it is renewed; then it is somebody else's.
    first = await lease_of(desk, asked.id)

    async def is_renewed() -> bool:
        return await lease_of(desk, asked.id) > first

    await until(is_renewed)
    async with unit_of_work(services.bus) as work:
        await work.execute("UPDATE task_runs SET epoch = epoch + 1 WHERE id = $1", asked.id)
    await asyncio.wait_for(running, PATIENCE_SECONDS)
    assert cancelled.is_set()
    assert (await read_run(asked.id)).state == "RUNNING"
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating


async def lease_of(desk: Platform, run_id: Any) -> Any:
    async with unit_of_work(desk.services.bus) as work:
        row = await work.fetch_row("SELECT lease_until FROM task_runs WHERE id = $1", run_id)
    assert row is not None
    return row["lease_until"]
