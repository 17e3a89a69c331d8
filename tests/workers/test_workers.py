"""Workers as processes: one run of a task at a time, whoever dies, and whatever Redis forgets."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis

from adapters.embedded import EmbeddedServices
from domain.access.types import SYSTEM
from domain.kernel.bus import NullBus
from domain.system.service import run_task
from tests.support.installation import Process, installation
from tests.support.task_worker import DAILY, DEFINITIONS, GATED, OFTEN, SLICED, TABLES

LEASE_SECONDS = 2
MODULE = "tests.support.task_worker"


@pytest.fixture
def workers(
    services: EmbeddedServices, database_url: str, redis_url: str, tmp_path: Path
) -> Iterator[tuple[Process, Process]]:
    """Two of them, running."""
    settings = {"TRADEGRAPH_TASK_LEASE": str(LEASE_SECONDS)}
    with installation(database_url, redis_url, tmp_path / "data", **settings) as whole:
        asyncio.run(_make_tables(database_url))
        pair = whole.worker(MODULE), whole.worker(MODULE)
        whole.start(*pair)
        yield pair


async def _make_tables(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(TABLES)
    finally:
        await connection.close()


class Watch:
    """What tasks have written down, and what is stored of their runs."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def notes(self, task: str) -> list[tuple[int, str]]:
        """By whom, and what."""
        rows = await self.connection.fetch("SELECT pid, what FROM notes WHERE task = $1 ORDER BY id", task)
        return [(row["pid"], row["what"]) for row in rows]

    async def runs(self, task: str) -> list[asyncpg.Record]:
        """Oldest first."""
        return await self.connection.fetch("SELECT * FROM task_runs WHERE task = $1 ORDER BY id", task)

    async def states(self, task: str) -> list[str]:
        """Oldest first."""
        return [row["state"] for row in await self.runs(task)]

    async def open_gate(self, task: str) -> None:
        """Let it end."""
        await self.connection.execute("INSERT INTO gates (task) VALUES ($1)", task)

    async def until(self, question: Callable[[], Awaitable[Any]], seconds: float = 60.0) -> Any:
        """The first answer that is not empty."""
        async with asyncio.timeout(seconds):
            while not (answer := await question()):
                await asyncio.sleep(0.02)
            return answer


@pytest.fixture
async def watch(database: str) -> AsyncIterator[Watch]:
    """The tests' own view of the database; the ORM's pool is open beside it, for use cases."""
    connection = await asyncpg.connect(database)
    yield Watch(connection)
    await connection.close()


async def ask(task: str) -> None:
    await run_task(NullBus(), SYSTEM, task, DEFINITIONS)


async def test_a_task_has_one_run_at_a_time_and_a_killed_worker_is_noticed(
    workers: tuple[Process, Process], watch: Watch
) -> None:
    await ask(GATED)
    await ask(SLICED)
    (first, _), *_ = await watch.until(lambda: watch.notes(GATED))
    await watch.until(lambda: _has(watch, SLICED, "slice 1"))
    holder, other = sorted(workers, key=lambda worker: worker.pid != first)
    assert {pid for pid, _ in await watch.notes(GATED)} == {holder.pid}
    await watch.until(lambda: _ran_often(watch, 2))
    holder.kill()
    await watch.until(lambda: _has(watch, GATED, "begin", pid=other.pid))
    for task in (GATED, SLICED):
        await watch.open_gate(task)
    (run,) = await watch.until(lambda: _ended(watch, GATED))
    assert (run["state"], run["attempt"], run["losses"], run["failures"]) == ("SUCCEEDED", 2, 1, 0)
    assert (run["result"], run["error"]) == ('{"attempt":2}', None)
    assert await watch.notes(GATED) == [(holder.pid, "begin"), (other.pid, "begin"), (other.pid, "end")]
    (sliced,) = await watch.until(lambda: _ended(watch, SLICED))
    # What earlier slices had done is not done again, whoever goes on.
    assert [what for _, what in await watch.notes(SLICED)].count("slice 0") == 1
    assert (sliced["state"], sliced["result"]) == ("SUCCEEDED", '{"count":3}')
    await _check_often(watch, holder.pid)


async def test_a_worker_that_was_given_up_writes_nothing(workers: tuple[Process, Process], watch: Watch) -> None:
    await ask(GATED)
    (first, _), *_ = await watch.until(lambda: watch.notes(GATED))
    frozen, other = sorted(workers, key=lambda worker: worker.pid != first)
    os.kill(frozen.pid, signal.SIGSTOP)
    await watch.until(lambda: _has(watch, GATED, "begin", pid=other.pid))
    await watch.open_gate(GATED)
    (run,) = await watch.until(lambda: _ended(watch, GATED))
    assert (run["state"], run["attempt"], run["losses"]) == ("SUCCEEDED", 2, 1)
    os.kill(frozen.pid, signal.SIGCONT)
    await asyncio.to_thread(frozen.wait_for, "task was taken over")
    assert await watch.notes(GATED) == [(frozen.pid, "begin"), (other.pid, "begin"), (other.pid, "end")]
    assert [dict(row) for row in await watch.runs(GATED)] == [dict(run)]


async def _check_often(watch: Watch, killed: int) -> None:
    """All that time another task ran every second, never twice at once."""
    await watch.until(lambda: _ran_often(watch, 4))
    notes = await watch.notes(OFTEN)
    at_work: int | None = None
    for pid, what in notes:
        # Only one that was killed may have begun without an end.
        assert at_work is None or at_work in (killed, pid)
        assert what == "begin" or at_work == pid
        at_work = pid if what == "begin" else None


async def _ran_often(watch: Watch, times: int) -> bool:
    return [what for _, what in await watch.notes(OFTEN)].count("end") >= times


async def _has(watch: Watch, task: str, what: str, pid: int | None = None) -> bool:
    return any(what == noted and pid in (None, who) for who, noted in await watch.notes(task))


async def _ended(watch: Watch, task: str) -> list[asyncpg.Record]:
    runs = await watch.runs(task)
    return runs if runs and all(run["finished_at"] and run["state"] != "RETRYING" for run in runs) else []


async def test_runs_forgotten_by_redis_are_run_and_missed_ones_are_caught_up_once(
    workers: tuple[Process, Process], watch: Watch, services: EmbeddedServices
) -> None:
    await ask(GATED)
    await watch.until(lambda: watch.notes(GATED))
    services.valkey.stop()
    # Asked for and due while there is no queue: what goes on, goes on.
    await ask(SLICED)
    await watch.open_gate(GATED)
    await watch.open_gate(SLICED)
    (run,) = await watch.until(lambda: _ended(watch, GATED))
    assert run["state"] == "SUCCEEDED"
    assert await watch.states(SLICED) == ["QUEUED"]
    await asyncio.to_thread(services.valkey.start)
    with redis.Redis.from_url(services.redis_url) as client:
        client.flushall()
    (run,) = await watch.until(lambda: _ended(watch, SLICED))
    assert (run["state"], run["attempt"]) == ("SUCCEEDED", 1)
    await _check_catching_up(workers, watch)


async def _check_catching_up(workers: tuple[Process, Process], watch: Watch) -> None:
    for worker in workers:
        worker.stop()
    week_ago = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=7)
    await watch.connection.execute("UPDATE scheduled_tasks SET next_run_at = $1 WHERE name = $2", week_ago, DAILY)
    for worker in workers:
        worker.start()
    (run,) = await watch.until(lambda: _ended(watch, DAILY))
    last_midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert (run["state"], run["cause"], run["due_at"]) == ("SUCCEEDED", "CATCH_UP", last_midnight)
    coming = await watch.connection.fetchval("SELECT next_run_at FROM scheduled_tasks WHERE name = $1", DAILY)
    assert coming == last_midnight + timedelta(days=1)
    # What wants no catching up says what it missed.
    skipped = await watch.connection.fetchval(
        "SELECT error FROM task_runs WHERE task = $1 AND state = 'SKIPPED'", OFTEN
    )
    assert skipped is None or "skipped" in skipped
