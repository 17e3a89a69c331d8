"""The schedules of exchanges: from our own table, from people, else from a library; loaded on first use and cached.

``calendars.toml`` is the table of calendars that ``exchange_calendars`` lacks or has wrong. That library takes a second
and 70 MB to import (with pandas): an installation whose instruments all trade around the clock never imports it, and
the import never blocks the event loop. What was made is kept in files for the processes that start later.

Nothing is open after the last known day: the library ends about a year ahead, XSHG and its derivatives earlier.
"""

import asyncio
import threading
import tomllib
import warnings
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import structlog

from domain.kernel.supervision import Guarded
from domain.kernel.time import Nanos
from domain.market.calendar_files import CalendarFiles
from domain.market.session_rules import CalendarRule, make_schedule, read_rule, weekdays
from domain.market.sessions import ALWAYS_OPEN, Schedule

_log = structlog.get_logger(__name__)
_FIRST_DAY = date(2000, 1, 1)
_WARN_AHEAD = timedelta(days=14)
# How far ahead a calendar by rule is made where no library says which days are traded, and for how long that is kept.
_AHEAD = timedelta(days=730)
_KEPT_FOR = timedelta(days=7)
_TABLE = Path(__file__).with_name("calendars.toml")

# What was loaded and when, None for a calendar that cannot be made; those of people by their rules.
_schedules: dict[str | CalendarRule, tuple[datetime, Schedule | None]] = {}
_loading = threading.Lock()
# Where schedules are kept beyond the life of a process: at most one folder.
_files: list[CalendarFiles] = []


def keep_calendars_in(folder: Path) -> None:
    """Keep schedules in files of ``folder``, and use those that other processes kept there."""
    _files[:] = [CalendarFiles(folder)]


@cache
def own_rules() -> Mapping[str, CalendarRule]:
    """The calendars of our table, by code."""
    rows = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["calendar"]
    return {code: read_rule(code, row) for row in rows for code in row["codes"]}


async def is_known(calendar: str, rules: Mapping[str, CalendarRule]) -> bool:
    """True if a calendar exists: ``24/7``, one of the table, of ``rules``, or of the library."""
    return calendar == ALWAYS_OPEN or calendar in await load_schedules([calendar], rules)


async def is_of_library(code: str) -> bool:
    """True if the library has a calendar of this code."""
    return await asyncio.to_thread(lambda: code in _library().get_calendar_names(include_aliases=True))


async def load_schedules(
    calendars: Collection[str], rules: Mapping[str, CalendarRule] | None = None
) -> Mapping[str, Schedule]:
    """The schedules of all calendars except ``24/7``, which needs none; unknown codes are left out.

    ``rules`` are the calendars that people created, by code.
    """
    own = {**own_rules(), **(rules or {})}
    wanted: dict[str, str | CalendarRule] = {code: own.get(code, code) for code in calendars if code != ALWAYS_OPEN}
    if any(_kept(key) is None for key in wanted.values()):
        await asyncio.to_thread(_load, list(wanted.values()))
    found = {code: kept[1] for code, key in wanted.items() if (kept := _kept(key)) is not None}
    return {code: schedule for code, schedule in found.items() if schedule is not None}


def _kept(key: str | CalendarRule) -> tuple[datetime, Schedule | None] | None:
    kept = _schedules.get(key)
    return kept if kept is not None and abs(datetime.now(UTC) - kept[0]) < _KEPT_FOR else None


def _library() -> Any:
    import exchange_calendars  # noqa: PLC0415  heavy: see the module's docstring

    return exchange_calendars


def _load(wanted: Collection[str | CalendarRule]) -> None:
    # What the library uses of pandas that pandas wants to change is between the two of them.
    with _loading, warnings.catch_warnings(action="ignore"):
        for key in wanted:
            for files in _files if _kept(key) is None else ():
                if (stored := files.read(key)) is not None:
                    _schedules[key] = stored
            if _kept(key) is None:
                _make(key)


def _make(key: str | CalendarRule) -> None:
    made, schedule = datetime.now(UTC), _try_schedule(key)
    _schedules[key] = (made, schedule)
    if schedule is not None:
        for files in _files:
            files.write(key, made, schedule)


def _try_schedule(key: str | CalendarRule) -> Schedule | None:
    code = key if isinstance(key, str) else key.code
    schedule: Schedule | None = None
    # One calendar that cannot be made must not keep all others from us.
    with Guarded(_log, "calendar cannot be made", calendar=code):
        schedule = _schedule_by_rule(key) if isinstance(key, CalendarRule) else _schedule(key)
    if schedule is not None and schedule.last_close < Nanos.of(datetime.now(UTC) + _WARN_AHEAD):
        _log.warning("calendar ends soon: nothing is open after it", calendar=code, last_day=str(schedule.last_day))
    return schedule


def _schedule_by_rule(rule: CalendarRule) -> Schedule:
    if rule.days_of is None:
        last_day = datetime.now(UTC).date() + _AHEAD
        return make_schedule(rule, weekdays(_FIRST_DAY, last_day), {})
    calendar = _calendar(rule.days_of)
    table = calendar.schedule
    closes = {at.date(): int(value) for at, value in table["close"].dt.as_unit("ns").astype("int64").items()}
    early = {at.date() for at in calendar.early_closes}
    return make_schedule(rule, [at.date() for at in table.index], {day: closes[day] for day in early if day in closes})


def _calendar(code: str) -> Any:
    library = _library()
    try:
        return library.get_calendar(code, start=str(_FIRST_DAY))
    except ValueError:
        # This one is not known so far back.
        return library.get_calendar(code)


def _schedule(code: str) -> Schedule | None:
    if code not in _library().get_calendar_names(include_aliases=True):
        return None
    table = _calendar(code).schedule
    opens, closes, starts, ends = (
        [int(value) for value in table[column].dt.as_unit("ns").astype("int64")]
        for column in ("open", "close", "break_start", "break_end")
    )
    # A session without a pause has "not a time" there, the smallest integer.
    breaks = {index: [(start, ends[index])] for index, start in enumerate(starts) if start > 0}
    return Schedule([day.date() for day in table.index], opens, closes, breaks)
