"""The schedules of real exchanges, from ``exchange_calendars``, loaded when first used and kept.

That library (pandas with it) takes a second and 70 MB to import: an installation whose instruments all trade around
the clock never pays for it, and nobody waits for it on the event loop.
"""

import asyncio
import threading
import warnings
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog

from domain.kernel.time import Nanos
from domain.market.sessions import ALWAYS_OPEN, Schedule

_log = structlog.get_logger(__name__)
_FIRST_DAY = date(2000, 1, 1)
_YEARS_AHEAD = 2
_WARN_AHEAD = timedelta(days=14)

_schedules: dict[str, Schedule] = {}
_loading = threading.Lock()


async def is_known(calendar: str) -> bool:
    """Whether there is such a calendar: ``24/7``, or a code or alias of ``exchange_calendars``."""
    return calendar == ALWAYS_OPEN or await asyncio.to_thread(_is_code, calendar)


async def load_schedules(calendars: Collection[str]) -> Mapping[str, Schedule]:
    """The schedules of all calendars but ``24/7``, which has none; one that is not known any more is left out."""
    missing = [calendar for calendar in calendars if calendar != ALWAYS_OPEN and calendar not in _schedules]
    if missing:
        await asyncio.to_thread(_load, missing)
    return {calendar: _schedules[calendar] for calendar in calendars if calendar in _schedules}


def _library() -> Any:
    import exchange_calendars  # noqa: PLC0415  heavy: see the module's docstring

    return exchange_calendars


def _is_code(calendar: str) -> bool:
    return calendar in _library().get_calendar_names(include_aliases=True)


def _load(calendars: Collection[str]) -> None:
    # What the library uses of pandas that pandas wants to change is between the two of them.
    with _loading, warnings.catch_warnings(action="ignore"):
        for calendar in calendars:
            if calendar not in _schedules and _is_code(calendar):
                _schedules[calendar] = _schedule(calendar)


def _schedule(code: str) -> Schedule:
    library = _library()
    today = datetime.now(UTC).date()
    kind = type(library.get_calendar(code))
    first, last = _FIRST_DAY, today.replace(month=1, day=1, year=today.year + _YEARS_AHEAD)
    # Some calendars are only known within bounds: their holidays are decided year by year.
    if (bound := kind.bound_min()) is not None:
        first = max(first, bound.date())
    if (bound := kind.bound_max()) is not None:
        last = min(last, bound.date())
    table = kind(start=first, end=last).schedule
    opens, closes, starts, ends = (
        [int(value) for value in table[column].dt.as_unit("ns").astype("int64")]
        for column in ("open", "close", "break_start", "break_end")
    )
    # A session without a pause has "not a time" there, the smallest integer.
    breaks = {index: (start, ends[index]) for index, start in enumerate(starts) if start > 0}
    schedule = Schedule([day.date() for day in table.index], opens, closes, breaks)
    if schedule.last_close < Nanos.of(datetime.now(UTC) + _WARN_AHEAD):
        _log.warning("calendar ends soon: update exchange-calendars", calendar=code, last_day=str(last))
    return schedule
