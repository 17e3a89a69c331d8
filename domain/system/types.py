"""Words and values of scheduled tasks.

A task is defined in code (``TaskDefinition``), and what its operators changed lies over that. Each time that it is due,
or asked for, there is one run of it, which may take several attempts; no task ever has two runs at once.
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
    """How the times at which a task is due are found."""

    INTERVAL = "INTERVAL"
    CRON = "CRON"


@dataclass(frozen=True, slots=True)
class Interval:
    """Every so many seconds, counted from 1970-01-01T00:00Z: every worker finds the same times, and none drifts."""

    seconds: int

    @property
    def kind(self) -> TriggerKind:
        """INTERVAL."""
        return TriggerKind.INTERVAL

    @property
    def zone(self) -> str:
        """It knows no other."""
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
    """A task as the code defines it: what operators did not change is as it says here.

    ``timeout_seconds`` bounds one slice of an attempt. ``max_retries`` is how often a failed run is tried again.
    ``catch_up``: times that nobody was there for are made up for by one run, as soon as somebody is; without it they
    are skipped. It wants a task that does what is due whatever the time, such as closing days.
    """

    name: str
    description: str
    trigger: Trigger
    timeout_seconds: int = 60
    max_retries: int = 3
    catch_up: bool = True


class TaskRunState(StrEnum):
    """Where a run is. QUEUED, RUNNING and RETRYING (it failed and is tried again) are on the way; the others final."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    RETRYING = "RETRYING"
    TIMED_OUT = "TIMED_OUT"
    SKIPPED = "SKIPPED"

    @property
    def is_final(self) -> bool:
        """True if nothing follows."""
        return self not in _LIVE


_LIVE = frozenset({TaskRunState.QUEUED, TaskRunState.RUNNING, TaskRunState.RETRYING})


class RunCause(StrEnum):
    """Why there is a run."""

    SCHEDULE = "SCHEDULE"
    CATCH_UP = "CATCH_UP"
    REQUEST = "REQUEST"


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One run of a task. ``result`` is JSON text; ``error`` is what the newest failed attempt ended with.

    ``started_at`` and ``finished_at`` are those of the newest attempt. ``version`` counts what has been told of it.
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
        """How long the newest attempt took, None while it goes on."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds() * 1_000


@dataclass(frozen=True, slots=True)
class Override:
    """What operators changed of a task; None is as the code defines it. ``version`` counts their changes."""

    enabled: bool = True
    trigger: Trigger | None = None
    timeout_seconds: int | None = None
    max_retries: int | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """A task as it is in force. ``next_run_at`` is None while it is paused."""

    definition: TaskDefinition
    override: Override
    next_run_at: datetime | None

    @property
    def name(self) -> str:
        """Names it everywhere."""
        return self.definition.name

    @property
    def trigger(self) -> Trigger:
        """When it is due."""
        return self.override.trigger or self.definition.trigger

    @property
    def enabled(self) -> bool:
        """True if it runs by itself; a paused one still runs when it is asked for."""
        return self.override.enabled

    @property
    def timeout_seconds(self) -> int:
        """How long one slice of an attempt may take."""
        return self.override.timeout_seconds or self.definition.timeout_seconds

    @property
    def max_retries(self) -> int:
        """How often a failed run is tried again."""
        changed = self.override.max_retries
        return self.definition.max_retries if changed is None else changed


def require_operator(actor: Actor) -> None:
    """Let ``actor`` pass if it may see and steer the platform's tasks.

    Raises:
        Forbidden: it is neither RISK_MANAGER nor ADMIN.
    """
    require_role(actor, Role.RISK_MANAGER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class SystemMetrics:
    """The load at one moment: of this machine, of all web processes over ten seconds, and of trading.

    Rates are per second, ``error_rate`` is a share of the operations, memory that of this process.
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
