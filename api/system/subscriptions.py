"""Runs of scheduled tasks as they change. Needs RISK_MANAGER or ADMIN."""

from collections.abc import AsyncIterator
from functools import partial
from typing import cast

import strawberry

from api.context import Info
from api.realtime.streams import StateStream
from api.system.types import TaskRun
from domain.kernel.bus import Bus
from domain.system import service
from domain.system.stream import live_runs
from domain.system.types import require_operator


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


async def _runs(bus: Bus, task: str | None) -> AsyncIterator[TaskRun]:
    async for run in live_runs(bus, task):
        yield TaskRun.of(run)
