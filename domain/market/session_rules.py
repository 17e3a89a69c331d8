"""Calendars by rule, pure: the sessions of a trading day in a zone's local time, and the schedule that follows.

A calendar is data from a table or from people, never code. Wall-clock times are converted to instants day by day, so
sessions are right across every change of the clock.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.kernel.errors import BadInput
from domain.kernel.text import clean_text
from domain.kernel.time import Nanos
from domain.market.sessions import Schedule

MAX_SESSIONS = 12
MAX_CODE = 20
MAX_CLOSED = 2_000
SATURDAY = 5
_DAY = timedelta(days=1)
# What fromisoformat takes differs between versions of Python: newer ones read 24:00 as 00:00.
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9](:00)?")


class SessionDay(StrEnum):
    """The day on which a session opens, relative to its trading day."""

    SAME_DAY = "SAME_DAY"
    DAY_BEFORE = "DAY_BEFORE"
    EVENING_BEFORE = "EVENING_BEFORE"


@dataclass(frozen=True, slots=True)
class SessionRule:
    """One session of each trading day, from ``opens`` until the next time the clock shows ``closes``.

    EVENING_BEFORE is the evening of the trading day before; there is no session when more than a weekend lies between.
    """

    opens: time
    closes: time
    day: SessionDay = SessionDay.SAME_DAY


@dataclass(frozen=True, slots=True)
class CalendarRule:
    """The trading hours of an exchange: the ``sessions`` of each trading day, in the local time of ``zone``.

    Trading days are those of the library's calendar ``days_of``, else Monday to Friday, except those ``closed``.
    """

    code: str
    name: str
    zone: ZoneInfo
    sessions: tuple[SessionRule, ...]
    days_of: str | None = None
    closed: frozenset[date] = frozenset()
    source: str = ""


def read_rule(code: str, given: Mapping[str, Any]) -> CalendarRule:
    """A calendar from its plain form: a table's row, or a stored one.

    Raises:
        BadInput: names the bad field.
    """
    closed = given.get("closed", ())
    if len(closed) > MAX_CLOSED:
        raise BadInput(f"At most {MAX_CLOSED} closed days.", field="closed")
    rule = CalendarRule(
        code=clean_text(code, field="code", max_length=MAX_CODE),
        name=clean_text(given["name"], field="name", max_length=200),
        zone=_zone(given["zone"]),
        sessions=tuple(_session(index, row) for index, row in enumerate(given["sessions"])),
        days_of=given.get("days_of"),
        closed=frozenset(date.fromisoformat(str(day)) for day in closed),
        source=given.get("source") or "",
    )
    _check_order(rule.sessions)
    return rule


def plain_form(rule: CalendarRule) -> dict[str, Any]:
    """The plain form that ``read_rule`` reads."""
    return {
        "name": rule.name,
        "zone": rule.zone.key,
        "sessions": [
            {"day": row.day.value, "opens": f"{row.opens:%H:%M}", "closes": f"{row.closes:%H:%M}"}
            for row in rule.sessions
        ],
        "days_of": rule.days_of,
        "closed": sorted(str(day) for day in rule.closed),
        "source": rule.source,
    }


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"There is no time zone {name[:40]!r}.", field="timeZone") from None


def _session(index: int, row: Mapping[str, Any]) -> SessionRule:
    if not (_CLOCK.fullmatch(row["opens"]) and _CLOCK.fullmatch(row["closes"])):
        raise BadInput("A time is HH:MM, from 00:00 to 23:59.", field="sessions", index=index)
    opens, closes = time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"])
    return SessionRule(opens, closes, SessionDay(row.get("day", SessionDay.SAME_DAY)))


def _check_order(sessions: Sequence[SessionRule]) -> None:
    """Check that sessions follow each other within a day and a half, evenings first."""
    if not 1 <= len(sessions) <= MAX_SESSIONS:
        raise BadInput(f"A day has 1 to {MAX_SESSIONS} sessions.", field="sessions")
    any_day = date(2026, 1, 7)
    spans = [_span(rule, any_day, any_day - _DAY) for rule in sessions]
    for index, (before, after) in enumerate(pairwise(spans), start=1):
        if after[0] < before[1]:
            raise BadInput("A session must begin after the end of the previous one.", field="sessions", index=index)
    if spans[-1][1] - spans[0][0] > _DAY:
        raise BadInput("The sessions of a day lie within 24 hours.", field="sessions")


def _span(rule: SessionRule, day: date, day_before: date) -> tuple[datetime, datetime]:
    """The local opening and closing time of a session; ``day_before`` is the trading day before."""
    opening_day = {
        SessionDay.SAME_DAY: day,
        SessionDay.DAY_BEFORE: day - _DAY,
        SessionDay.EVENING_BEFORE: day_before,
    }[rule.day]
    closing_day = opening_day if rule.closes > rule.opens else opening_day + _DAY
    return datetime.combine(opening_day, rule.opens), datetime.combine(closing_day, rule.closes)


def weekdays(first: date, last: date) -> list[date]:
    """Every day from Monday to Friday, both ends included."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() < SATURDAY]


def make_schedule(rule: CalendarRule, days: Sequence[date], early_closes: Mapping[date, int]) -> Schedule:
    """The schedule of a calendar on its trading days, oldest first; ``early_closes`` are instants that cut a day short.

    The first day is left out, because the day before it is not known.
    """
    traded = [day for day in days if day not in rule.closed]
    kept: list[date] = []
    opens: list[int] = []
    closes: list[int] = []
    breaks: dict[int, list[tuple[int, int]]] = {}
    for before, day in pairwise(traded):
        spans = _spans_of(rule, day, before, early_closes.get(day))
        if not spans:
            continue
        index = len(kept)
        kept.append(day)
        opens.append(spans[0][0])
        closes.append(spans[-1][1])
        pauses = [(end, start) for (_, end), (start, _) in pairwise(spans) if start > end]
        if pauses:
            breaks[index] = pauses
    return Schedule(kept, opens, closes, breaks)


def _spans_of(rule: CalendarRule, day: date, before: date, cut: int | None) -> list[tuple[int, int]]:
    spans = []
    for session in rule.sessions:
        if session.day is SessionDay.EVENING_BEFORE and not _only_weekend_between(before, day):
            continue
        start, end = (_instant(moment, rule.zone) for moment in _span(session, day, before))
        end = end if cut is None else min(end, cut)
        if start < end:
            spans.append((start, end))
    return spans


def _instant(moment: datetime, zone: ZoneInfo) -> int:
    return int(Nanos.of(moment.replace(tzinfo=zone)))


def _only_weekend_between(before: date, day: date) -> bool:
    return len(weekdays(before, day)) == len({before, day})
