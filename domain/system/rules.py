"""Decisions on scheduled tasks, pure: on due times, ended attempts and changes."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.kernel.errors import BadInput
from domain.kernel.retry_policies import TASK
from domain.system.triggers import MAX_COUNTED, check_trigger, count_fires, last_fire, next_fire
from domain.system.types import (
    UTC_ZONE,
    Cron,
    Interval,
    Override,
    RunCause,
    ScheduledTask,
    TaskDefinition,
    TaskRunState,
    Trigger,
)

# A run that begins later than this after its time counts as missed.
GRACE = timedelta(seconds=60)
# So many workers may die of one run before it counts as failed: one that kills them must not do so for ever.
MAX_LOSSES = 5
MIN_TIMEOUT_SECONDS = 5
MAX_TIMEOUT_SECONDS = 3_600
MAX_RETRIES = 20


@dataclass(frozen=True, slots=True)
class DueRun:
    """The decision on a due task.

    ``due_at`` is the due time that its run is for, None when there is no run now; ``skipped`` is the reason of skipped
    times, if any.
    """

    next_run_at: datetime
    due_at: datetime | None = None
    cause: RunCause = RunCause.SCHEDULE
    skipped: str | None = None


def plan_due(task: ScheduledTask, now: datetime, *, is_busy: bool) -> DueRun:
    """Decide for a task that is due by ``now``; ``is_busy`` when a run of it is active.

    Missed times are caught up by one run for the last of them, or skipped, by the task's definition. While the task is
    busy, the first kind waits for its turn, and the second skips.
    """
    first = task.next_run_at
    assert first is not None, "only what has a time can be due"
    if is_busy and task.definition.catch_up:
        return DueRun(first)
    last = last_fire(task.trigger, first, now)
    following = next_fire(task.trigger, now)
    if is_busy:
        return DueRun(following, skipped=_skipped(task.trigger, first, last, "the previous run was still active"))
    is_late = now - last > GRACE
    if task.definition.catch_up:
        is_missed = is_late or first < last
        return DueRun(following, last, RunCause.CATCH_UP if is_missed else RunCause.SCHEDULE)
    if is_late:
        return DueRun(following, skipped=_skipped(task.trigger, first, last, "no worker was running"))
    if first < last:
        before = last_fire(task.trigger, first, last - timedelta(microseconds=1))
        return DueRun(following, last, skipped=_skipped(task.trigger, first, before, "no worker was running"))
    return DueRun(following, last)


def _skipped(trigger: Trigger, first: datetime, last: datetime, why: str) -> str:
    count = count_fires(trigger, first, last)
    times = f"{count} times from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC were"
    if count == 1:
        times = f"{first:%Y-%m-%d %H:%M:%S} UTC was"
    elif count == MAX_COUNTED:
        times = f"At least {times}"
    return f"{times} skipped: {why}."


@dataclass(frozen=True, slots=True)
class AfterAttempt:
    """The decision on a run whose attempt ended without success; ``delay`` is the time until the next attempt."""

    state: TaskRunState
    delay: timedelta = timedelta(0)


def after_failure(final: TaskRunState, failures: int, max_retries: int, chance: float) -> AfterAttempt:
    """Decide after the ``failures``-th attempt that ended as ``final`` (FAILED or TIMED_OUT); ``chance`` is 0 to 1."""
    if failures > max_retries:
        return AfterAttempt(final)
    return AfterAttempt(TaskRunState.RETRYING, timedelta(seconds=TASK.delay_seconds(failures, chance)))


def after_loss(losses: int) -> AfterAttempt:
    """Decide after the ``losses``-th time that the run's worker died: it restarts at once, a few times."""
    return AfterAttempt(TaskRunState.FAILED if losses > MAX_LOSSES else TaskRunState.RETRYING)


@dataclass(frozen=True, slots=True)
class TaskChange:
    """A change of a task; None keeps a value. An interval or a cron line replaces the other."""

    enabled: bool | None = None
    interval_seconds: int | None = None
    cron: str | None = None
    timezone: str | None = None
    timeout_seconds: int | None = None
    max_retries: int | None = None


def changed_override(definition: TaskDefinition, override: Override, change: TaskChange) -> Override:
    """The override after a change; values equal to the definition are not kept. The version stays.

    Raises:
        BadInput: names the field.
    """
    trigger = _changed_trigger(override.trigger or definition.trigger, change)
    check_trigger(trigger)
    timeout, retries = change.timeout_seconds, change.max_retries
    if timeout is not None and not MIN_TIMEOUT_SECONDS <= timeout <= MAX_TIMEOUT_SECONDS:
        raise BadInput(
            f"A time limit is {MIN_TIMEOUT_SECONDS} to {MAX_TIMEOUT_SECONDS} seconds.", field="timeoutSeconds"
        )
    if retries is not None and not 0 <= retries <= MAX_RETRIES:
        raise BadInput(f"A failed run is retried 0 to {MAX_RETRIES} times.", field="maxRetries")
    timeout = override.timeout_seconds if timeout is None else timeout
    retries = override.max_retries if retries is None else retries
    return replace(
        override,
        enabled=override.enabled if change.enabled is None else change.enabled,
        trigger=None if trigger == definition.trigger else trigger,
        timeout_seconds=None if timeout == definition.timeout_seconds else timeout,
        max_retries=None if retries == definition.max_retries else retries,
    )


def _changed_trigger(trigger: Trigger, change: TaskChange) -> Trigger:
    if change.cron is not None:
        if change.interval_seconds is not None:
            raise BadInput("A task has either an interval or a cron line.", field="cron")
        zone = trigger.zone if change.timezone is None else change.timezone
        return Cron(" ".join(change.cron.split()), zone)
    if change.interval_seconds is not None:
        trigger = Interval(change.interval_seconds)
    if change.timezone is None:
        return trigger
    if isinstance(trigger, Cron):
        return replace(trigger, zone=change.timezone)
    if change.timezone != UTC_ZONE:
        raise BadInput("Only a cron line has a time zone.", field="timezone")
    return trigger
