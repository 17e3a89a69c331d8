"""Rhythms longer than a day: the same day of the week, and the end of the month. Pure.

Days are counted from 1 January 1970 in UTC.
"""

from datetime import date, timedelta

# Two days of a rhythm lie at most so many days apart: five weeks, and three months and a little.
WEEKLY_DAYS, MONTHLY_DAYS = 35, 100
_EPOCH = date(1970, 1, 1)
_SATURDAY = 5
# The last working days of a month: where the last one is a holiday, the end is on the day before.
_ENDING_DAYS = 2


def are_in_rhythm(earlier: int, later: int) -> bool:
    """True if a later day repeats an earlier one: as the same weekday some weeks later, or as an end of a month."""
    apart = later - earlier
    if apart <= 0:
        return False
    if apart % 7 == 0 and apart <= WEEKLY_DAYS:
        return True
    return apart <= MONTHLY_DAYS and ends_month(earlier) and ends_month(later) and apart > _ENDING_DAYS + 3


def ends_month(day: int) -> bool:
    """True if a day is one of the last two weekdays of its month."""
    at = _EPOCH + timedelta(days=day)
    if at.weekday() >= _SATURDAY:
        return False
    left, following = 0, at + timedelta(days=1)
    while following.month == at.month:
        left += following.weekday() < _SATURDAY
        following += timedelta(days=1)
    return left < _ENDING_DAYS
