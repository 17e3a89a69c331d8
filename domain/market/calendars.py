"""The schedules of real exchanges, from ``exchange_calendars``, loaded when first used and kept.

That library (pandas with it) takes a second and 70 MB to import: an installation whose instruments all trade around
the clock never pays for it, and nobody waits for it on the event loop.
"""

import asyncio
import threading
import warnings
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from domain.kernel.time import Nanos
from domain.market.sessions import ALWAYS_OPEN, Schedule

_log = structlog.get_logger(__name__)
_FIRST_DAY = "2000-01-01"
_WARN_AHEAD = timedelta(days=14)

# What was loaded, None for a calendar that the library cannot make.
_schedules: dict[str, Schedule | None] = {}
_loading = threading.Lock()


async def is_known(calendar: str) -> bool:
    """Whether hours of a calendar are known: ``24/7``, or a code or alias of ``exchange_calendars``."""
    return calendar == ALWAYS_OPEN or calendar in await load_schedules([calendar])


async def load_schedules(calendars: Collection[str]) -> Mapping[str, Schedule]:
    """The schedules of all calendars but ``24/7``, which needs none; what is not known is left out."""
    wanted = [calendar for calendar in calendars if calendar != ALWAYS_OPEN]
    if any(calendar not in _schedules for calendar in wanted):
        await asyncio.to_thread(_load, wanted)
    return {calendar: schedule for calendar in wanted if (schedule := _schedules.get(calendar)) is not None}


def _library() -> Any:
    import exchange_calendars  # noqa: PLC0415  heavy: see the module's docstring

    return exchange_calendars


def _load(calendars: Collection[str]) -> None:
    # What the library uses of pandas that pandas wants to change is between the two of them.
    with _loading, warnings.catch_warnings(action="ignore"):
        codes = _library().get_calendar_names(include_aliases=True)
        for calendar in calendars:
            if calendar in codes and calendar not in _schedules:
                _schedules[calendar] = _try_schedule(calendar)


def _try_schedule(code: str) -> Schedule | None:
    try:
        return _schedule(code)
    except Exception:  # noqa: BLE001  one calendar that the library cannot make must not keep all others from us
        _log.exception("calendar cannot be made", calendar=code)
        return None


def _schedule(code: str) -> Schedule:
    library = _library()
    try:
        calendar = library.get_calendar(code, start=_FIRST_DAY)
    except ValueError:
        # This one is not known so far back.
        calendar = library.get_calendar(code)
    table = calendar.schedule
    opens, closes, starts, ends = (
        [int(value) for value in table[column].dt.as_unit("ns").astype("int64")]
        for column in ("open", "close", "break_start", "break_end")
    )
    # A session without a pause has "not a time" there, the smallest integer.
    breaks = {index: (start, ends[index]) for index, start in enumerate(starts) if start > 0}
    days = [day.date() for day in table.index]
    schedule = Schedule(days, opens, closes, breaks)
    if schedule.last_close < Nanos.of(datetime.now(UTC) + _WARN_AHEAD):
        _log.warning("calendar ends soon: update exchange-calendars", calendar=code, last_day=str(days[-1]))
    return schedule
