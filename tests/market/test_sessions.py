"""Session arithmetic on a schedule of three days, and days from roll to roll."""

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.day_roll import DayRoll
from domain.kernel.time import Nanos
from domain.market.sessions import Schedule, TradingDay, rolling_day
from tests.support.market import nanos

# Four days from 100 to 200, 300 to 400 ..., the second with a pause from 340 to 360.
DAYS = [date(2026, 1, day) for day in (5, 6, 7, 8)]
SCHEDULE = Schedule(DAYS, [100, 300, 500, 700], [200, 400, 600, 800], {1: [(340, 360)]})


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (99, False), (100, True), (199, True), (200, False), (299, False), (300, True), (339, True), (340, False),
        (359, False), (360, True), (399, True), (400, False), (799, True), (800, False), (10_000, False),
    ],
)  # fmt: skip
def test_a_session_includes_its_open_and_excludes_its_close(at: int, expected: bool) -> None:
    assert SCHEDULE.is_open(Nanos(at)) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [(99, None), (100, 200), (199, 200), (200, 400), (250, 400), (350, 400), (399, 400), (400, 600), (799, 800),
     (800, None)],
)  # fmt: skip
def test_a_session_ends_at_its_close_and_not_at_a_pause(at: int, expected: int | None) -> None:
    assert SCHEDULE.session_end(Nanos(at)) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (249, None),  # The first day's own beginning is not known.
        (250, TradingDay(DAYS[1], Nanos(300), Nanos(250), Nanos(450))),
        (449, TradingDay(DAYS[1], Nanos(300), Nanos(250), Nanos(450))),
        (450, TradingDay(DAYS[2], Nanos(500), Nanos(450), Nanos(650))),
        (649, TradingDay(DAYS[2], Nanos(500), Nanos(450), Nanos(650))),
        (650, None),  # Nor the last day's end.
        (10_000, None),
        (0, None),
    ],
)
def test_the_trading_day_changes_halfway_between_close_and_open(at: int, expected: TradingDay | None) -> None:
    assert SCHEDULE.trading_day(Nanos(at)) == expected


def test_a_schedule_has_a_last_known_instant() -> None:
    assert SCHEDULE.last_close == 800


@given(st.integers(0, 1_000))
def test_an_open_instant_lies_within_its_day_and_before_its_end(at: int) -> None:
    day, end = SCHEDULE.trading_day(Nanos(at)), SCHEDULE.session_end(Nanos(at))
    if SCHEDULE.is_open(Nanos(at)):
        assert end is not None
        assert at < end
    if day is not None:
        assert day.starts <= at < day.ends
        assert day.starts < day.opens < day.ends


@pytest.mark.parametrize(
    ("roll", "at", "day", "starts", "ends"),
    [
        ("00:00 UTC", "2026-03-08T00:00:00Z", "2026-03-08", "2026-03-08T00:00:00Z", "2026-03-09T00:00:00Z"),
        ("00:00 UTC", "2026-03-07T23:59:59.999999999Z", "2026-03-07", "2026-03-07T00:00:00Z", "2026-03-08T00:00:00Z"),
        # The currency market's day ends at 17:00 in New York and is named after the date on which it ends.
        (
            "17:00 America/New_York",
            "2026-03-06T21:59:59Z",
            "2026-03-06",
            "2026-03-05T22:00:00Z",
            "2026-03-06T22:00:00Z",
        ),
        (
            "17:00 America/New_York",
            "2026-03-06T22:00:00Z",
            "2026-03-07",
            "2026-03-06T22:00:00Z",
            "2026-03-07T22:00:00Z",
        ),
        # The day in which clocks go forward has 23 hours.
        (
            "17:00 America/New_York",
            "2026-03-08T10:00:00Z",
            "2026-03-08",
            "2026-03-07T22:00:00Z",
            "2026-03-08T21:00:00Z",
        ),
    ],
)
def test_a_market_that_never_closes_follows_the_day_roll(roll: str, at: str, day: str, starts: str, ends: str) -> None:
    clock, zone = roll.split(" ")
    found = rolling_day(DayRoll(time.fromisoformat(clock), ZoneInfo(zone)), nanos(at))
    assert found == TradingDay(date.fromisoformat(day), nanos(starts), nanos(starts), nanos(ends))
