"""A worker whose tasks are made for tests: they write down what they do, and wait for what the test allows."""

import asyncio
import os

from adapters.logs.configuration import configure_logging
from adapters.settings.loading import load_settings
from domain.kernel.database import fetch
from domain.kernel.unit_of_work import unit_of_work
from domain.system.types import Interval, Result, TaskDefinition
from workers.tasks.context import TaskContext, Unfinished
from workers.worker import run_worker

TABLES = """
CREATE TABLE notes (id bigserial PRIMARY KEY, task text, pid int, what text, at timestamptz DEFAULT clock_timestamp());
CREATE TABLE gates (task text PRIMARY KEY)
"""
OFTEN, GATED, DAILY, SLICED = "often", "gated", "daily", "sliced"
YEAR = 366 * 24 * 60 * 60
DEFINITIONS = {
    each.name: each
    for each in (
        TaskDefinition(OFTEN, "Every second.", Interval(1), catch_up=False),
        TaskDefinition(GATED, "When asked; ends when the test opens its gate.", Interval(YEAR), max_retries=0),
        TaskDefinition(DAILY, "When the test makes it due.", Interval(24 * 60 * 60)),
        TaskDefinition(SLICED, "When asked; in three slices, the second of which waits for the gate.", Interval(YEAR)),
    )
}


async def _note(run: TaskContext, task: str, what: str) -> None:
    async with unit_of_work(run.services.bus) as work:
        await work.execute("INSERT INTO notes (task, pid, what) VALUES ($1, $2, $3)", task, os.getpid(), what)


async def _pass_gate(task: str) -> None:
    while not await fetch("SELECT FROM gates WHERE task = $1", task):
        await asyncio.sleep(0.02)


async def often(run: TaskContext) -> Result:
    """Takes a tenth of a second."""
    await _note(run, OFTEN, "begin")
    await asyncio.sleep(0.1)
    await _note(run, OFTEN, "end")
    return {}


async def gated(run: TaskContext) -> Result:
    """Takes until the gate is open."""
    await _note(run, GATED, "begin")
    await _pass_gate(GATED)
    await _note(run, GATED, "end")
    return {"attempt": run.attempt}


async def daily(run: TaskContext) -> Result:
    """Takes no time."""
    await _note(run, DAILY, "begin")
    return {"due": run.due.isoformat()}


async def sliced(run: TaskContext) -> Result | Unfinished:
    """Counts to three."""
    count = run.progress.get("count", 0)
    assert isinstance(count, int)
    await _note(run, SLICED, f"slice {count}")
    if count == 1:
        await _pass_gate(SLICED)
    return Unfinished({"count": count + 1}) if count < 2 else {"count": count + 1}


FUNCTIONS = {OFTEN: often, GATED: gated, DAILY: daily, SLICED: sliced}

if __name__ == "__main__":
    settings = load_settings(os.environ)
    configure_logging(settings.log)
    asyncio.run(run_worker(settings, FUNCTIONS, DEFINITIONS))
