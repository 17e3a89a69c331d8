"""Nanoseconds and the platform's day."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.day_roll import DayRoll
from domain.kernel.time import Nanos


@pytest.mark.parametrize(
    "text",
    [
        "2024-08-08T23:54:00Z",
        "2024-08-08T23:54:00.123Z",
        "2024-08-08T23:54:00.123456Z",
        "2024-08-08T23:54:00.123456789Z",
        "1969-12-31T23:59:59.999999999Z",
    ],
)
def test_nanoseconds_are_parsed_without_loss(text: str) -> None:
    assert Nanos.parse(text).isoformat() == text


def test_time_zone_offsets_are_applied() -> None:
    assert Nanos.parse("2024-01-01T02:00:00+02:00") == Nanos.parse("2023-12-31T19:00:00-05:00")


@pytest.mark.parametrize("text", ["2024-01-01", "2024-01-01T00:00:00", "2024-13-01T00:00:00Z", "now", ""])
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"RFC 3339|month"):
        Nanos.parse(text)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_datetimes_round_trip(moment: datetime) -> None:
    assert Nanos.of(moment).to_datetime() == moment


NEW_YORK = DayRoll(time(17, 0), ZoneInfo("America/New_York"))


@pytest.mark.parametrize(
    ("now", "following"),
    [
        ("2026-03-07T21:59:59+00:00", "2026-03-07T22:00:00+00:00"),
        ("2026-03-07T22:00:00+00:00", "2026-03-08T21:00:00+00:00"),
        ("2026-10-31T21:00:00+00:00", "2026-11-01T22:00:00+00:00"),
    ],
)
def test_the_day_roll_keeps_its_local_time_across_daylight_saving(now: str, following: str) -> None:
    moment = datetime.fromisoformat(now)
    assert NEW_YORK.next_after(moment) == datetime.fromisoformat(following)
    assert NEW_YORK.last_before(datetime.fromisoformat(following)) == datetime.fromisoformat(following)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_instant_lies_between_two_day_rolls(now: datetime) -> None:
    for roll in (NEW_YORK, DayRoll(time(2, 30), ZoneInfo("Europe/Berlin")), DayRoll(time(0), ZoneInfo("UTC"))):
        before, after = roll.last_before(now), roll.next_after(now)
        assert before <= now < after
        assert (after - before).total_seconds() in (82_800, 86_400, 90_000)
