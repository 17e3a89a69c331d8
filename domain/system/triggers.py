"""Triggers of tasks, pure: intervals and cron lines in time zones, right across changes of the clock.

A cron line names wall-clock times. Where the clock is put forward, a skipped time is due at the first moment after the
gap. Where it is put back, a time that occurs twice is due the first time; a line with a field that starts with ``*`` in
the hours or minutes continues through both, as Debian's cron does. cronsim finds the wall-clock times; the conversion
to instants is done here, because cronsim fails where a clock moves by half an hour.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from domain.kernel.errors import BadInput
from domain.system.types import Interval, Trigger

MAX_LINE = 100
MIN_INTERVAL_SECONDS = 1
MAX_INTERVAL_SECONDS = 366 * 24 * 60 * 60
# Beyond this, how many times were missed is not counted exactly.
MAX_COUNTED = 1_000
_FIELDS = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How far back the last time before now is looked for: few steps whether it was a minute or four years ago.
# No clock in use is put forward or back by more.
_LONGEST_SHIFT = timedelta(hours=3)
_WINDOWS = (timedelta(hours=1), timedelta(days=1), timedelta(days=40), timedelta(days=400), timedelta(days=3_000))


def next_fire(trigger: Trigger, after: datetime) -> datetime:
    """The first time after ``after`` at which it is due, in UTC; ``trigger`` must have passed ``check_trigger``."""
    return next(_fires(trigger, after))


def last_fire(trigger: Trigger, first: datetime, now: datetime) -> datetime:
    """The last time from ``first``, which is due, up to ``now`` at which it is due, in UTC."""
    if isinstance(trigger, Interval):
        seconds = int((now - _EPOCH).total_seconds())
        return max(first, _EPOCH + timedelta(seconds=seconds - seconds % trigger.seconds))
    for window in (*(each for each in _WINDOWS if each < now - first), now - first):
        last = None
        for fire in _fires(trigger, max(first, now - window)):
            if fire > now:
                break
            last = fire
        if last is not None:
            return last
    return first


def count_fires(trigger: Trigger, first: datetime, last: datetime) -> int:
    """The number of due times from ``first`` to ``last``; at most ``MAX_COUNTED`` are counted."""
    if isinstance(trigger, Interval):
        return min(MAX_COUNTED, 1 + int((last - first).total_seconds()) // trigger.seconds)
    count = 1
    for fire in _fires(trigger, first):
        if fire > last or count == MAX_COUNTED:
            break
        count += 1
    return count


def check_trigger(trigger: Trigger) -> None:
    """Refuse a trigger that is invalid or never due.

    Raises:
        BadInput: an interval out of bounds, a line that is no cron line or never due, a zone that does not exist.
    """
    if isinstance(trigger, Interval):
        if not MIN_INTERVAL_SECONDS <= trigger.seconds <= MAX_INTERVAL_SECONDS:
            raise BadInput(
                f"An interval is {MIN_INTERVAL_SECONDS} to {MAX_INTERVAL_SECONDS} seconds.", field="intervalSeconds"
            )
        return
    check_zone(trigger.zone)
    if len(trigger.line) > MAX_LINE or not trigger.line.isascii() or len(trigger.line.split()) != _FIELDS:
        raise BadInput("A cron line has five fields: minute, hour, day, month and day of the week.", field="cron")
    try:
        next(_fires(trigger, _EPOCH))
    except CronSimError as error:
        raise BadInput(f"This cron line is invalid: {str(error).lower()}.", field="cron") from None
    except StopIteration:
        raise BadInput("This cron line is never due.", field="cron") from None


def check_zone(zone: str) -> None:
    """Refuse a time zone that does not exist.

    Raises:
        BadInput: of the field ``timezone``.
    """
    if zone not in _zones():
        raise BadInput("There is no such time zone; one is called Europe/London.", field="timezone")


def describe(trigger: Trigger) -> str:
    """The trigger in one line, equal for equal triggers."""
    if isinstance(trigger, Interval):
        return f"every {trigger.seconds} s"
    return f"{trigger.line} {trigger.zone}"


def _fires(trigger: Trigger, after: datetime) -> Iterator[datetime]:
    """All times after ``after``, in order, in UTC.

    Raises:
        CronSimError: the line is none, or names a day that no month has.
    """
    if isinstance(trigger, Interval):
        seconds = int((after - _EPOCH).total_seconds())
        fire = _EPOCH + timedelta(seconds=seconds - seconds % trigger.seconds)
        while True:
            fire += timedelta(seconds=trigger.seconds)
            yield fire
    zone = ZoneInfo(trigger.zone)
    follows_clock = not any(field.startswith("*") for field in trigger.line.split()[:2])
    waiting: list[datetime] = []
    last = after
    start = after.astimezone(zone).replace(tzinfo=None, fold=0)
    if not _is_calm(after, zone):
        start -= _LONGEST_SHIFT
    # The wall's times come in the wall's order, which is not that of the moments where the clock is put back.
    for wall in CronSim(trigger.line, start):
        for fire in _moments(wall, zone, follows_clock=follows_clock):
            heappush(waiting, fire)
        here = wall.replace(tzinfo=zone).astimezone(UTC)
        settled = here if _is_calm(here, zone) else here - _LONGEST_SHIFT
        while waiting and waiting[0] <= settled:
            fire = heappop(waiting)
            if fire > last:
                yield fire
                last = fire
    for fire in sorted(set(waiting)):
        if fire > last:
            yield fire


def _is_calm(moment: datetime, zone: ZoneInfo) -> bool:
    """True if the clock of a zone is not put forward or back around a moment."""
    before, after = ((moment + shift).astimezone(zone).utcoffset() for shift in (-_LONGEST_SHIFT, _LONGEST_SHIFT))
    return before == after


def _moments(wall: datetime, zone: ZoneInfo, *, follows_clock: bool) -> list[datetime]:
    """The instants at which the clock of a zone shows ``wall`` and a line is due, in UTC."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return [first]
    if first < second:
        return [first] if follows_clock else [first, second]
    # The clock never shows it: what is before the gap as the clock goes after it, and the other way around.
    return [_end_of_gap(second, first, zone)] if follows_clock else []


def _end_of_gap(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two, in UTC, at which the clock is put forward."""
    shifted = after.astimezone(zone).utcoffset()
    seconds = int((after - before).total_seconds())
    step = bisect_left(
        range(seconds),
        True,
        key=lambda step: (before + timedelta(seconds=step)).astimezone(zone).utcoffset() == shifted,
    )
    return before + timedelta(seconds=step)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
