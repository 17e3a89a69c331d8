"""Changes of scheduled tasks, and runs that people ask for. All need RISK_MANAGER or ADMIN."""

from typing import Annotated

import strawberry

from api.context import Info
from api.system.inputs import UpdateScheduledTaskInput
from api.system.types import ScheduledTask, TaskRun
from domain.system import service

_INPUT = strawberry.argument(name="input")


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
