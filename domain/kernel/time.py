"""Time: aware datetimes for people and the database, whole nanoseconds for market events.

Exchanges stamp ticks in nanoseconds, which ``datetime`` cannot hold; ``Nanos`` can.

The clock of a process starts with the machine's and goes on by the monotonic one: when somebody sets the machine's
clock, nothing expires and nothing is made in the future. ``set_clock`` sets it, which only the follower of the
database's clock does.
"""

import os
import re
from datetime import UTC, datetime, timedelta
from time import monotonic_ns, time_ns
from typing import Self

NANOS_PER_SECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)


class _Clock:
    """The clock of this process, as its distance from the monotonic one."""

    __slots__ = ("ahead",)

    def __init__(self) -> None:
        self.ahead = 0
        self.start()

    def start(self) -> None:
        """Take the machine's time."""
        self.ahead = time_ns() - monotonic_ns()


_clock = _Clock()
# The process that forks may be days old.
os.register_at_fork(after_in_child=_clock.start)


def set_clock(difference: timedelta) -> None:
    """Put the clock of this process forward, or back if negative."""
    _clock.ahead += difference // timedelta(microseconds=1) * 1_000


class Nanos(int):
    """Nanoseconds since 1970-01-01T00:00:00Z."""

    __slots__ = ()

    @classmethod
    def now(cls) -> Self:
        """The time of this process's clock."""
        return cls(now_nanos())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read RFC 3339 with an offset and up to nine fractional digits.

        Raises:
            ValueError: the text is no such time, or names no offset.
        """
        match = _RFC3339.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not an RFC 3339 time with an offset")
        year, month, day, hour, minute, second = (int(part) for part in match.group(1, 2, 3, 4, 5, 6))
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        if match[9]:
            offset = timedelta(hours=int(match[10]), minutes=int(match[11]))
            moment += -offset if match[9] == "+" else offset
        return cls(_whole_seconds(moment) * NANOS_PER_SECOND + int((match[7] or "0").ljust(9, "0")))

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """The same instant as an aware ``datetime``."""
        return cls(_whole_seconds(moment) * NANOS_PER_SECOND + moment.microsecond * 1_000)

    def to_datetime(self) -> datetime:
        """The same instant cut to microseconds."""
        return _EPOCH + timedelta(microseconds=self // 1_000)

    def isoformat(self) -> str:
        """RFC 3339 in UTC with zero, three, six or nine fractional digits, as few as keep it exact."""
        seconds, fraction = divmod(self, NANOS_PER_SECOND)
        text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
        digits = f"{fraction:09d}"
        while digits.endswith("000"):
            digits = digits[:-3]
        return f"{text}.{digits}Z" if digits else f"{text}Z"


def _whole_seconds(moment: datetime) -> int:
    delta = moment - _EPOCH
    return delta.days * 86_400 + delta.seconds


def now_nanos() -> int:
    """The time of this process's clock in nanoseconds since 1970, as a plain number."""
    return monotonic_ns() + _clock.ahead


def now_seconds() -> float:
    """The time of this process's clock in seconds since 1970."""
    return now_nanos() / NANOS_PER_SECOND


def utc_now() -> datetime:
    """The time of this process's clock as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=now_nanos() // 1_000)
