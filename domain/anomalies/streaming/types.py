"""Types of the streaming detector."""

from dataclasses import dataclass
from enum import StrEnum

from domain.kernel.time import Nanos

ALARM_SCORE = 0.5
"""A score from here on is an alarm."""


class Reason(StrEnum):
    """The measure of a reading that departs most from its own past."""

    DISTANCE = "DISTANCE"
    JUMP = "JUMP"
    KINK = "KINK"
    STEP = "STEP"
    LEVEL = "LEVEL"
    NOISE = "NOISE"
    SHORT_NOISE = "SHORT_NOISE"
    CALM = "CALM"
    SHORT_CALM = "SHORT_CALM"
    NOISE_CHANGE = "NOISE_CHANGE"
    SHAPE = "SHAPE"
    TIME = "TIME"
    PREDICTION = "PREDICTION"


MEANINGS = {
    Reason.DISTANCE: "distance from the usual value",
    Reason.JUMP: "difference from the recent values",
    Reason.KINK: "difference from the line through the last two values",
    Reason.STEP: "difference of the means of the last two times 4 values",
    Reason.LEVEL: "difference of the last 96 values' mean from the usual value",
    Reason.NOISE: "spread of the last 60 values",
    Reason.SHORT_NOISE: "spread of the last 12 values",
    Reason.CALM: "usual spread divided by that of the last 60 values",
    Reason.SHORT_CALM: "usual spread divided by that of the last 12 values",
    Reason.NOISE_CHANGE: "change of the spread between the last two times 30 values",
    Reason.SHAPE: "difference of the last 8 values from any earlier stretch",
    Reason.TIME: "difference from the values of this time of the day and of the week",
    Reason.PREDICTION: "difference from what the last 6 values predict",
}


@dataclass(frozen=True, slots=True)
class StreamScore:
    """The detector's result for one reading.

    ``score`` (0 to 1, an alarm from ``ALARM_SCORE``) is 0 while the series is learnt, and for a repeat of the last
    alarm. ``surprise`` is the bare departure, as a mean of negative decimal logarithms of how often the series' past
    would show one as large. ``measured`` and ``usual`` belong to ``reason``: the measure that departs most, and the
    value that four of five earlier ones stayed below. ``expected`` is the predicted value, None before anything is
    known.
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
        """True if this reading is an alarm."""
        return self.score >= ALARM_SCORE

    @property
    def explanation(self) -> str:
        """One sentence for a person."""
        if self.reason is None:
            return "nothing unusual"
        return f"{MEANINGS[self.reason]}: {self.measured:.6g}, usually up to {self.usual:.6g}"
