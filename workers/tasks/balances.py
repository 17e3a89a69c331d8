"""The audit of all accounts' balances and margin."""

from typing import cast

from domain.orders.books.refreshing import refresh_balances
from domain.system.types import Result
from workers.tasks.context import TaskContext, TaskFailure, Unfinished
from workers.tasks.slices import AccountWalk

_BATCH = 100
_COUNTS = ("accounts", "corrected", "unpriced", "below_maintenance")


async def refresh_all(run: TaskContext) -> Result | Unfinished:
    """Recompute the reservations and the margin of all accounts.

    Raises:
        TaskFailure: some had a wrong reserved amount; it is corrected, and an operator should find the cause.
    """
    counts = {name: cast("int", run.progress.get(name, 0)) for name in _COUNTS}
    walk = AccountWalk(run, _BATCH)
    async for ids in walk:
        found = await refresh_balances(run.services.bus, run.services.market, ids)
        for name in _COUNTS:
            counts[name] += getattr(found, name)
    if walk.progress:
        return Unfinished({**counts, **walk.progress})
    result: Result = {
        "accounts": counts["accounts"],
        "corrected": counts["corrected"],
        "unpriced": counts["unpriced"],
        "belowMaintenance": counts["below_maintenance"],
    }
    if counts["corrected"]:
        raise TaskFailure(f"{counts['corrected']} accounts had a wrong reserved amount; it was corrected.", result)
    return result
