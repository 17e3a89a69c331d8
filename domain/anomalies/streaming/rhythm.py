"""Rhythms: the usual values at each time of the day and of the week."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Self

from domain.kernel.time import NANOS_PER_SECOND

DAY_NANOS = 86_400 * NANOS_PER_SECOND
WEEK_NANOS = 7 * DAY_NANOS


@dataclass(frozen=True, slots=True)
class Cycle:
    """A repeating period: its length, its number of slots, and the weight of a new round in the profile.

    A slot is as long as the usual pause between readings, and not shorter than ``max_slots`` allow. Series with fewer
    than ``min_slots`` readings a round have no rhythm.
    """

    nanos: int
    min_slots: int
    max_slots: int
    learning_rate: float


# About the last six days count, in slots of five minutes at least.
DAY = Cycle(DAY_NANOS, 2, 288, 0.15)
# About the last three weeks count, in slots of half an hour at least.
WEEK = Cycle(WEEK_NANOS, 14, 336, 0.3)


def usual_pause(times: Sequence[int]) -> float:
    """The median pause between readings that move on in time, in nanoseconds; a day where none does."""
    pauses = [later - earlier for earlier, later in pairwise(times) if later > earlier]
    return median(pauses) if pauses else DAY_NANOS


class Rhythm:
    """A profile of a cycle in slots, learnt with forgetting."""

    __slots__ = ("_nanos", "_rate", "_slots")

    def __init__(self, cycle: Cycle, times: Sequence[int], values: Sequence[float]) -> None:
        """Learn from the first readings: ``times`` in nanoseconds since 1970 (their usual pause sets the slots)."""
        self._nanos = cycle.nanos
        pause = usual_pause(times)
        count = min(round(cycle.nanos / pause), cycle.max_slots)
        self._slots: list[float | None] = [None] * (count if count >= cycle.min_slots else 0)
        # Several readings in a slot share the weight of one.
        self._rate = cycle.learning_rate * min(1.0, pause * count / cycle.nanos)
        for at, value in zip(times, values, strict=True):
            self.learn(at, value)

    def expected(self, at: int) -> tuple[float, float] | None:
        """The lowest and highest usual value in this slot and its neighbours; None where nothing is known."""
        if not self._slots:
            return None
        slot = self._slot(at)
        near = [self._slots[index] for index in (slot - 1, slot, (slot + 1) % len(self._slots))]
        known = [value for value in near if value is not None]
        return (min(known), max(known)) if known else None

    def distance(self, at: int, value: float) -> float | None:
        """The distance of a value from the usual range at this time; None where nothing is known."""
        usual = self.expected(at)
        return max(value - usual[1], usual[0] - value, 0.0) if usual is not None else None

    def learn(self, at: int, value: float) -> None:
        """Move the usual value at this time towards a value."""
        if self._slots:
            slot = self._slot(at)
            usual = self._slots[slot]
            self._slots[slot] = value if usual is None else usual + self._rate * (value - usual)

    def _slot(self, at: int) -> int:
        return at % self._nanos * len(self._slots) // self._nanos

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {"rate": self._rate, "slots": list(self._slots)}

    @classmethod
    def from_state(cls, cycle: Cycle, state: dict[str, Any]) -> Self:
        """The rhythm of a cycle and a ``state``."""
        rhythm = cls(cycle, (), ())
        rhythm._rate = state["rate"]
        rhythm._slots = list(state["slots"])
        return rhythm
