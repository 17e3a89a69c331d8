"""Schedules kept in files, so that a process that starts need not make them again.

Making schedules takes a large part of a second of a processor and a library of 70 MB, in each process; reading a
file takes milliseconds. A file that cannot be read, or is of another version of the library, counts as none.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import orjson

from domain.market.session_rules import CalendarRule
from domain.market.sessions import Schedule

_FORM = 1


@dataclass(frozen=True, slots=True)
class CalendarFiles:
    """A folder of schedules, one file for each calendar; several processes may share it."""

    folder: Path

    def read(self, key: str | CalendarRule) -> tuple[datetime, Schedule] | None:
        """The schedule of a calendar and the time at which it was made; None where none is kept."""
        # Whatever is wrong with a file, the schedule can be made anew.
        with suppress(OSError, ValueError, KeyError, TypeError, IndexError, OverflowError):
            kept = orjson.loads(self._path(key).read_bytes())
            return datetime.fromisoformat(kept["made"]).astimezone(UTC), Schedule.of_plain(kept["schedule"])
        return None

    def write(self, key: str | CalendarRule, made: datetime, schedule: Schedule) -> None:
        """Keep a schedule; without effect where the folder cannot be written to."""
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, exist_ok=True)
            with _replacing(self._path(key)) as unfinished:
                unfinished.write_bytes(orjson.dumps({"made": made.isoformat(), "schedule": schedule.to_plain()}))

    def _path(self, key: str | CalendarRule) -> Path:
        return self.folder / f"{sha256(repr(_identity(key)).encode()).hexdigest()[:32]}.json"


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file to write, which then takes the place of ``path``: nobody reads half of it."""
    unfinished = path.with_suffix(f".{os.getpid()}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _identity(key: str | CalendarRule) -> tuple[object, ...]:
    """All that a schedule follows from. The order of a set of days is not part of it."""
    made_by = (_FORM, version("exchange_calendars"))
    if isinstance(key, str):
        return (*made_by, key)
    return (*made_by, key.code, key.zone.key, key.sessions, key.days_of, sorted(key.closed))
