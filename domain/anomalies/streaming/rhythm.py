"""What is usual at each time of day."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any, Self

from domain.kernel.time import NANOS_PER_SECOND

DAY_NANOS = 86_400 * NANOS_PER_SECOND
# A slot of the day is as long as the usual pause between readings, five minutes at least.
MAX_SLOTS, MIN_SLOTS = 288, 2
# The share of a new day in what is usual: about the last six days count.
LEARNING_RATE = 0.15


class DailyRhythm:
    """A profile of the day in slots, learnt with forgetting; a series with fewer than two readings a day has none."""

    __slots__ = ("_rate", "_slots")

    def __init__(self, times: Sequence[int], values: Sequence[float]) -> None:
        """Learn from the first readings: ``times`` in nanoseconds since 1970 (their usual pause sets the slots)."""
        pauses = [later - earlier for earlier, later in pairwise(times) if later > earlier]
        pause = median(pauses) if pauses else DAY_NANOS
        count = min(round(DAY_NANOS / pause), MAX_SLOTS)
        self._slots: list[float | None] = [None] * (count if count >= MIN_SLOTS else 0)
        # Several readings in a slot share the weight of one.
        self._rate = LEARNING_RATE * min(1.0, pause * count / DAY_NANOS)
        for at, value in zip(times, values, strict=True):
            self.learn(at, value)

    def expected(self, at: int) -> tuple[float, float] | None:
        """The lowest and highest of what is usual in this slot and those beside it; None where nothing is known."""
        if not self._slots:
            return None
        slot = self._slot(at)
        near = [self._slots[index] for index in (slot - 1, slot, (slot + 1) % len(self._slots))]
        known = [value for value in near if value is not None]
        return (min(known), max(known)) if known else None

    def learn(self, at: int, value: float) -> None:
        """Move what is usual at this time towards a value."""
        if self._slots:
            slot = self._slot(at)
            usual = self._slots[slot]
            self._slots[slot] = value if usual is None else usual + self._rate * (value - usual)

    def _slot(self, at: int) -> int:
        return at % DAY_NANOS * len(self._slots) // DAY_NANOS

    def state(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {"rate": self._rate, "slots": list(self._slots)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The rhythm that ``state`` was taken of."""
        rhythm = cls((), ())
        rhythm._rate = state["rate"]
        rhythm._slots = list(state["slots"])
        return rhythm
