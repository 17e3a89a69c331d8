"""Words and values of the streaming detector."""

from dataclasses import dataclass
from enum import StrEnum

from domain.kernel.time import Nanos

ALARM_SCORE = 0.5
"""A score from here on is an alarm."""


class Reason(StrEnum):
    """Which measure of a reading departs most from its own past."""

    RANGE = "RANGE"
    DISTANCE = "DISTANCE"
    JUMP = "JUMP"
    LEVEL = "LEVEL"
    STEP = "STEP"
    NOISE = "NOISE"
    NOISE_CHANGE = "NOISE_CHANGE"
    SHAPE = "SHAPE"
    TIME_OF_DAY = "TIME_OF_DAY"


MEANINGS = {
    Reason.RANGE: "beyond the usual highest and lowest values, by",
    Reason.DISTANCE: "distance from the usual value",
    Reason.JUMP: "difference from the recent values",
    Reason.LEVEL: "difference of the last 12 values' mean from the usual value",
    Reason.STEP: "difference of the means of the last two times 12 values",
    Reason.NOISE: "spread of the last 60 values",
    Reason.NOISE_CHANGE: "change of the spread between the last two times 30 values",
    Reason.SHAPE: "difference of the last 8 values from any earlier stretch",
    Reason.TIME_OF_DAY: "difference from the values of this time of day",
}


@dataclass(frozen=True, slots=True)
class StreamScore:
    """What the detector says of one reading.

    ``score`` (0 to 1, an alarm from ``ALARM_SCORE``) is what is worth telling now: it is 0 while the series is learnt,
    for what an alarm has told already, and lower the more alarms there were lately. ``surprise`` is the bare departure:
    about the negative decimal logarithm of how often the series' past would show one as large. ``measured`` and
    ``usual`` belong to ``reason``: the measure that departs most, and what 19 of 20 earlier values kept below.
    ``expected`` is the value that was expected, None before anything is known.
    """

    at: Nanos
    observed: float
    score: float
    surprise: float
    expected: float | None
    reason: Reason | None
    measured: float
    usual: float

    @property
    def is_alarm(self) -> bool:
        """Whether this reading is worth somebody's attention."""
        return self.score >= ALARM_SCORE

    @property
    def explanation(self) -> str:
        """One sentence for a person."""
        if self.reason is None:
            return "nothing unusual"
        return f"{MEANINGS[self.reason]}: {self.measured:.6g}, usually up to {self.usual:.6g}"
