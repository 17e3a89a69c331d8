"""Mutations of scheduled tasks, runs on request, and channels of notifications."""

from typing import Annotated

import strawberry

from api.context import Info
from api.ids import named
from api.system.channels import NotificationChannel, SaveNotificationChannelInput
from api.system.inputs import UpdateScheduledTaskInput
from api.system.types import ScheduledTask, TaskRun
from domain.system import service
from domain.system.notifications import service as notifications

_INPUT = strawberry.argument(name="input")


@strawberry.type
class SystemMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(
        description=("Change the schedule and settings of a task, pause it or resume it. Needs RISK_MANAGER or ADMIN.")
    )
    async def update_scheduled_task(
        self, info: Info, given: Annotated[UpdateScheduledTaskInput, _INPUT]
    ) -> ScheduledTask:
        """In force at once, for every worker."""
        bus, actor = info.context.services.bus, info.context.require_actor()
        return ScheduledTask.of(await service.update_task(bus, actor, given.to_domain()))

    @strawberry.mutation(
        description="Run a task now, also a paused one. CONFLICT while it is running. Needs RISK_MANAGER or ADMIN."
    )
    async def run_scheduled_task(self, info: Info, name: str) -> TaskRun:
        """The run that waits for a worker; it may be followed by `taskRuns`."""
        return TaskRun.of(await service.run_task(info.context.services.bus, info.context.require_actor(), name))

    @strawberry.mutation(
        description=(
            "Create a notification channel, or replace the one with the given `id`. Your own channels need a "
            "sign-in; those of the platform need RISK_MANAGER or ADMIN."
        )
    )
    async def save_notification_channel(
        self, info: Info, given: Annotated[SaveNotificationChannelInput, _INPUT]
    ) -> NotificationChannel:
        """It gets notifications from now on."""
        told, actor = info.context.services.notifications, info.context.require_actor()
        return NotificationChannel.of(await notifications.save_channel(told, actor, given.to_domain()))

    @strawberry.mutation(description="Delete a channel and its waiting messages; returns its id.")
    async def delete_notification_channel(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The channel.")]
    ) -> strawberry.ID:
        """Deleted at once."""
        await notifications.delete_channel(info.context.services.bus, info.context.require_actor(), named(id))
        return id

    @strawberry.mutation(
        description="Send a test message now: true when it was accepted, otherwise the channel's `lastError` says why. "
        "RATE_LIMITED within five seconds of the test before."
    )
    async def test_notification_channel(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The channel.")]
    ) -> bool:
        """It waits for the service, for half a minute at most."""
        return await notifications.try_channel(
            info.context.services.notifications, info.context.require_actor(), named(id)
        )
