"""Real exchanges' schedules: pauses, early closes, holidays, changes of daylight saving time."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from domain.market import calendars
from domain.market.calendars import is_known, load_schedules
from domain.market.sessions import Schedule
from tests.support.market import nanos

CODES = ("24/7", "XNYS", "XSHG", "24/5", "CMES")


@pytest.fixture
async def schedules() -> Mapping[str, Schedule]:
    return await load_schedules(CODES)


async def test_a_market_that_never_closes_needs_no_schedule(schedules: Mapping[str, Schedule]) -> None:
    assert set(schedules) == {"XNYS", "XSHG", "24/5", "CMES"}
    assert await load_schedules(["24/7"]) == {}


async def test_a_schedule_is_loaded_once(schedules: Mapping[str, Schedule]) -> None:
    assert (await load_schedules(["XNYS"]))["XNYS"] is schedules["XNYS"]


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [("24/7", True), ("XNYS", True), ("NYSE", True), ("XSHG", True), ("", False), ("xnys", False), ("MOON", False)],
)
async def test_known_calendars_are_listed(calendar: str, expected: bool) -> None:
    assert await is_known(calendar, {}) is expected


async def test_a_removed_calendar_has_no_schedule() -> None:
    assert await load_schedules(["MOON"]) == {}


async def test_a_broken_library_calendar_does_not_affect_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(code: str) -> Schedule:
        raise NotImplementedError(code)

    monkeypatch.setattr(calendars, "_schedules", {})
    with monkeypatch.context() as breaking:
        breaking.setattr(calendars, "_schedule", broken)
        assert not await is_known("XLON", {})
    assert set(await load_schedules(["XLON", "XNYS"])) == {"XNYS"}


@pytest.mark.parametrize(
    ("code", "at", "expected"),
    [
        # Shanghai trades 09:30 to 11:30 and 13:00 to 15:00, that is UTC + 8.
        ("XSHG", "2024-08-08T01:29:59.999999999Z", False),
        ("XSHG", "2024-08-08T01:30:00Z", True),
        ("XSHG", "2024-08-08T03:29:59.999999999Z", True),
        ("XSHG", "2024-08-08T03:30:00Z", False),
        ("XSHG", "2024-08-08T04:59:59.999999999Z", False),
        ("XSHG", "2024-08-08T05:00:00Z", True),
        ("XSHG", "2024-08-08T07:00:00Z", False),
        ("XSHG", "2024-10-01T02:00:00Z", False),  # National Day
        # New York: 09:30 to 16:00, five hours behind in winter and four in summer.
        ("XNYS", "2024-03-08T14:29:59Z", False),
        ("XNYS", "2024-03-08T14:30:00Z", True),
        ("XNYS", "2024-03-11T13:30:00Z", True),  # the first session in summer time
        ("XNYS", "2024-03-11T19:59:59Z", True),
        ("XNYS", "2024-03-11T20:00:00Z", False),
        ("XNYS", "2024-11-01T20:00:00Z", False),
        ("XNYS", "2024-11-04T20:00:00Z", True),  # winter time again
        ("XNYS", "2024-07-04T15:00:00Z", False),  # Independence Day
        ("XNYS", "2024-07-03T16:59:59Z", True),
        ("XNYS", "2024-07-03T17:00:00Z", False),  # the early close before it
        ("XNYS", "2024-08-10T15:00:00Z", False),  # a Saturday
    ],
)
async def test_sessions_of_exchanges_match_the_table(
    schedules: Mapping[str, Schedule], code: str, at: str, expected: bool
) -> None:
    assert schedules[code].is_open(nanos(at)) is expected


@pytest.mark.parametrize(
    ("code", "at", "expected"),
    [
        ("XSHG", "2024-08-08T04:00:00Z", "2024-08-08T07:00:00Z"),  # the lunch break belongs to the session
        ("XNYS", "2024-07-03T15:00:00Z", "2024-07-03T17:00:00Z"),
        ("XNYS", "2024-07-03T17:00:00Z", "2024-07-05T20:00:00Z"),
        ("XNYS", "2024-03-08T21:00:00Z", "2024-03-11T20:00:00Z"),
        ("CMES", "2024-08-08T22:30:00Z", "2024-08-09T21:00:00Z"),
    ],
)
async def test_session_ends_match_the_table(
    schedules: Mapping[str, Schedule], code: str, at: str, expected: str
) -> None:
    assert schedules[code].session_end(nanos(at)) == nanos(expected)


@pytest.mark.parametrize(
    ("code", "at", "day", "opens"),
    [
        ("XNYS", "2024-08-09T20:00:03Z", date(2024, 8, 9), "2024-08-09T13:30:00Z"),  # a late closing print
        ("XNYS", "2024-08-12T08:00:00Z", date(2024, 8, 12), "2024-08-12T13:30:00Z"),  # before the open
        ("XSHG", "2024-08-08T07:00:03Z", date(2024, 8, 8), "2024-08-08T01:30:00Z"),
        ("XSHG", "2024-08-08T17:00:00Z", date(2024, 8, 9), "2024-08-09T01:30:00Z"),
        ("CMES", "2024-08-08T22:30:00Z", date(2024, 8, 9), "2024-08-08T22:00:00Z"),
    ],
)
async def test_an_instant_belongs_to_the_trading_day_of_the_table(
    schedules: Mapping[str, Schedule], code: str, at: str, day: date, opens: str
) -> None:
    found = schedules[code].trading_day(nanos(at))
    assert found is not None
    assert (found.day, found.opens) == (day, nanos(opens))


@pytest.fixture
def kept_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which schedules are kept, and a process that has none yet."""
    monkeypatch.setattr(calendars, "_files", [])
    monkeypatch.setattr(calendars, "_schedules", {})
    folder = tmp_path / "calendars"
    calendars.keep_calendars_in(folder)
    return folder


def start_anew(monkeypatch: pytest.MonkeyPatch, *, library: bool) -> None:
    """What a process has at its start; one that makes a schedule without ``library`` fails."""
    monkeypatch.setattr(calendars, "_schedules", {})

    def missing(_: object) -> Schedule:
        raise AssertionError("a schedule was made")

    if not library:
        monkeypatch.setattr(calendars, "_schedule", missing)
        monkeypatch.setattr(calendars, "_schedule_by_rule", missing)


async def test_a_schedule_is_computed_once_for_all_processes(kept_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = ["XNYS", "XSHG", "SHFE-0230"]
    made = await load_schedules(codes)
    assert len(list(kept_files.iterdir())) == len(codes)
    start_anew(monkeypatch, library=False)
    assert {code: schedule.to_plain() for code, schedule in (await load_schedules(codes)).items()} == {
        code: schedule.to_plain() for code, schedule in made.items()
    }


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"made":"2026-01-01","schedule":{}}', b'{"made":1,"schedule":null}', b"\xff"]
)
async def test_an_unreadable_cache_file_is_replaced(
    kept_files: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    made = (await load_schedules(["XNYS"]))["XNYS"]
    [file] = kept_files.iterdir()
    before = file.read_bytes()
    file.write_bytes(content)
    start_anew(monkeypatch, library=True)
    assert (await load_schedules(["XNYS"]))["XNYS"].to_plain() == made.to_plain()
    assert len(file.read_bytes()) == len(before)


async def test_an_outdated_cache_file_is_replaced(kept_files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await load_schedules(["XNYS"])
    [file] = kept_files.iterdir()
    kept = json.loads(file.read_bytes())
    file.write_text(json.dumps(kept | {"made": "2026-01-01T00:00:00+00:00"}))
    start_anew(monkeypatch, library=True)
    await load_schedules(["XNYS"])
    assert json.loads(file.read_bytes())["made"] > kept["made"]


async def test_an_unwritable_cache_folder_does_no_harm(kept_files: Path) -> None:
    kept_files.write_text("a file in its place")
    assert set(await load_schedules(["XNYS"])) == {"XNYS"}
