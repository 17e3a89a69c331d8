"""The streaming detector of one series.

Nine measures of each reading are compared with their own past (``tails``), which makes them comparable with each other
and between series of any unit. Their surprises are combined (half the mean, half the largest: what several see counts
more, what one sees clearly counts too), and the gate (``alarms``) decides what is worth telling. A score depends on
this reading and earlier ones only, work and memory per reading are bounded, and the state is JSON.
"""

import math
from typing import Any, Self

import numpy as np

from domain.anomalies.streaming.alarms import AlarmGate
from domain.anomalies.streaming.recent import Lagged, Recent, mean, novelty, spread
from domain.anomalies.streaming.rhythm import DailyRhythm
from domain.anomalies.streaming.tails import Tail
from domain.anomalies.streaming.types import Reason, StreamScore
from domain.kernel.time import Nanos

STATE_VERSION = 1
LEARNING_READINGS = 100
MEMORY_READINGS = 2_000
LEVEL_READINGS, NOISE_READINGS, NOISE_CHANGE_READINGS, SHAPE_READINGS = 12, 60, 30, 8
RECENT_RATE = 0.03
MEDIAN_EVERY = 50
# Larger numbers are taken as this: their squares still fit.
LARGEST = 1e120
# Differences below this part of the usual value mean nothing.
RESOLUTION_PART = 1e-9

# The two sides of a series have tails of their own: what rises is often not what falls.
ABOVE, BELOW = "ABOVE", "BELOW"
_SIDES = (ABOVE, BELOW)
_MEASURES = (
    Reason.DISTANCE,
    Reason.JUMP,
    Reason.LEVEL,
    Reason.STEP,
    Reason.NOISE,
    Reason.NOISE_CHANGE,
    Reason.SHAPE,
    Reason.TIME_OF_DAY,
)


class StreamDetector:
    """Scores the readings of one series, one after the other."""

    __slots__ = (
        "_count",
        "_first",
        "_gate",
        "_median",
        "_noise_before",
        "_recent",
        "_recent_mean",
        "_rhythm",
        "_tails",
    )

    def __init__(self) -> None:
        self._count = 0
        self._first: list[tuple[int, float]] = []
        self._gate = AlarmGate()
        self._median = 0.0
        self._noise_before = Lagged(NOISE_CHANGE_READINGS)
        self._recent = Recent(MEMORY_READINGS)
        self._recent_mean = 0.0
        self._rhythm: DailyRhythm | None = None
        self._tails = {name: Tail() for name in (*_SIDES, *_MEASURES)}

    @property
    def is_learning(self) -> bool:
        """Whether there were too few readings to tell what is usual."""
        return self._count < LEARNING_READINGS

    def update(self, at: Nanos, value: float) -> StreamScore:
        """Score a reading from all before it, then learn it.

        A value that is not a number, or infinite, is a missing reading: it scores 0 and changes nothing. Times may have
        gaps and even run backwards; only their time of day matters.
        """
        if not math.isfinite(value):
            return StreamScore(at, value, 0.0, 0.0, self._expected(None), None, 0.0, 0.0)
        number = max(-LARGEST, min(LARGEST, float(value)))
        if not self._count:
            self._median = self._recent_mean = number
        usual_now = self._rhythm.expected(at) if self._rhythm else None
        expected = self._expected(usual_now)
        self._recent.append(number)
        measures = self._measure(number, usual_now)
        score = self._judge(at, value, measures, expected)
        self._learn(at, number, measures)
        return score

    def _expected(self, usual_now: tuple[float, float] | None) -> float | None:
        if usual_now is not None:
            return (usual_now[0] + usual_now[1]) / 2
        return self._recent_mean if self._count else None

    def _measure(self, value: float, usual_now: tuple[float, float] | None) -> dict[str, float]:
        last = self._recent.last(NOISE_READINGS)
        level = mean(last[-LEVEL_READINGS:])
        level_before = mean(last[-2 * LEVEL_READINGS : -LEVEL_READINGS]) if len(last) >= 2 * LEVEL_READINGS else level
        short_noise = spread(last[-NOISE_CHANGE_READINGS:])
        difference = value - self._median
        measures = {
            ABOVE: max(difference, 0.0),
            BELOW: max(-difference, 0.0),
            Reason.DISTANCE: abs(difference),
            Reason.JUMP: abs(value - self._recent_mean),
            Reason.LEVEL: abs(level - self._median),
            Reason.STEP: abs(level - level_before),
            Reason.NOISE: spread(last),
            Reason.NOISE_CHANGE: abs(short_noise - self._noise_before.exchange(short_noise)),
            Reason.SHAPE: novelty(self._recent.last(MEMORY_READINGS), SHAPE_READINGS),
        }
        if usual_now is not None:
            measures[Reason.TIME_OF_DAY] = max(value - usual_now[1], usual_now[0] - value, 0.0)
        return measures

    def _judge(self, at: Nanos, value: float, measures: dict[str, float], expected: float | None) -> StreamScore:
        if self.is_learning:
            return StreamScore(at, value, 0.0, 0.0, expected, None, 0.0, 0.0)
        resolution = RESOLUTION_PART * abs(self._median)
        surprises = {name: self._tails[name].surprise(held, resolution) for name, held in measures.items()}
        side = max(_SIDES, key=surprises.__getitem__)
        sides = surprises.pop(ABOVE), surprises.pop(BELOW)
        surprises[Reason.RANGE] = max(sides)
        strongest = max(surprises, key=surprises.__getitem__)
        largest = surprises[strongest]
        # A measure that is missing for now (no time of day is known) counts as one that sees nothing.
        combined = (largest + math.fsum(surprises.values()) / len(Reason)) / 2
        score = self._gate.pass_on(self._count, combined)
        if not largest:
            return StreamScore(at, value, score, combined, expected, None, 0.0, 0.0)
        name = side if strongest == Reason.RANGE else strongest
        return StreamScore(
            at, value, score, combined, expected, Reason(strongest), measures[name], self._tails[name].threshold
        )

    def _learn(self, at: Nanos, value: float, measures: dict[str, float]) -> None:
        for name, measured in measures.items():
            self._tails[name].learn(measured)
        self._recent_mean += RECENT_RATE * (value - self._recent_mean)
        self._count += 1
        if self._count % MEDIAN_EVERY == 0:
            self._median = float(np.median(self._recent.last(MEMORY_READINGS)))
        if self._rhythm is not None:
            self._rhythm.learn(at, value)
            return
        self._first.append((int(at), value))
        if self._count == LEARNING_READINGS:
            self._rhythm = DailyRhythm(*zip(*self._first, strict=True))
            self._first = []

    def state(self) -> dict[str, Any]:
        """All of it as JSON, exactly: a detector made ``from_state`` goes on as this one would."""
        return {
            "version": STATE_VERSION,
            "count": self._count,
            "first": [list(reading) for reading in self._first],
            "gate": [self._gate.told_at, self._gate.told, self._gate.weariness],
            "median": self._median,
            "noise_before": self._noise_before.state(),
            "recent": self._recent.state(),
            "recent_mean": self._recent_mean,
            "rhythm": self._rhythm.state() if self._rhythm else None,
            "tails": {str(name): tail.state() for name, tail in self._tails.items()},
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The detector that ``state`` was taken of.

        Raises:
            ValueError: the state is of another version of the detector, which must learn anew.
        """
        if state.get("version") != STATE_VERSION:
            raise ValueError(f"the state is of version {state.get('version')!r}, not {STATE_VERSION}")
        detector = cls()
        detector._count = state["count"]
        detector._first = [(at, value) for at, value in state["first"]]
        detector._gate = AlarmGate(*state["gate"])
        detector._median = state["median"]
        detector._noise_before = Lagged.from_state(state["noise_before"])
        detector._recent = Recent.from_state(MEMORY_READINGS, state["recent"])
        detector._recent_mean = state["recent_mean"]
        detector._rhythm = DailyRhythm.from_state(state["rhythm"]) if state["rhythm"] else None
        detector._tails = {name: Tail.from_state(held) for name, held in state["tails"].items()}
        return detector
