"""Calendars by rule: the table's, on real dates across changes of the clock and holidays, and those of people."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.errors import BadInput
from domain.kernel.time import Nanos
from domain.market.calendars import load_schedules, own_rules
from domain.market.session_rules import CalendarRule, SessionRule, make_schedule, plain_form, read_rule, weekdays
from domain.market.sessions import Schedule

NEW_YORK, CHICAGO, SHANGHAI = (ZoneInfo(name) for name in ("America/New_York", "America/Chicago", "Asia/Shanghai"))
ZONES = {"24/5": NEW_YORK, "CMES": CHICAGO, "SHFE": SHANGHAI, "SHFE-0100": SHANGHAI, "DCE": SHANGHAI, "CZCE": SHANGHAI}


@pytest.fixture
async def schedules() -> Mapping[str, Schedule]:
    return await load_schedules([*ZONES, "INE", "CFFEX", "CFFEX-BOND", "GFEX", "CME"])


def on_clock(code: str, text: str) -> Nanos:
    """An instant by the clock of the exchange."""
    return Nanos.of(datetime.fromisoformat(text).replace(tzinfo=ZONES.get(code, SHANGHAI)))


@pytest.mark.parametrize(
    ("code", "at", "expected"),
    [
        # The week of foreign exchange, in winter, in summer and where the clock changes.
        ("24/5", "2026-01-11T16:59:59", False),
        ("24/5", "2026-01-11T17:00", True),
        ("24/5", "2026-01-14T17:00", True),
        ("24/5", "2026-01-16T16:59:59", True),
        ("24/5", "2026-01-16T17:00", False),
        ("24/5", "2026-03-08T16:59", False),  # summer time begins at 02:00
        ("24/5", "2026-03-08T17:00", True),
        ("24/5", "2026-10-30T16:59", True),
        ("24/5", "2026-11-01T16:59", False),  # winter time again
        ("24/5", "2026-11-01T17:00", True),
        ("24/5", "2026-12-25T12:00", True),
        # CME: an hour of maintenance; early closes and holidays are the library's.
        ("CMES", "2026-08-12T15:59:59", True),
        ("CMES", "2026-08-12T16:00", False),
        ("CMES", "2026-08-12T16:59:59", False),
        ("CMES", "2026-08-12T17:00", True),
        ("CMES", "2026-08-14T16:00", False),
        ("CMES", "2026-08-16T16:59", False),
        ("CMES", "2026-08-16T17:00", True),
        ("CMES", "2026-03-08T17:00", True),
        ("CMES", "2026-11-01T16:59", False),
        ("CMES", "2026-11-27T11:59", True),
        ("CMES", "2026-11-27T12:00", False),  # the day after Thanksgiving
        ("CMES", "2026-12-25T12:00", False),
        # Shanghai: night, morning with a break, afternoon.
        ("SHFE", "2026-08-12T20:59:59", False),
        ("SHFE", "2026-08-12T21:00", True),
        ("SHFE", "2026-08-13T02:29:59", True),
        ("SHFE", "2026-08-13T02:30", False),
        ("SHFE-0100", "2026-08-13T00:59", True),
        ("SHFE-0100", "2026-08-13T01:00", False),
        ("DCE", "2026-08-12T22:59", True),
        ("DCE", "2026-08-12T23:00", False),
        ("CZCE", "2026-08-12T23:00", False),
        ("SHFE", "2026-08-13T09:00", True),
        ("SHFE", "2026-08-13T10:15", False),
        ("SHFE", "2026-08-13T10:30", True),
        ("SHFE", "2026-08-13T11:30", False),
        ("SHFE", "2026-08-13T13:29", False),
        ("SHFE", "2026-08-13T13:30", True),
        ("SHFE", "2026-08-13T15:00", False),
        ("GFEX", "2026-08-12T21:30", False),
        ("CFFEX", "2026-08-13T09:29", False),
        ("CFFEX", "2026-08-13T14:59", True),
        ("CFFEX", "2026-08-13T15:00", False),
        ("CFFEX-BOND", "2026-08-13T15:14", True),
        # Friday's night is Monday's; before the Spring Festival and National Day there is none.
        ("SHFE", "2026-08-14T21:00", True),
        ("SHFE", "2026-08-15T02:29", True),
        ("SHFE", "2026-08-15T09:30", False),
        ("SHFE", "2026-08-16T21:30", False),
        ("SHFE", "2026-02-13T14:59", True),
        ("SHFE", "2026-02-13T21:30", False),
        ("SHFE", "2026-02-16T09:30", False),
        ("SHFE", "2026-02-23T21:30", False),
        ("SHFE", "2026-02-24T09:30", True),
        ("SHFE", "2026-09-30T21:30", False),
        ("SHFE", "2026-10-08T09:30", True),
        ("SHFE", "2026-10-08T21:30", True),
    ],
)
async def test_sessions_of_exchanges_match_the_table(
    schedules: Mapping[str, Schedule], code: str, at: str, expected: bool
) -> None:
    assert schedules[code].is_open(on_clock(code, at)) is expected


@pytest.mark.parametrize(
    ("code", "at", "day", "ends"),
    [
        ("24/5", "2026-01-11T17:00", date(2026, 1, 12), "2026-01-12T17:00"),
        ("24/5", "2026-01-12T16:59", date(2026, 1, 12), "2026-01-12T17:00"),
        ("24/5", "2026-01-12T17:00", date(2026, 1, 13), "2026-01-13T17:00"),
        ("24/5", "2026-03-06T12:00", date(2026, 3, 6), "2026-03-06T17:00"),
        ("24/5", "2026-03-08T18:00", date(2026, 3, 9), "2026-03-09T17:00"),
        ("24/5", "2026-11-01T18:00", date(2026, 11, 2), "2026-11-02T17:00"),
        ("CMES", "2026-08-12T15:00", date(2026, 8, 12), "2026-08-12T16:00"),
        ("CMES", "2026-08-12T17:00", date(2026, 8, 13), "2026-08-13T16:00"),
        ("CMES", "2026-03-06T15:00", date(2026, 3, 6), "2026-03-06T16:00"),
        ("CMES", "2026-03-08T17:30", date(2026, 3, 9), "2026-03-09T16:00"),
        ("CMES", "2026-11-26T18:00", date(2026, 11, 27), "2026-11-27T12:00"),
        ("SHFE", "2026-08-12T21:30", date(2026, 8, 13), "2026-08-13T15:00"),
        ("SHFE", "2026-08-13T02:00", date(2026, 8, 13), "2026-08-13T15:00"),
        ("SHFE", "2026-08-13T10:20", date(2026, 8, 13), "2026-08-13T15:00"),
        ("SHFE", "2026-08-14T21:30", date(2026, 8, 17), "2026-08-17T15:00"),
        ("SHFE", "2026-08-15T12:00", date(2026, 8, 17), "2026-08-17T15:00"),
        ("SHFE", "2026-10-08T08:59", date(2026, 10, 8), "2026-10-08T15:00"),
    ],
)
async def test_trading_days_and_session_ends_match_the_table(
    schedules: Mapping[str, Schedule], code: str, at: str, day: date, ends: str
) -> None:
    moment = on_clock(code, at)
    found = schedules[code].trading_day(moment)
    assert found is not None
    assert (found.day, schedules[code].session_end(moment)) == (day, on_clock(code, ends))


async def test_a_calendar_is_closed_after_its_last_known_day(schedules: Mapping[str, Schedule]) -> None:
    shanghai = schedules["SHFE"]
    after = on_clock("SHFE", f"{shanghai.last_day + timedelta(days=1)}T09:30")
    assert not any(shanghai.is_open(Nanos(after + number * 10**9 * 3_600)) for number in range(24 * 30))
    assert (shanghai.session_end(after), shanghai.trading_day(after)) == (None, None)
    # What needs no holidays goes on for years.
    assert schedules["24/5"].last_day > datetime.now(NEW_YORK).date() + timedelta(days=700)


async def test_aliases_name_the_same_calendar(schedules: Mapping[str, Schedule]) -> None:
    at = on_clock("CMES", "2026-08-12T16:30")
    assert not schedules["CME"].is_open(at)
    assert schedules["CME"].session_end(at) == schedules["CMES"].session_end(at)


def test_the_calendar_table_names_a_source_each_and_round_trips() -> None:
    rules = own_rules()
    assert {"24/5", "CMES", "SHFE", "DCE", "CZCE", "INE", "GFEX", "CFFEX"} <= set(rules)
    for code, rule in rules.items():
        assert rule.source
        assert read_rule(code, plain_form(rule)) == rule


PLAIN: dict[str, Any] = {"name": "Ours", "zone": "Europe/Berlin", "sessions": [{"opens": "09:00", "closes": "17:30"}]}
LONG_DAY = [{"opens": "08:00", "closes": "09:00", "day": "DAY_BEFORE"}, {"opens": "09:00", "closes": "10:00"}]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"zone": "Moon/Base"}, "timeZone"),
        ({"zone": "../etc/passwd"}, "timeZone"),
        ({"name": ""}, "name"),
        ({"sessions": []}, "sessions"),
        ({"sessions": [{"opens": "9", "closes": "17:30"}]}, "sessions"),
        ({"sessions": [{"opens": "24:00", "closes": "17:30"}]}, "sessions"),
        ({"sessions": [{"opens": "09:00:30", "closes": "17:30"}]}, "sessions"),
        ({"sessions": [{"opens": "09:00", "closes": "24:00"}]}, "sessions"),
        ({"sessions": [{"opens": "0900", "closes": "17:30"}]}, "sessions"),
        ({"sessions": [{"opens": "09:00+01:00", "closes": "17:30"}]}, "sessions"),
        ({"sessions": [{"opens": "09:00", "closes": "12:00"}, {"opens": "11:00", "closes": "13:00"}]}, "sessions"),
        ({"sessions": [{"opens": "09:00", "closes": "12:00"}] * 13}, "sessions"),
        ({"sessions": LONG_DAY}, "sessions"),
        ({"closed": [date(2026, 1, 1)] * 2_001}, "closed"),
    ],
)
def test_invalid_calendars_are_refused(given: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_rule("OURS", PLAIN | given)
    assert refused.value.field == field


def test_closed_days_have_no_session_and_no_evening_session_before_them() -> None:
    evening = {"opens": "20:00", "closes": "01:00", "day": "EVENING_BEFORE"}
    rule = read_rule("OURS", PLAIN | {"sessions": [evening, *PLAIN["sessions"]], "closed": [date(2026, 8, 13)]})
    schedule = make_schedule(rule, weekdays(date(2026, 8, 3), date(2026, 8, 31)), {})

    def is_open(text: str) -> bool:
        return schedule.is_open(Nanos.of(datetime.fromisoformat(text).replace(tzinfo=rule.zone)))

    assert is_open("2026-08-11T20:30")
    assert is_open("2026-08-12T10:00")
    # The thirteenth is closed, so neither it nor the fourteenth has an evening before it.
    assert [is_open(text) for text in ("2026-08-12T20:30", "2026-08-13T10:00", "2026-08-13T20:30")] == [False] * 3
    assert is_open("2026-08-14T10:00")
    assert is_open("2026-08-14T20:30")


minutes = st.integers(0, 24 * 60 - 1).map(lambda number: time(number // 60, number % 60))


@given(minutes, minutes, st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Shanghai"]))
def test_sessions_of_a_year_are_in_order_and_open_at_local_time(opens: time, closes: time, zone: str) -> None:
    rule = CalendarRule("X", "X", ZoneInfo(zone), (SessionRule(opens, closes),))
    schedule = make_schedule(rule, weekdays(date(2026, 1, 1), date(2026, 12, 31)), {})
    at = Nanos.of(datetime(2026, 1, 8, tzinfo=rule.zone))
    for _ in range(200):
        end = schedule.session_end(at)
        assert end is not None
        assert end >= at
        start = schedule.session_start(Nanos(end - 1))
        assert start is not None
        assert schedule.is_open(start)
        # A time that the clock leaves out is the only one that it cannot show.
        shown = start.to_datetime().astimezone(rule.zone)
        assert shown.time() == opens or shown.utcoffset() != (shown - timedelta(days=1)).utcoffset()
        at = end
