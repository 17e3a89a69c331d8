"""Query of any object by its id; queries about scheduled tasks and their runs, and about health and load."""

from functools import partial
from typing import cast

import strawberry

from api.context import Info
from api.node import Node
from api.pages import Connection, connection, listed
from api.system.channels import NotificationChannel
from api.system.cursors import StreamCursors
from api.system.enums import NotificationTopic, TaskRunState
from api.system.nodes import load_node, load_nodes
from api.system.types import ScheduledTask, SystemHealth, SystemMetrics, TaskRun
from domain.kernel.pages import page_request
from domain.system import service
from domain.system.notifications import service as notifications


@strawberry.type
class SystemQuery:
    """The area's part of the root query."""

    @strawberry.field(description="Any object with an id; null if the id is unknown or you may not see it.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        """One thing."""
        return await load_node(info, id)

    @strawberry.field(
        description=("Objects of several ids, in their order; null for ids that are unknown or that you may not see.")
    )
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        """Loaded together."""
        return await load_nodes(info, ids)

    @strawberry.field(
        description="Scheduled tasks of the platform, by name. Needs RISK_MANAGER or ADMIN. In pages: "
        "`scheduledTasksConnection`."
    )
    async def scheduled_tasks(self, info: Info) -> list[ScheduledTask]:
        """All of them, as they are in force."""
        return [ScheduledTask.of(task) for task in await service.list_tasks(info.context.require_actor())]

    @strawberry.field(description="Scheduled tasks of the platform, by name. Needs RISK_MANAGER or ADMIN.")
    async def scheduled_tasks_connection(
        self,
        info: Info,
        enabled: bool | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[ScheduledTask]:
        """A page of tasks."""
        tasks = await service.list_tasks(info.context.require_actor())
        found = [task for task in tasks if enabled in (None, task.enabled)]
        request = page_request(first, after, last, before, parts=1, of=("scheduledTasks", enabled))
        return listed(request, found, lambda task: (task.name,), ScheduledTask.of)

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
        page = await service.page_runs(
            actor, page_request(first, after, last, before, parts=1, of=("taskRuns", task, states)), task, states
        )
        return connection(page, TaskRun.of, partial(service.count_runs, actor, task, states))

    @strawberry.field(
        description="Cursors to follow `riskEvents`, `anomalies` and `anomalyCases` from now on, for a client that "
        "reads the lists after it has the cursors."
    )
    async def stream_cursors(self, info: Info) -> StreamCursors:
        """The present ends."""
        info.context.require_actor()
        return StreamCursors()

    @strawberry.field(description="Health of the platform and its components. For every signed-in user.")
    async def system_health(self, info: Info) -> SystemHealth:
        """Measured at most once a second."""
        info.context.require_actor()
        return cast(SystemHealth, await info.context.services.inspection.health())

    @strawberry.field(
        description="The load of the machine, of all web processes and of trading. For every signed-in user."
    )
    async def system_metrics(self, info: Info) -> SystemMetrics:
        """Measured at most once a second."""
        info.context.require_actor()
        return cast(SystemMetrics, await info.context.services.inspection.metrics())

    @strawberry.field(
        description="Your channels of notifications; for RISK_MANAGER and ADMIN those of the platform too. "
        "In pages: `notificationChannelsConnection`."
    )
    async def notification_channels(self, info: Info) -> list[NotificationChannel]:
        """Oldest first, the platform's at the end."""
        return [NotificationChannel.of(one) for one in await notifications.list_channels(info.context.require_actor())]

    @strawberry.field(
        description="Your channels of notifications, oldest first; for RISK_MANAGER and ADMIN those of the platform "
        "after them."
    )
    async def notification_channels_connection(
        self,
        info: Info,
        enabled: bool | None = None,
        topic: NotificationTopic | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[NotificationChannel]:
        """A page of channels."""
        channels = await notifications.list_channels(info.context.require_actor())
        found = [one for one in channels if enabled in (None, one.enabled) and topic in (None, *one.topics)]
        request = page_request(first, after, last, before, parts=2, of=("notificationChannels", enabled, topic))
        return listed(request, found, lambda one: (str(int(one.is_shared)), str(one.id)), NotificationChannel.of)
