"""Rhythms longer than a day: weekdays, the ends of weeks and months, and the days beside holidays. Pure.

Days are counted from 1 January 1970 in UTC. Where an exchange is closed on a weekday, what is usually done on it
moves to the trading day beside it: the last trading day of a month ends the month.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta

# Two days of a rhythm lie at most so many days apart: five weeks, and three months and a little.
WEEKLY_DAYS, MONTHLY_DAYS = 35, 100
_EPOCH = date(1970, 1, 1)
_SATURDAY = 5
# The last trading days of a month: what is due at its end is done on either.
_ENDING_DAYS = 2
# The same end of a month or the same holiday is no repetition of itself.
_SAME_DAYS = 5
# No exchange is closed for longer.
_LONGEST_CLOSURE = 31


@dataclass(frozen=True, slots=True)
class TradingDays:
    """The trading days of a calendar: weekdays, except its ``holidays``."""

    holidays: Collection[int] = frozenset()

    def is_trading(self, day: int) -> bool:
        """True for a weekday that is no holiday."""
        return _date(day).weekday() < _SATURDAY and day not in self.holidays

    def next_to(self, day: int, step: int) -> int | None:
        """The next trading day (``step`` 1), or the one before (-1); None where none is near."""
        near = range(day + step, day + step * _LONGEST_CLOSURE, step)
        return next((other for other in near if self.is_trading(other)), None)

    def ends_month(self, day: int) -> bool:
        """True for the last two trading days of a month."""
        at: int | None = day
        for _ in range(_ENDING_DAYS):
            at = self.next_to(at, 1) if at is not None else None
        return self.is_trading(day) and (at is None or _month(at) != _month(day))

    def begins_month(self, day: int) -> bool:
        """True for the first trading day of a month."""
        before = self.next_to(day, -1)
        return self.is_trading(day) and (before is None or _month(before) != _month(day))

    def ends_week(self, day: int) -> bool:
        """True for the last trading day of a week."""
        return self.is_trading(day) and not any(map(self.is_trading, range(day + 1, _monday(day) + 7)))

    def begins_week(self, day: int) -> bool:
        """True for the first trading day of a week."""
        return self.is_trading(day) and not any(map(self.is_trading, range(_monday(day), day)))

    def precedes_holiday(self, day: int) -> bool:
        """True for the last trading day before a holiday."""
        return self._is_beside_holiday(day, 1)

    def follows_holiday(self, day: int) -> bool:
        """True for the first trading day after a holiday."""
        return self._is_beside_holiday(day, -1)

    def _is_beside_holiday(self, day: int, step: int) -> bool:
        beside = self.next_to(day, step)
        between = range(day + step, beside, step) if beside is not None else ()
        return self.is_trading(day) and any(other in self.holidays for other in between)


WEEKDAYS = TradingDays()


def are_in_rhythm(earlier: int, later: int, days: TradingDays = WEEKDAYS) -> bool:
    """True if a later day repeats an earlier one.

    It is the same weekday some weeks later; or both end or begin a week, or a month; or both are beside a holiday, on
    the same side of it.
    """
    apart = later - earlier
    if apart <= 0:
        return False
    if apart <= WEEKLY_DAYS:
        is_other_week = _monday(earlier) != _monday(later)
        if apart % 7 == 0 or (is_other_week and _are_both((days.ends_week, days.begins_week), earlier, later)):
            return True
    kinds = (days.ends_month, days.begins_month, days.precedes_holiday, days.follows_holiday)
    return _SAME_DAYS < apart <= MONTHLY_DAYS and _are_both(kinds, earlier, later)


def day_of(at: date) -> int:
    """The number of a date."""
    return (at - _EPOCH).days


def _are_both(kinds: Collection[Callable[[int], bool]], earlier: int, later: int) -> bool:
    return any(is_kind(later) and is_kind(earlier) for is_kind in kinds)


def _date(day: int) -> date:
    return _EPOCH + timedelta(days=day)


def _month(day: int) -> tuple[int, int]:
    at = _date(day)
    return at.year, at.month


def _monday(day: int) -> int:
    return day - _date(day).weekday()
