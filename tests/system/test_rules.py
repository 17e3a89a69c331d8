"""Decisions on due times, on ended attempts and on changes of tasks: tables, and bounds as properties."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.errors import BadInput
from domain.kernel.retry_policies import TASK
from domain.system.rules import (
    GRACE,
    MAX_LOSSES,
    AfterAttempt,
    DueRun,
    TaskChange,
    after_failure,
    after_loss,
    changed_override,
    plan_due,
)
from domain.system.triggers import next_fire
from domain.system.types import (
    Cron,
    Interval,
    Override,
    RunCause,
    ScheduledTask,
    TaskDefinition,
    TaskRunState,
    Trigger,
)

HOURLY = TaskDefinition("hourly", "Every hour.", Interval(3_600))
NIGHTLY = TaskDefinition("nightly", "Every night.", Cron("30 2 * * *", "Europe/London"), timeout_seconds=30)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-02T{text}+00:00")


def hourly(due: str, *, catch_up: bool = True) -> ScheduledTask:
    return ScheduledTask(replace(HOURLY, catch_up=catch_up), Override(), at(due))


@pytest.mark.parametrize("catch_up", [True, False])
def test_a_due_task_is_run(catch_up: bool) -> None:
    plan = plan_due(hourly("10:00", catch_up=catch_up), at("10:00:59"), is_busy=False)
    assert plan == DueRun(at("11:00"), at("10:00"))


def test_missed_times_are_caught_up_once_for_the_latest() -> None:
    assert plan_due(hourly("10:00"), at("10:01:01"), is_busy=False) == DueRun(
        at("11:00"), at("10:00"), RunCause.CATCH_UP
    )
    assert plan_due(hourly("02:00"), at("10:30"), is_busy=False) == DueRun(at("11:00"), at("10:00"), RunCause.CATCH_UP)


def test_a_task_without_catch_up_records_its_missed_times() -> None:
    late = plan_due(hourly("10:00", catch_up=False), at("10:30"), is_busy=False)
    assert late == DueRun(at("11:00"), skipped="2026-03-02 10:00:00 UTC was skipped: no worker was running.")
    several = plan_due(hourly("02:00", catch_up=False), at("10:00:10"), is_busy=False)
    assert (several.due_at, several.next_run_at) == (at("10:00"), at("11:00"))
    assert several.skipped == (
        "8 times from 2026-03-02 02:00:00 to 2026-03-02 09:00:00 UTC were skipped: no worker was running."
    )


def test_a_busy_task_waits_with_catch_up_and_skips_without_it() -> None:
    assert plan_due(hourly("10:00"), at("10:00:01"), is_busy=True) == DueRun(at("10:00"))
    skipped = "2026-03-02 10:00:00 UTC was skipped: the previous run was still active."
    assert plan_due(hourly("10:00", catch_up=False), at("10:00:01"), is_busy=True) == DueRun(
        at("11:00"), skipped=skipped
    )


TRIGGERS = [Interval(1), Interval(3_600), Cron("*/10 * * * *", "America/New_York"), Cron("30 1 * * *", "Europe/London")]


@given(
    st.sampled_from(TRIGGERS),
    st.booleans(),
    st.booleans(),
    st.integers(0, 31_000_000),
    st.one_of(st.integers(0, 200), st.integers(0, 2_000_000)),
)
def test_a_due_time_is_run_skipped_or_waits_exactly_once(
    trigger: Trigger, catch_up: bool, is_busy: bool, start: int, late_seconds: int
) -> None:
    due = next_fire(trigger, at("00:00") + timedelta(seconds=start))
    now = due + timedelta(seconds=late_seconds)
    definition = replace(HOURLY, trigger=trigger, catch_up=catch_up)
    plan = plan_due(ScheduledTask(definition, Override(), due), now, is_busy=is_busy)
    if is_busy and catch_up:
        assert plan == DueRun(due)
        return
    assert plan.next_run_at > now
    # Nothing that has come is left out in silence, and nothing is done for a time that has not come.
    assert plan.due_at is not None or plan.skipped is not None
    if is_busy:
        assert plan.due_at is None
    if plan.due_at is not None:
        assert due <= plan.due_at <= now < next_fire(trigger, plan.due_at)
    if catch_up:
        assert plan.skipped is None
        is_missed = now - plan.due_at > GRACE or plan.due_at != due if plan.due_at else False
        assert plan.cause is (RunCause.CATCH_UP if is_missed else RunCause.SCHEDULE)
    elif plan.due_at is not None:
        assert now - plan.due_at <= GRACE
        assert (plan.skipped is None) is (plan.due_at == due)


def test_a_failed_run_is_retried_as_often_as_configured() -> None:
    for final in (TaskRunState.FAILED, TaskRunState.TIMED_OUT):
        assert after_failure(final, 3, 2, 0.0) == AfterAttempt(final)
        assert after_failure(final, 1, 0, 0.0) == AfterAttempt(final)
        retried = after_failure(final, 2, 2, 1.0)
        assert retried == AfterAttempt(TaskRunState.RETRYING, timedelta(seconds=2 * TASK.first_seconds))


def test_a_run_that_kills_its_workers_is_tried_a_few_times_only() -> None:
    assert after_loss(MAX_LOSSES) == AfterAttempt(TaskRunState.RETRYING)
    assert after_loss(MAX_LOSSES + 1) == AfterAttempt(TaskRunState.FAILED)


def changed(definition: TaskDefinition, override: Override | None = None, **change: Any) -> Override:
    return changed_override(definition, override or Override(), TaskChange(**change))


@pytest.mark.parametrize(
    ("definition", "change", "trigger"),
    [
        (HOURLY, {"interval_seconds": 60}, Interval(60)),
        (HOURLY, {"interval_seconds": 60, "timezone": "UTC"}, Interval(60)),
        (HOURLY, {"cron": " 0  9 * * MON "}, Cron("0 9 * * MON")),
        (HOURLY, {"cron": "0 9 * * *", "timezone": "Asia/Tokyo"}, Cron("0 9 * * *", "Asia/Tokyo")),
        (NIGHTLY, {"cron": "0 9 * * *"}, Cron("0 9 * * *", "Europe/London")),
        (NIGHTLY, {"timezone": "Asia/Tokyo"}, Cron("30 2 * * *", "Asia/Tokyo")),
        (NIGHTLY, {"interval_seconds": 3_600}, Interval(3_600)),
        (NIGHTLY, {"cron": "30 2 * * *"}, None),
        (HOURLY, {"interval_seconds": 3_600}, None),
    ],
)
def test_a_new_trigger_replaces_the_old_and_the_default_is_not_stored(
    definition: TaskDefinition, change: dict[str, Any], trigger: Trigger | None
) -> None:
    assert changed(definition, **change) == Override(trigger=trigger)


def test_absent_fields_of_a_change_stay() -> None:
    before = Override(False, Interval(60), 10, 0, version=4)
    assert changed(HOURLY, before) == before
    assert changed(HOURLY, before, enabled=True) == replace(before, enabled=True)
    assert changed(HOURLY, before, timeout_seconds=60, max_retries=3) == replace(
        before, timeout_seconds=None, max_retries=None
    )


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("cron", {"cron": "0 0 30 2 *"}),
        ("cron", {"cron": "0 0 * * *", "interval_seconds": 60}),
        ("timezone", {"cron": "0 0 * * *", "timezone": "Europe/Atlantis"}),
        ("timezone", {"timezone": "Europe/London"}),
        ("intervalSeconds", {"interval_seconds": 0}),
        ("timeoutSeconds", {"timeout_seconds": 4}),
        ("timeoutSeconds", {"timeout_seconds": 3_601}),
        ("maxRetries", {"max_retries": -1}),
        ("maxRetries", {"max_retries": 21}),
    ],
)
def test_an_invalid_change_names_its_field(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as caught:
        changed(HOURLY, **change)
    assert caught.value.field == field
