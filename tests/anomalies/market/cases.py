"""A planted case: what it is, whose, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# A finding a little later still tells of the case.
AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Case:
    """A planted case: its name, its accounts, symbols or components, and its time."""

    name: str
    subjects: frozenset[str]
    begins: datetime
    ends: datetime


def case(name: str, at: datetime, seconds: float, *subjects: str) -> Case:
    """A case that lasts for some seconds."""
    return Case(name, frozenset(subjects), at - timedelta(seconds=5), at + timedelta(seconds=float(seconds)) + AFTER)
