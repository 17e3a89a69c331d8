"""Retention of task runs."""

from datetime import timedelta

from domain.kernel.bus import Bus
from domain.kernel.unit_of_work import unit_of_work
from domain.system import queries

# Of each task the newest are kept, and all of the last day.
KEPT_RUNS = 1_000
KEPT = timedelta(days=1)


async def forget_runs(bus: Bus, limit: int) -> int:
    """Remove runs that are neither of the last day nor among a task's newest thousand; returns their number."""
    async with unit_of_work(bus) as work:
        return await queries.remove_old_runs(work, work.now - KEPT, KEPT_RUNS, limit)
