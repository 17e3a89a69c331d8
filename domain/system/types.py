"""Types of scheduled tasks.

A task is defined in code (``TaskDefinition``); operators' changes override the definition. Each due time, or request,
makes one run, which may take several attempts. A task never has two active runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from domain.access.types import Actor, Role, require_role

UTC_ZONE = "UTC"
Json: TypeAlias = "bool | int | float | str | list[Json] | Mapping[str, Json] | None"
# What a run came to: counts and names for people, no more than a few kilobytes.
Result: TypeAlias = Mapping[str, Json]


class TriggerKind(StrEnum):
    """The kind of a trigger."""

    INTERVAL = "INTERVAL"
    CRON = "CRON"


@dataclass(frozen=True, slots=True)
class Interval:
    """A number of seconds, counted from 1970-01-01T00:00Z: every worker finds the same times, and none drifts."""

    seconds: int

    @property
    def kind(self) -> TriggerKind:
        """INTERVAL."""
        return TriggerKind.INTERVAL

    @property
    def zone(self) -> str:
        """Always UTC."""
        return UTC_ZONE


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron line of five fields in a time zone."""

    line: str
    zone: str = UTC_ZONE

    @property
    def kind(self) -> TriggerKind:
        """CRON."""
        return TriggerKind.CRON


Trigger: TypeAlias = Interval | Cron


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """A task as the code defines it; operators may override it.

    ``timeout_seconds`` bounds one slice of an attempt. ``max_retries`` is the number of retries of a failed run.
    ``catch_up``: missed times are caught up by one run, as soon as a worker is there; without it they are skipped. It
    suits a task that does all due work at any time, such as closing days.
    """

    name: str
    description: str
    trigger: Trigger
    timeout_seconds: int = 60
    max_retries: int = 3
    catch_up: bool = True


class TaskRunState(StrEnum):
    """The state of a run. QUEUED, RUNNING and RETRYING (failed, to be tried again) are active; the others final."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    RETRYING = "RETRYING"
    TIMED_OUT = "TIMED_OUT"
    SKIPPED = "SKIPPED"

    @property
    def is_final(self) -> bool:
        """True if the run has ended."""
        return self not in LIVE


LIVE = frozenset({TaskRunState.QUEUED, TaskRunState.RUNNING, TaskRunState.RETRYING})


class RunCause(StrEnum):
    """The cause of a run."""

    SCHEDULE = "SCHEDULE"
    CATCH_UP = "CATCH_UP"
    REQUEST = "REQUEST"


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One run of a task. ``result`` is JSON text; ``error`` is the error of the newest failed attempt.

    ``started_at`` and ``finished_at`` are those of the newest attempt. ``version`` counts its published changes.
    """

    id: UUID
    task: str
    state: TaskRunState
    cause: RunCause
    attempt: int
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result: str | None
    error: str | None
    requested_by: str | None
    version: int
    changed_at: datetime

    @property
    def duration_ms(self) -> float | None:
        """The duration of the newest attempt, None while it is active."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds() * 1_000


@dataclass(frozen=True, slots=True)
class Override:
    """The operators' changes of a task; None keeps the definition. ``version`` counts the changes."""

    enabled: bool = True
    trigger: Trigger | None = None
    timeout_seconds: int | None = None
    max_retries: int | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """A task with the settings in force. ``next_run_at`` is None while it is paused."""

    definition: TaskDefinition
    override: Override
    next_run_at: datetime | None

    @property
    def name(self) -> str:
        """Unique name."""
        return self.definition.name

    @property
    def trigger(self) -> Trigger:
        """Its trigger."""
        return self.override.trigger or self.definition.trigger

    @property
    def enabled(self) -> bool:
        """True if it runs by its trigger; a paused one runs only on request."""
        return self.override.enabled

    @property
    def timeout_seconds(self) -> int:
        """Time limit of one slice of an attempt."""
        return self.override.timeout_seconds or self.definition.timeout_seconds

    @property
    def max_retries(self) -> int:
        """Number of retries of a failed run."""
        changed = self.override.max_retries
        return self.definition.max_retries if changed is None else changed


def require_operator(actor: Actor) -> None:
    """Let ``actor`` pass if it may see and steer the platform's tasks.

    Raises:
        Forbidden: it is neither RISK_MANAGER nor ADMIN.
    """
    require_role(actor, Role.RISK_MANAGER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class NamedCount:
    """A count, with the name of the counted things."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class SystemMetrics:
    """The load at one moment: of this machine, of all web processes over ten seconds, and of trading.

    Rates are per second, ``error_rate`` is a share of the operations, memory is that of this process.
    """

    at: datetime
    cpu_percent: float
    memory_percent: float
    memory_bytes: float
    disk_percent: float
    load_average: float
    requests_per_second: float
    error_rate: float
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    orders_per_second: float
    executions_per_second: float
    open_orders: int
    subscriptions: int
    event_lag_ms: float | None
    queue_depth: int
    orders_last_minute: tuple[NamedCount, ...] = ()
    rejects_last_minute: tuple[NamedCount, ...] = ()
    order_to_fill_p50_ms: float | None = None
    order_to_fill_p99_ms: float | None = None
    database_connections: int = 0
