"""Tasks on the platform's health and on retention."""

import time

import psutil

from adapters.database.leases import held_roles
from domain.access.retention import forget_sessions, forget_tokens
from domain.kernel.database import ping
from domain.system.notifications.service import forget_deliveries
from domain.system.retention import forget_order_traces, forget_runs
from domain.system.types import Json, Result
from workers.engine import ROLES
from workers.tasks.context import TaskContext, TaskFailure, Unfinished

_FULL_PERCENT = 95.0
# So many rows go in one transaction: a lock is never held for long.
_ROWS = 1_000


async def check_health(run: TaskContext) -> Result:
    """Check the servers, the disk, and that each role of the engine has a holder.

    Raises:
        TaskFailure: a component is not healthy.
    """
    services = run.services
    begun = time.perf_counter()
    await ping()
    database = time.perf_counter()
    redis = await services.ticks.answers()
    answered = time.perf_counter()
    roles = [role for parts in ROLES.values() for role, _ in parts(services)]
    played = await held_roles(roles)
    full = psutil.disk_usage(str(services.settings.data_dir)).percent
    troubles = [f"nobody plays {role}" for role in roles if role not in played]
    troubles += [] if redis else ["Redis does not answer"]
    troubles += [f"the disk is {full:g} % full"] if full > _FULL_PERCENT else []
    found: dict[str, Json] = {
        "databaseMs": round((database - begun) * 1_000, 3),
        "redisMs": round((answered - database) * 1_000, 3) if redis else None,
        "roles": {role: role in played for role in roles},
        "diskPercent": full,
    }
    if troubles:
        raise TaskFailure(f"Trouble: {'; '.join(troubles)}.", found)
    return found


async def forget(run: TaskContext) -> Result | Unfinished:
    """Remove old runs of tasks, sessions and refresh tokens, a bounded number at a time."""
    bus = run.services.bus
    removed = {
        "runs": await forget_runs(bus, _ROWS),
        "sessions": await forget_sessions(bus, _ROWS),
        "tokens": await forget_tokens(bus, _ROWS),
        "traces": await forget_order_traces(bus, _ROWS),
        "notifications": await forget_deliveries(bus, _ROWS),
    }
    so_far: dict[str, Json] = {}
    for name, count in removed.items():
        before = run.progress.get(name, 0)
        assert isinstance(before, int)
        so_far[name] = before + count
    return Unfinished(so_far) if _ROWS in removed.values() else so_far
