"""The day roll: the end of the platform's day, at a wall-clock time in a zone, right across changes of the clock."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class DayRoll:
    """The moment of each day at which one trading day ends and the next begins."""

    time: time
    zone: ZoneInfo

    def on(self, day: date) -> datetime:
        """The roll on a calendar day of the zone, in UTC.

        A time that the clocks skip is taken with the offset before the change. A time that occurs twice is taken the
        first time.
        """
        return datetime.combine(day, self.time, tzinfo=self.zone).astimezone(UTC)

    def day_before(self, roll: datetime) -> date:
        """The calendar day of the zone that ends with a roll."""
        return (roll - timedelta(microseconds=1)).astimezone(self.zone).date()

    def next_after(self, now: datetime) -> datetime:
        """The first roll after ``now``, in UTC."""
        day = now.astimezone(self.zone).date()
        return next(roll for offset in (-1, 0, 1, 2) if (roll := self.on(day + timedelta(days=offset))) > now)

    def last_before(self, now: datetime) -> datetime:
        """The last roll at or before ``now``, in UTC."""
        day = now.astimezone(self.zone).date()
        return next(roll for offset in (1, 0, -1, -2) if (roll := self.on(day + timedelta(days=offset))) <= now)
