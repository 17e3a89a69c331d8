from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access.types import Role
from domain.risk.types import Severity
from domain.system.notifications.rules import Pace, hears, is_due, is_quiet, next_attempt
from domain.system.notifications.types import NotificationTopic, QuietHours, Reader
from tests.system.notifications.factories import ACCOUNT, NOON, channel, notice

NIGHT = QuietHours(time(22), time(7))
PACE = Pace(gather_seconds=2, interval_seconds=30, retry_seconds=30)


@pytest.mark.parametrize(
    ("changed", "told", "expected"),
    [
        ({}, {}, True),
        ({"enabled": False}, {}, False),
        ({}, {"severity": Severity.INFO}, False),
        ({"min_severity": Severity.INFO}, {"severity": Severity.INFO}, True),
        ({"min_severity": Severity.CRITICAL}, {"severity": Severity.WARNING}, False),
        ({}, {"topic": NotificationTopic.ANOMALY}, False),
        ({}, {"at": NOON - timedelta(seconds=1)}, False),
        ({"account_ids": frozenset({ACCOUNT})}, {}, True),
        ({"account_ids": frozenset({UUID(int=8)})}, {}, False),
        # What is about no account concerns everybody.
        ({"account_ids": frozenset({UUID(int=8)})}, {"account_id": None}, True),
        # A fill has no severity: who asked for fills is told.
        (
            {"topics": frozenset({NotificationTopic.ORDER_FILLED}), "min_severity": Severity.CRITICAL},
            {"topic": NotificationTopic.ORDER_FILLED, "severity": None},
            True,
        ),
        # An escalation is for who asked for escalations, whatever the topics.
        ({}, {"key": "escalation:1"}, False),
        ({"topics": frozenset(), "escalate_after_minutes": 5}, {"key": "escalation:1"}, True),
        ({"topics": frozenset(), "escalate_after_minutes": 5}, {}, False),
    ],
)
def test_a_channel_gets_the_topics_and_severities_it_asked_for(changed: dict, told: dict, expected: bool) -> None:
    assert hears(channel(**changed), notice(**told), None) is expected


@pytest.mark.parametrize(
    ("role", "accounts", "told", "expected"),
    [
        (Role.TRADER, {ACCOUNT}, {}, True),
        (Role.TRADER, set(), {}, False),
        (Role.RISK_MANAGER, set(), {}, True),
        (Role.VIEWER, set(), {"account_id": None}, True),
        (Role.TRADER, {ACCOUNT}, {"topic": NotificationTopic.TASK_FAILED, "account_id": None}, False),
        (Role.ADMIN, set(), {"topic": NotificationTopic.TASK_FAILED, "account_id": None}, True),
    ],
)
def test_a_notice_of_an_invisible_account_is_not_sent(role: Role, accounts: set, told: dict, expected: bool) -> None:
    all_topics = channel(owner_id=UUID(int=1), topics=frozenset(NotificationTopic))
    assert hears(all_topics, notice(**told), Reader(role, frozenset(accounts))) is expected


@pytest.mark.parametrize(
    ("clock", "zone", "expected"),
    [
        ("21:59", "UTC", False),
        ("22:00", "UTC", True),
        ("03:00", "UTC", True),
        ("06:59", "UTC", True),
        ("07:00", "UTC", False),
        ("21:00", "Europe/Berlin", True),  # 22:00 there
        ("06:00", "Europe/Berlin", False),
    ],
)
def test_quiet_hours_cross_midnight_in_their_zone(clock: str, zone: str, expected: bool) -> None:
    hour, minute = map(int, clock.split(":"))
    now = datetime(2026, 3, 2, hour, minute, tzinfo=UTC)
    assert is_quiet(NIGHT, zone, now) is expected


@given(st.times(), st.times(), st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_quiet_in_exactly_one_half_of_the_day(start: time, end: time, now: datetime) -> None:
    if start == end:
        return
    assert is_quiet(QuietHours(start, end), "UTC", now) is not is_quiet(QuietHours(end, start), "UTC", now)


def test_only_urgent_notices_are_due_in_quiet_hours() -> None:
    night = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    before = night - timedelta(hours=1)
    quiet = channel(quiet=NIGHT)
    assert not is_due(quiet, before, None, night, PACE)
    assert is_due(quiet, before, before, night, PACE)
    assert is_due(quiet, before, None, night + timedelta(hours=8), PACE)
    assert is_due(channel(), before, None, night, PACE)


def test_concurrent_notices_are_combined_and_each_channel_keeps_its_interval() -> None:
    assert not is_due(channel(), NOON, None, NOON + timedelta(seconds=1.9), PACE)
    assert is_due(channel(), NOON, None, NOON + timedelta(seconds=2), PACE)
    waits = channel(not_before=NOON + timedelta(seconds=30))
    assert not is_due(waits, NOON, NOON, NOON + timedelta(seconds=29), PACE)
    assert is_due(waits, NOON, NOON, NOON + timedelta(seconds=30), PACE)
    assert not is_due(channel(enabled=False), NOON, NOON, NOON + timedelta(hours=1), PACE)


def test_retries_of_a_failing_channel_slow_down_to_every_64_minutes() -> None:
    waits = [(next_attempt(failures, NOON, PACE) - NOON).total_seconds() for failures in (1, 2, 3, 8, 9, 1_000)]
    assert waits == [30, 60, 120, 3_840, 3_840, 3_840]
