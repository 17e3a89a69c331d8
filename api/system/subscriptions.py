"""Runs of scheduled tasks, health and load, as they change."""

from collections.abc import AsyncIterator
from functools import partial
from typing import cast

import strawberry

from api.context import Info
from api.intervals import interval_seconds
from api.realtime.streams import StateStream, anybody
from api.system.types import SystemHealth, SystemMetrics, TaskRun
from domain.kernel.bus import Bus
from domain.system import service
from domain.system.stream import live_runs
from domain.system.types import require_operator
from domain.system.watching import watch_health, watch_metrics

_SHORTEST_MS = 1_000


@strawberry.type
class SystemSubscription:
    """The area's part of the root subscription."""

    @strawberry.subscription(
        description="Runs that are on the way, then each run as it changes, of one task or of all. "
        "Needs RISK_MANAGER or ADMIN."
    )
    async def task_runs(self, info: Info, task: str | None = None) -> AsyncIterator[TaskRun]:
        """Conflated per run: a slow client gets the newest state of each."""
        service.check_task(task)
        stream = StateStream(
            key=("taskRuns", task),
            open=partial(_runs, info.context.services.bus, task),
            permit=require_operator,
            part=lambda run: run.id,
        )
        return cast(AsyncIterator[TaskRun], stream)

    @strawberry.subscription(
        description="State of the components: now, and again within five seconds of each change of a state."
    )
    async def system_health(self, info: Info) -> AsyncIterator[SystemHealth]:
        """One measurement serves all subscribers."""
        inspection = info.context.services.inspection
        stream = StateStream(("systemHealth",), partial(watch_health, inspection), anybody)
        return cast(AsyncIterator[SystemHealth], stream)

    @strawberry.subscription(description="The load, every `intervalMs`, which is a second at least.")
    async def system_metrics(self, info: Info, interval_ms: int = 1000) -> AsyncIterator[SystemMetrics]:
        """Conflated."""
        seconds = interval_seconds(interval_ms, shortest_ms=_SHORTEST_MS)
        inspection = info.context.services.inspection
        stream = StateStream(("systemMetrics", interval_ms), partial(watch_metrics, inspection, seconds), anybody)
        return cast(AsyncIterator[SystemMetrics], stream)


async def _runs(bus: Bus, task: str | None) -> AsyncIterator[TaskRun]:
    async for run in live_runs(bus, task):
        yield TaskRun.of(run)
