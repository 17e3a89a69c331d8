"""Due times of tasks: tables across changes of the clock, and properties against counting every minute."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.errors import BadInput
from domain.system.triggers import MAX_COUNTED, check_trigger, count_fires, last_fire, next_fire
from domain.system.types import Cron, Interval, Trigger

NEW_YORK, LONDON, LORD_HOWE, BEIRUT = "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Beirut"


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


def fires(trigger: Trigger, after: str, count: int) -> list[str]:
    """The next times, in UTC, each found from the one before."""
    moment, found = at(after), list[str]()
    for _ in range(count):
        moment = next_fire(trigger, moment)
        found.append(f"{moment:%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("line", "zone", "after", "expected"),
    [
        # New York: 2026-03-08 02:00 becomes 03:00 at 07:00 UTC; 2026-11-01 02:00 becomes 01:00 at 06:00 UTC.
        pytest.param("30 2 * * *", NEW_YORK, "2026-03-07T08:00", ["03-08 07:00", "03-09 06:30"], id="skipped time"),
        pytest.param("30 1 * * *", NEW_YORK, "2026-10-31T06:00", ["11-01 05:30", "11-02 06:30"], id="repeated time"),
        pytest.param("30 1 * * *", NEW_YORK, "2026-11-01T06:10", ["11-02 06:30"], id="asked in the second pass"),
        pytest.param("0 17 * * *", NEW_YORK, "2026-03-07T00:00", ["03-07 22:00", "03-08 21:00"], id="day roll"),
        pytest.param(
            "0 * * * *", NEW_YORK, "2026-11-01T04:30", ["11-01 05:00", "11-01 06:00", "11-01 07:00"], id="each hour"
        ),
        pytest.param(
            "*/30 * * * *", NEW_YORK, "2026-03-08T06:10", ["03-08 06:30", "03-08 07:00", "03-08 07:30"], id="half hours"
        ),
        pytest.param("15,45 2 * * *", NEW_YORK, "2026-03-08T06:00", ["03-08 07:00", "03-09 06:15"], id="one for both"),
        pytest.param("0 1-3 * * *", NEW_YORK, "2026-03-08T05:30", ["03-08 06:00", "03-08 07:00", "03-09 05:00"]),
        pytest.param("0 1-3 * * *", NEW_YORK, "2026-11-01T04:30", ["11-01 05:00", "11-01 07:00", "11-01 08:00"]),
        # London: 2026-03-29 01:00 becomes 02:00 at 01:00 UTC; 2026-10-25 02:00 becomes 01:00 at 01:00 UTC.
        pytest.param("0 1 * * SUN", LONDON, "2026-03-28T00:00", ["03-29 01:00", "04-05 00:00"]),
        pytest.param("59 1 * * *", LONDON, "2026-10-25T00:00", ["10-25 00:59", "10-26 01:59"]),
        # Lord Howe moves its clock by half an hour: 2026-04-05 02:00 becomes 01:30 at 15:00 UTC the day before.
        pytest.param("45 * * * *", LORD_HOWE, "2026-04-04T14:00", ["04-04 14:45", "04-04 15:15", "04-04 16:15"]),
        pytest.param("45 1 * * *", LORD_HOWE, "2026-04-04T14:00", ["04-04 14:45", "04-05 15:15"]),
        pytest.param("15 2 * * *", LORD_HOWE, "2026-10-03T00:00", ["10-03 15:30", "10-04 15:15"], id="half an hour"),
        # Beirut skips midnight: 2026-03-29 00:00 becomes 01:00 at 22:00 UTC the day before.
        pytest.param("0 0 * * *", BEIRUT, "2026-03-27T23:00", ["03-28 22:00", "03-29 21:00"], id="no midnight"),
        pytest.param("0 0 29 2 *", "UTC", "2026-01-01T00:00", ["02-29 00:00", "02-29 00:00"], id="leap days"),
        pytest.param("30 9 * * MON-FRI", "Asia/Shanghai", "2026-11-20T02:00", ["11-23 01:30", "11-24 01:30"]),
    ],
)
def test_a_cron_line_is_in_local_time(line: str, zone: str, after: str, expected: list[str]) -> None:
    assert fires(Cron(line, zone), after, len(expected)) == expected


def test_an_interval_counts_from_the_epoch_across_clock_changes() -> None:
    assert fires(Interval(3_600), "2026-11-01T04:59:59", 3) == ["11-01 05:00", "11-01 06:00", "11-01 07:00"]
    assert next_fire(Interval(60), at("2026-01-01T00:00")) == at("2026-01-01T00:01")
    assert next_fire(Interval(60), at("2026-01-01T00:00:00.000001")) == at("2026-01-01T00:01")


@pytest.mark.parametrize(
    ("trigger", "field"),
    [
        (Cron("0 0 30 2 *"), "cron"),
        (Cron("0 0 31 4,6,9,11 *"), "cron"),
        (Cron("61 * * * *"), "cron"),
        (Cron("* * * *"), "cron"),
        (Cron("0 * * * * *"), "cron"),
        (Cron("@daily"), "cron"),
        (Cron(""), "cron"),
        (Cron("٣ * * * *"), "cron"),
        (Cron("* * * * * " * 40), "cron"),
        (Cron("*/0 * * * *"), "cron"),
        (Cron("5-1 * * * *"), "cron"),
        (Cron("0 0 * * *", "Mars/Olympus"), "timezone"),
        (Cron("0 0 * * *", ""), "timezone"),
        (Cron("0 0 * * *", "../etc/passwd"), "timezone"),
        (Cron("0 0 * * *", "America"), "timezone"),
        (Interval(0), "intervalSeconds"),
        (Interval(-60), "intervalSeconds"),
        (Interval(2**31 - 1), "intervalSeconds"),
    ],
)
def test_a_trigger_that_is_never_due_is_refused(trigger: Trigger, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_trigger(trigger)
    assert caught.value.field == field


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789*/,-#LWSUNMOJAFE ", max_size=30))
def test_any_text_is_a_cron_line_or_is_refused(line: str) -> None:
    try:
        check_trigger(Cron(line, NEW_YORK))
    except BadInput:
        return
    assert next_fire(Cron(line, NEW_YORK), at("2026-01-01T00:00")) > at("2026-01-01T00:00")


# Around the changes of each zone's clock.
CHANGES = [
    (NEW_YORK, "2026-03-08T07:00"),
    (NEW_YORK, "2026-11-01T06:00"),
    (LONDON, "2026-10-25T01:00"),
    (LORD_HOWE, "2026-04-04T15:00"),
    (LORD_HOWE, "2026-10-03T15:30"),
    (BEIRUT, "2026-03-28T22:00"),
    ("Antarctica/Troll", "2026-03-29T01:00"),
    ("America/Santiago", "2026-04-05T03:00"),
]
FIELDS = st.one_of(
    st.integers(5, 30).map(lambda step: f"*/{step}"), st.lists(st.integers(0, 23), min_size=1, max_size=3)
    .map(lambda numbers: ",".join(map(str, numbers)))
)  # fmt: skip


def numbers(field: str, size: int) -> set[int]:
    if field.startswith("*"):
        return set(range(0, size, int(field[2:] or 1)))
    return {int(number) for number in field.split(",")}


@settings(max_examples=60, deadline=None)
@given(FIELDS, FIELDS, st.sampled_from(CHANGES), st.integers(-300, 300))
def test_hourly_and_minutely_lines_are_due_whenever_the_local_time_matches(
    minute: str, hour: str, change: tuple[str, str], minutes: int
) -> None:
    zone, moment = change
    line = Cron(f"{minute} {hour} * * *", zone)
    start = at(moment) + timedelta(minutes=minutes, seconds=7)
    end = start + timedelta(hours=8)
    found, fire = list[datetime](), start
    while (fire := next_fire(line, fire)) <= end:
        found.append(fire)
    assert all(before < after for before, after in pairwise(found))
    if "*" not in minute[:1] + hour[:1]:
        # Of a time that comes twice only the first counts, and one that is skipped comes at once afterwards.
        assert len({fire.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for fire in found}) == len(found)
        return
    wanted = []
    for step in range(1, 8 * 60 + 1):
        each = (start + timedelta(minutes=step)).replace(second=0)
        wall = each.astimezone(ZoneInfo(zone))
        if wall.minute in numbers(minute, 60) and wall.hour in numbers(hour, 24):
            wanted.append(each)
    assert found == wanted


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([Cron("*/7 * * * *", NEW_YORK), Cron("30 1 * * *", LONDON), Cron("0 0 1 * *"), Interval(777)]),
    st.integers(0, 28_000_000).map(lambda seconds: at("2026-01-01T00:00") + timedelta(seconds=seconds)),
    st.integers(0, 20),
)
def test_the_last_missed_time_is_the_latest_before_now(trigger: Trigger, start: datetime, steps: int) -> None:
    first = last = next_fire(trigger, start)
    for _ in range(steps):
        last = next_fire(trigger, last)
    following = next_fire(trigger, last)
    assert last_fire(trigger, first, last) == last
    assert last_fire(trigger, first, following - timedelta(microseconds=1)) == last
    assert count_fires(trigger, first, last) == steps + 1


def test_missed_times_of_years_are_counted_quickly() -> None:
    first, now = at("2006-01-01T00:00"), at("2026-06-01T12:34:56")
    assert last_fire(Cron("* * * * *", NEW_YORK), first, now) == at("2026-06-01T12:34")
    assert last_fire(Cron("0 0 29 2 *"), first, now) == at("2024-02-29T00:00")
    assert last_fire(Cron("0 0 1 1 *"), at("2026-01-01T00:00"), now) == at("2026-01-01T00:00")
    assert count_fires(Cron("* * * * *", NEW_YORK), first, now) == MAX_COUNTED
    assert count_fires(Interval(1), first, now) == MAX_COUNTED
