"""Trading sessions, pure: opening hours, session ends, and the trading day of an instant.

A schedule is the list of one calendar's sessions; markets that never close follow the platform's day roll instead.
Sessions are half-open: an exchange is open at its opening instant and closed at its closing one.
"""

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from domain.kernel.day_roll import DayRoll
from domain.kernel.time import Nanos

ALWAYS_OPEN = "24/7"


@dataclass(frozen=True, slots=True)
class TradingDay:
    """One trading day: its date, the opening of its session, and the instants that belong to it (``ends`` excluded)."""

    day: date
    opens: Nanos
    starts: Nanos
    ends: Nanos


class Schedule:
    """The sessions of one calendar, oldest first; nothing is known before the first and after the last."""

    __slots__ = ("_breaks", "_closes", "_days", "_opens")

    def __init__(
        self,
        days: Sequence[date],
        opens: Sequence[int],
        closes: Sequence[int],
        breaks: Mapping[int, Sequence[tuple[int, int]]],
    ) -> None:
        """``breaks`` holds, by the session's index, when its pauses start and end."""
        self._days = tuple(days)
        self._opens = array("q", opens)
        self._closes = array("q", closes)
        self._breaks = {index: tuple(pauses) for index, pauses in breaks.items()}

    @classmethod
    def of_plain(cls, plain: Mapping[str, Any]) -> Self:
        """The schedule that ``to_plain`` described.

        Raises:
            ValueError, KeyError, TypeError: it is no such description.
        """
        days, opens, closes, breaks = (plain[name] for name in ("days", "opens", "closes", "breaks"))
        if not days or not len(days) == len(opens) == len(closes):
            raise ValueError("the parts of a schedule do not fit together")
        pauses = {index: [(start, end) for start, end in found] for index, found in breaks}
        return cls([date.fromordinal(day) for day in days], opens, closes, pauses)

    def to_plain(self) -> dict[str, Any]:
        """Lists and numbers that describe it in full."""
        return {
            "days": [day.toordinal() for day in self._days],
            "opens": list(self._opens),
            "closes": list(self._closes),
            "breaks": list(self._breaks.items()),
        }

    @property
    def days(self) -> tuple[date, ...]:
        """All known trading days."""
        return self._days

    @property
    def last_day(self) -> date:
        """The last known trading day."""
        return self._days[-1]

    @property
    def last_close(self) -> Nanos:
        """The end of the last known session."""
        return Nanos(self._closes[-1])

    def is_open(self, at: Nanos) -> bool:
        """True if trading takes place; False where the schedule is not known."""
        index = bisect_right(self._opens, at) - 1
        if index < 0 or at >= self._closes[index]:
            return False
        return not any(start <= at < end for start, end in self._breaks.get(index, ()))

    def session_end(self, at: Nanos) -> Nanos | None:
        """The close of the session at ``at``, pauses included, or of the next one; None where none is known."""
        index = bisect_right(self._closes, at)
        if index == len(self._closes) or (index == 0 and at < self._opens[0]):
            return None
        return Nanos(self._closes[index])

    def session_start(self, at: Nanos) -> Nanos | None:
        """The start of the session at ``at``, pauses included; None outside sessions."""
        index = bisect_right(self._opens, at) - 1
        return Nanos(self._opens[index]) if index >= 0 and at < self._closes[index] else None

    def trading_day(self, at: Nanos) -> TradingDay | None:
        """The trading day of ``at``; None where it is not known.

        Days change halfway between a close and the next open: late closing prints count to the day that ended, and
        early quotes to the day that comes.
        """
        index = bisect_right(self._opens, at) - 1
        if index >= 0 and at >= self._boundary(index + 1):
            index += 1
        if not 0 < index < len(self._days) - 1:
            return None
        return TradingDay(
            self._days[index], Nanos(self._opens[index]), self._boundary(index), self._boundary(index + 1)
        )

    def _boundary(self, index: int) -> Nanos:
        """The beginning of the trading day of session ``index``."""
        if index == len(self._days):
            return Nanos(self._closes[-1])
        return Nanos((self._closes[index - 1] + self._opens[index]) // 2)


def rolling_day(roll: DayRoll, at: Nanos) -> TradingDay:
    """The day of a market that never closes: from roll to roll, named after the date on which it ends."""
    moment = at.to_datetime()
    starts, ends = roll.last_before(moment), roll.next_after(moment)
    last_moment = ends.astimezone(roll.zone) - timedelta(microseconds=1)
    return TradingDay(last_moment.date(), Nanos.of(starts), Nanos.of(starts), Nanos.of(ends))
