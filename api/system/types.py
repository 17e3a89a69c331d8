"""Types of the area in the schema; their sources are the domain's own values."""

from datetime import datetime
from typing import Self

import strawberry

from api.context import Info
from api.graphql.field_flags import SAME_FOR_ALL
from api.node import Node
from api.scalars import JSON, raw_json
from api.system.enums import ComponentState, RunCause, TaskRunState, TriggerKind
from domain.system import types
from domain.system.queries import read_newest
from domain.system.service import check_run_count
from domain.system.types import Cron, Interval

# Tasks have names; among all ids, this tells them from others.
TASK_PREFIX = "task:"


@strawberry.type(description="One time that a task ran, or was to run. It may take several attempts.")
class TaskRun(Node):
    """A view of ``domain.system.types.TaskRun``."""

    id: strawberry.ID
    task: str
    state: TaskRunState
    cause: RunCause
    attempt: int = strawberry.field(description="The attempt that runs, or ran last, from 1.")
    due_at: datetime = strawberry.field(description="The time that it is for.")
    started_at: datetime | None = strawberry.field(description="Of the newest attempt, like the two after it.")
    finished_at: datetime | None
    duration_ms: float | None
    result: JSON | None
    error: str | None = strawberry.field(
        description="Error of the newest failed attempt, or the reason why it was skipped."
    )
    requested_by: str | None = strawberry.field(description="Email of the person who requested it.")

    @classmethod
    def of(cls, run: types.TaskRun) -> Self:
        """The view of a run."""
        return cls(
            id=strawberry.ID(str(run.id)),
            task=run.task,
            state=run.state,
            cause=run.cause,
            attempt=run.attempt,
            due_at=run.due_at,
            started_at=run.started_at,
            finished_at=run.finished_at,
            duration_ms=run.duration_ms,
            result=None if run.result is None else raw_json(run.result),
            error=run.error,
            requested_by=run.requested_by,
        )


@strawberry.type(description="Something that the platform does by itself, and when.")
class ScheduledTask(Node):
    """A view of ``domain.system.types.ScheduledTask``."""

    id: strawberry.ID
    name: str
    description: str
    trigger: TriggerKind
    interval_seconds: int | None = strawberry.field(
        description="For an INTERVAL: period in seconds, counted from 1970-01-01T00:00Z."
    )
    cron: str | None = strawberry.field(description="For a CRON: minute, hour, day, month and day of the week.")
    timezone: str
    enabled: bool = strawberry.field(description="False while it is paused: then it runs only when it is asked for.")
    timeout_seconds: int = strawberry.field(
        description="Time limit of an attempt, or of each slice of one that works in slices, in seconds."
    )
    max_retries: int
    catch_up: bool = strawberry.field(
        description=("True if one run catches up missed times; otherwise they are skipped.")
    )
    next_run_at: datetime | None = strawberry.field(description="Null while it is paused.")
    version: int = strawberry.field(description="Number of changes by its operators.")

    @classmethod
    def of(cls, task: types.ScheduledTask) -> Self:
        """The view of a task."""
        trigger = task.trigger
        return cls(
            id=strawberry.ID(f"{TASK_PREFIX}{task.name}"),
            name=task.name,
            description=task.definition.description,
            trigger=trigger.kind,
            interval_seconds=trigger.seconds if isinstance(trigger, Interval) else None,
            cron=trigger.line if isinstance(trigger, Cron) else None,
            timezone=trigger.zone,
            enabled=task.enabled,
            timeout_seconds=task.timeout_seconds,
            max_retries=task.max_retries,
            catch_up=task.definition.catch_up,
            next_run_at=task.next_run_at,
            version=task.override.version,
        )

    @strawberry.field(description="Its newest run, in any state.", metadata=SAME_FOR_ALL)
    async def last_run(self, info: Info) -> TaskRun | None:
        """Loaded with those of the operation's other tasks."""
        runs = await info.context.load(read_newest, (self.name, 1))
        return TaskRun.of(runs[0]) if runs else None

    @strawberry.field(description="Its newest runs, newest first. In pages: `taskRuns(task)`.", metadata=SAME_FOR_ALL)
    async def runs(self, info: Info, first: int | None = 20) -> list[TaskRun]:
        """Loaded with those of the operation's other tasks."""
        count = check_run_count(20 if first is None else first)
        return [TaskRun.of(run) for run in await info.context.load(read_newest, (self.name, count)) or []]


@strawberry.type(description="One part of the platform: a server, a role of the engine, a feed, the schedule ...")
class ComponentHealth:
    """A view of ``domain.system.health.ComponentHealth``."""

    name: str = strawberry.field(
        description="postgresql, redis, events (the bus), role:ROLE, venue:NAME, commands:VENUE, worker, scheduler, "
        "books, migrations, feed:EXCHANGE or disk."
    )
    state: ComponentState = strawberry.field(description="True if it works.")
    latency_ms: float | None = strawberry.field(
        description=(
            "Its response time, the age of its last heartbeat or newest quote, or its lag, in milliseconds; "
            "null if none of these is measured."
        )
    )
    detail: str | None = strawberry.field(description="Its problem, or more details, for people.")


@strawberry.type(description="Health of the platform and its components, at most a second old.")
class SystemHealth:
    """A view of ``domain.system.health.SystemHealth``."""

    state: ComponentState = strawberry.field(
        description="DOWN when the database is; otherwise DEGRADED when a part is not UP."
    )
    version: str = strawberry.field(description="The release of the process that answers.")
    started_at: datetime = strawberry.field(description="Time at which the process that answers was started.")
    components: list[ComponentHealth] = strawberry.field(description="The parts, one for each name.")
    checked_at: datetime = strawberry.field(description="Time at which the parts were looked at.")


@strawberry.type(description="Number of items with one name.")
class NamedCount:
    """A view of ``domain.system.types.NamedCount``."""

    name: str = strawberry.field(
        description=("Name of the counted group, such as a status of orders or a reason of refusals.")
    )
    count: int = strawberry.field(description="Number of items.")


@strawberry.type(description="The load of the machine, of all web processes, and of trading, at most a second old.")
class SystemMetrics:
    """A view of ``domain.system.types.SystemMetrics``."""

    at: datetime = strawberry.field(description="Time at which it was measured.")
    cpu_percent: float = strawberry.field(description="Of all processors of the machine, since the look before.")
    memory_percent: float = strawberry.field(description="Of the machine's memory that is used.")
    memory_bytes: float = strawberry.field(description="Memory of the process that answers, in bytes.")
    disk_percent: float = strawberry.field(description="Of the disk under the data folder that is used.")
    load_average: float = strawberry.field(description="The machine's, of one minute.")
    requests_per_second: float = strawberry.field(
        description="Operations answered by all web processes, over ten seconds."
    )
    error_rate: float = strawberry.field(description="The share of these that ended in an error, from 0 to 1.")
    latency_p50_ms: float | None = strawberry.field(
        description="Half of them were answered within this many milliseconds; null when there were none."
    )
    latency_p99_ms: float | None = strawberry.field(
        description="99 of 100 were answered within this many milliseconds; null when there were none."
    )
    orders_per_second: float = strawberry.field(description="Orders stored, over ten seconds, refused ones included.")
    executions_per_second: float = strawberry.field(description="Executions booked, over ten seconds.")
    open_orders: int = strawberry.field(description="Orders that are open, of all accounts.")
    subscriptions: int = strawberry.field(description="Running subscriptions of all web processes.")
    event_lag_ms: float | None = strawberry.field(
        description="Delay of a message over the bus, in milliseconds; null if none arrives."
    )
    queue_depth: int = strawberry.field(description="Commands that wait for venues, and runs that wait for a worker.")
    orders_last_minute: list[NamedCount] = strawberry.field(
        description="Orders stored in the last minute, by the status that they have now. One for each status."
    )
    rejects_last_minute: list[NamedCount] = strawberry.field(
        description="Orders refused in the last minute, by reason. One for each reason."
    )
    order_to_fill_p50_ms: float | None = strawberry.field(
        description="Half of the orders of the last minute had their first fill within this many milliseconds; null "
        "when none was filled."
    )
    order_to_fill_p99_ms: float | None = strawberry.field(
        description="99 of 100 orders of the last minute had their first fill within this many milliseconds; null when "
        "none was filled."
    )
    database_connections: int = strawberry.field(
        description="Connections to the database that the process which answers has open."
    )
