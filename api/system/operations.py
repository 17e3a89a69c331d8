"""Questions about scheduled tasks, changes of them, and their runs as they change. All need RISK_MANAGER or ADMIN."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, cast

import strawberry

from api.context import Info
from api.pages import Connection, connection
from api.realtime.streams import StateStream
from api.system.enums import TaskRunState
from api.system.inputs import UpdateScheduledTaskInput
from api.system.types import ScheduledTask, TaskRun
from domain.kernel.bus import Bus
from domain.kernel.pages import page_request
from domain.system import service
from domain.system.stream import live_runs
from domain.system.types import require_operator

_INPUT = strawberry.argument(name="input")


@strawberry.type
class SystemQuery:
    """The area's part of the root query."""

    @strawberry.field(description="What the platform does by itself, by name. Needs RISK_MANAGER or ADMIN.")
    async def scheduled_tasks(self, info: Info) -> list[ScheduledTask]:
        """All of them, as they are in force."""
        return [ScheduledTask.of(task) for task in await service.list_tasks(info.context.require_actor())]

    @strawberry.field(
        description="Runs of one task or of all, in some states or in any, newest first. Needs RISK_MANAGER or ADMIN."
    )
    async def task_runs(
        self,
        info: Info,
        task: str | None = None,
        states: list[TaskRunState] | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[TaskRun]:
        """A page of runs."""
        actor = info.context.require_actor()
        page = await service.page_runs(actor, page_request(first, after, last, before, parts=1), task, states)
        return connection(page, TaskRun.of, partial(service.count_runs, actor, task, states))


@strawberry.type
class SystemMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(
        description="Change when and how a task runs, pause it or let it go on. Needs RISK_MANAGER or ADMIN."
    )
    async def update_scheduled_task(
        self, info: Info, given: Annotated[UpdateScheduledTaskInput, _INPUT]
    ) -> ScheduledTask:
        """In force at once, for every worker."""
        bus, actor = info.context.services.bus, info.context.require_actor()
        return ScheduledTask.of(await service.update_task(bus, actor, given.to_domain()))

    @strawberry.mutation(
        description="Let a task run now, a paused one too. CONFLICT while it is running. Needs RISK_MANAGER or ADMIN."
    )
    async def run_scheduled_task(self, info: Info, name: str) -> TaskRun:
        """The run that waits for a worker; it may be followed by `taskRuns`."""
        return TaskRun.of(await service.run_task(info.context.services.bus, info.context.require_actor(), name))


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
