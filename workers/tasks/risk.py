"""Risk tasks that must happen even after crashes: finishing halts, and checking accounts while no monitor runs."""

from typing import cast

from adapters.database.leases import held_roles
from domain.orders.protection.halting import finish_halts
from domain.orders.protection.limit_monitor import LimitMonitor
from domain.system.types import Result
from workers.monitor import ROLE
from workers.tasks.context import TaskContext, Unfinished
from workers.tasks.slices import AccountWalk

_BATCH = 100
# What a liquidation may take before the next run goes on with it.
_LIQUIDATION_SECONDS = 5.0


async def sweep_risk(run: TaskContext) -> Result | Unfinished:
    """Finish the cancels of halts; without a running monitor, check every account and act on broken limits."""
    services = run.services
    halts = await finish_halts(services.bus)
    if ROLE in await held_roles([ROLE]):
        return {"halts": halts, "accounts": 0, "breaches": 0}
    accounts, broken = (cast("int", run.progress.get(name, 0)) for name in ("accounts", "breaches"))
    guard = LimitMonitor(services.order_context, services.books, services.closing)
    await guard.load()
    walk = AccountWalk(run, _BATCH)
    async for ids in walk:
        for value in (await services.books.read(ids)).values():
            accounts += 1
            broken += len(await guard.look(value, value.account.peak_equity))
    await guard.close(within_seconds=_LIQUIDATION_SECONDS)
    if walk.progress:
        return Unfinished({"accounts": accounts, "breaches": broken, **walk.progress})
    return {"halts": halts, "accounts": accounts, "breaches": broken}
