"""Retention of task runs, and of the traces of orders."""

from datetime import timedelta

from domain.kernel.bus import Bus
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.trace_queries import forget_traces
from domain.system import queries

# Of each task the newest are kept, and all of the last day.
KEPT_RUNS = 1_000
KEPT = timedelta(days=1)
# A collector of traces seldom keeps them longer.
KEPT_TRACES = timedelta(days=30)


async def forget_runs(bus: Bus, limit: int) -> int:
    """Remove runs that are neither of the last day nor among a task's newest thousand; returns their number."""
    async with unit_of_work(bus) as work:
        return await queries.remove_old_runs(work, work.now - KEPT, KEPT_RUNS, limit)


async def forget_order_traces(bus: Bus, limit: int) -> int:
    """Remove traces of orders that are over and were placed over a month ago; returns their number."""
    async with unit_of_work(bus) as work:
        return await forget_traces(work, work.now - KEPT_TRACES, limit)
