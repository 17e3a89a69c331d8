"""The streaming detector of one series.

Thirteen measures of each reading are compared with their own past (``tails``), which makes them comparable with each
other and between series of any unit. Their surprises are combined: 35 % is the largest, 65 % is the mean, so a
departure counts when several measures see it or when one sees it clearly. The result is smoothed over some minutes, and
the gate (``alarms``) decides on the alarm. A score depends only on this reading and earlier ones, work and memory per
reading are bounded, and the state is JSON.
"""

import math
from collections import deque
from typing import Any, Self

import numpy as np

from domain.anomalies.streaming.alarms import AlarmGate
from domain.anomalies.streaming.prediction import LAGS, Predictor
from domain.anomalies.streaming.recent import Recent, Values, mean, novelty, spread
from domain.anomalies.streaming.rhythm import DAY, WEEK, Rhythm, usual_pause
from domain.anomalies.streaming.tails import Tail
from domain.anomalies.streaming.types import Reason, StreamScore
from domain.kernel.time import NANOS_PER_SECOND, Nanos

STATE_VERSION = 2
LEARNING_READINGS = 100
MEMORY_READINGS = 2_000
STEP_READINGS, LEVEL_READINGS, NOISE_READINGS, SHORT_NOISE_READINGS = 4, 96, 60, 12
NOISE_CHANGE_READINGS, SHAPE_READINGS = 30, 8
RECENT_RATE = 0.03
# Usual value and spread are learnt again after so many readings, more often while there are few.
QUARTILES_EVERY, EARLY_QUARTILES_EVERY = 50, 10
# A spread so much smaller than usual is as good as none.
LEAST_SPREAD_PART = 0.001
# The share of the largest surprise; the rest is that of the mean of all.
LARGEST_SHARE = 0.35
# Half of the surprise is that of the last minutes, in readings at most.
SMOOTH_NANOS, MAX_SMOOTH_READINGS, SMOOTH_SHARE = 20 * 60 * NANOS_PER_SECOND, 4, 0.5
# Larger numbers are taken as this: their squares still fit.
LARGEST = 1e120
# Differences below this part of the usual value mean nothing.
RESOLUTION_PART = 1e-9


class StreamDetector:
    """Scores the readings of one series, one after the other."""

    __slots__ = (
        "_count",
        "_day",
        "_first",
        "_gate",
        "_last_surprises",
        "_predictor",
        "_quartiles",
        "_recent",
        "_recent_mean",
        "_tails",
        "_week",
    )

    def __init__(self) -> None:
        self._count = 0
        self._first: list[tuple[int, float]] = []
        self._gate = AlarmGate()
        self._last_surprises: deque[float] = deque(maxlen=MAX_SMOOTH_READINGS)
        self._predictor = Predictor()
        self._quartiles = (0.0, 0.0, 0.0)
        self._recent = Recent(MEMORY_READINGS)
        self._recent_mean = 0.0
        self._day: Rhythm | None = None
        self._week: Rhythm | None = None
        self._tails = {reason: Tail() for reason in Reason}

    @property
    def is_learning(self) -> bool:
        """True if there were too few readings to know the usual range."""
        return self._count < LEARNING_READINGS

    def update(self, at: Nanos, value: float) -> StreamScore:
        """Score a reading from all before it, then learn it.

        A value that is not a finite number is a missing reading: it scores 0 and changes nothing. Times may have gaps
        and even run backwards; only their time of the day and week, and the time since an alarm, count.
        """
        if not math.isfinite(value):
            return StreamScore(at, value, 0.0, 0.0, self._expected(at), None, 0.0, 0.0)
        number = max(-LARGEST, min(LARGEST, float(value)))
        if not self._count:
            self._quartiles = (number, number, number)
            self._recent_mean = number
        expected = self._expected(at)
        before = self._recent.last(LAGS)
        error = self._predictor.error(before, number)
        self._recent.append(number)
        measures = self._measure(number) | {Reason.PREDICTION: error}
        distance = self._time_distance(at, number)
        if distance is not None:
            measures[Reason.TIME] = distance
        score = self._judge(at, value, measures, expected)
        self._learn(at, number, measures)
        return score

    def _expected(self, at: int) -> float | None:
        usual_now = self._day.expected(at) if self._day is not None else None
        if usual_now is not None:
            return (usual_now[0] + usual_now[1]) / 2
        return self._recent_mean if self._count else None

    @property
    def _resolution(self) -> float:
        return RESOLUTION_PART * abs(self._quartiles[1])

    def _measure(self, value: float) -> dict[Reason, float]:
        last = self._recent.last(LEVEL_READINGS)
        low, middle, high = self._quartiles
        usual_spread = high - low if high - low > self._resolution else 0.0
        noise, short_noise = spread(last[-NOISE_READINGS:]), spread(last[-SHORT_NOISE_READINGS:])
        return {
            Reason.DISTANCE: abs(value - middle),
            Reason.JUMP: abs(value - self._recent_mean),
            Reason.KINK: _kink(last),
            Reason.STEP: _step(last),
            Reason.LEVEL: abs(mean(last) - middle),
            Reason.NOISE: noise,
            Reason.SHORT_NOISE: short_noise,
            Reason.CALM: _calm(usual_spread, noise),
            Reason.SHORT_CALM: _calm(usual_spread, short_noise),
            Reason.NOISE_CHANGE: _noise_change(last),
            Reason.SHAPE: novelty(self._recent.last(MEMORY_READINGS), SHAPE_READINGS),
        }

    def _time_distance(self, at: int, value: float) -> float | None:
        """The smaller of the distances from the usual values at this time of the day and of the week."""
        rhythms = (rhythm for rhythm in (self._day, self._week) if rhythm is not None)
        known = [distance for rhythm in rhythms if (distance := rhythm.distance(at, value)) is not None]
        return min(known, default=None)

    def _judge(self, at: Nanos, value: float, measures: dict[Reason, float], expected: float | None) -> StreamScore:
        if self.is_learning:
            return StreamScore(at, value, 0.0, 0.0, expected, None, 0.0, 0.0)
        resolution = self._resolution
        surprises = {reason: self._tails[reason].surprise(held, resolution) for reason, held in measures.items()}
        strongest = max(surprises, key=surprises.__getitem__)
        largest = surprises[strongest]
        # A measure that is missing for now (no time of day is known) counts as one that sees nothing.
        combined = LARGEST_SHARE * largest + (1 - LARGEST_SHARE) * math.fsum(surprises.values()) / len(Reason)
        self._last_surprises.append(combined)
        smoothed = SMOOTH_SHARE * math.fsum(self._last_surprises) / len(self._last_surprises)
        surprise = (1 - SMOOTH_SHARE) * combined + smoothed
        score = self._gate.pass_on(self._count, at, surprise)
        if not largest:
            return StreamScore(at, value, score, surprise, expected, None, 0.0, 0.0)
        measured, usual = measures[strongest], self._tails[strongest].threshold
        return StreamScore(at, value, score, surprise, expected, strongest, measured, usual)

    def _learn(self, at: Nanos, value: float, measures: dict[Reason, float]) -> None:
        for reason, measured in measures.items():
            self._tails[reason].learn(measured)
        self._recent_mean += RECENT_RATE * (value - self._recent_mean)
        self._count += 1
        if self._count % (EARLY_QUARTILES_EVERY if self._count < QUARTILES_EVERY else QUARTILES_EVERY) == 0:
            self._quartiles = _quartiles(self._recent.last(MEMORY_READINGS))
        if self._day is not None and self._week is not None:
            self._day.learn(at, value)
            self._week.learn(at, value)
            return
        self._first.append((int(at), value))
        if self._count == LEARNING_READINGS:
            times, values = zip(*self._first, strict=True)
            self._day, self._week = Rhythm(DAY, times, values), Rhythm(WEEK, times, values)
            smoothed = min(max(round(SMOOTH_NANOS / usual_pause(times)), 1), MAX_SMOOTH_READINGS)
            self._last_surprises = deque(maxlen=smoothed)
            self._first = []

    def state(self) -> dict[str, Any]:
        """The state as JSON, exactly: a detector made ``from_state`` continues as this one would."""
        return {
            "version": STATE_VERSION,
            "count": self._count,
            "first": [list(reading) for reading in self._first],
            "gate": [self._gate.told_number, self._gate.told_at, self._gate.told],
            "last_surprises": [self._last_surprises.maxlen, *self._last_surprises],
            "predictor": self._predictor.state(),
            "quartiles": list(self._quartiles),
            "recent": self._recent.state(),
            "recent_mean": self._recent_mean,
            "day": self._day.state() if self._day is not None else None,
            "week": self._week.state() if self._week is not None else None,
            "tails": {reason.value: tail.state() for reason, tail in self._tails.items()},
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The detector of a ``state``.

        Raises:
            ValueError: the state is of another version of the detector, which must learn again.
        """
        if state.get("version") != STATE_VERSION:
            raise ValueError(f"the state is of version {state.get('version')!r}, not {STATE_VERSION}")
        detector = cls()
        detector._count = state["count"]
        detector._first = [(at, value) for at, value in state["first"]]
        detector._gate = AlarmGate(*state["gate"])
        smoothed, *last = state["last_surprises"]
        detector._last_surprises = deque(last, maxlen=smoothed)
        detector._predictor = Predictor.from_state(state["predictor"])
        low, middle, high = state["quartiles"]
        detector._quartiles = (low, middle, high)
        detector._recent = Recent.from_state(MEMORY_READINGS, state["recent"])
        detector._recent_mean = state["recent_mean"]
        detector._day = Rhythm.from_state(DAY, state["day"]) if state["day"] else None
        detector._week = Rhythm.from_state(WEEK, state["week"]) if state["week"] else None
        detector._tails = {Reason(name): Tail.from_state(held) for name, held in state["tails"].items()}
        return detector


def _quartiles(values: Values) -> tuple[float, float, float]:
    places = [len(values) * part // 4 for part in (1, 2, 3)]
    low, middle, high = np.partition(values, places)[places]
    return float(low), float(middle), float(high)


def _kink(last: Values) -> float:
    return abs(float(last[-1] - 2 * last[-2] + last[-3])) if len(last) >= 3 else 0.0


def _step(last: Values) -> float:
    if len(last) < 2 * STEP_READINGS:
        return 0.0
    return abs(mean(last[-STEP_READINGS:]) - mean(last[-2 * STEP_READINGS : -STEP_READINGS]))


def _calm(usual_spread: float, noise: float) -> float:
    """The factor by which a spread is smaller than usual; 0 where the usual one is zero."""
    return usual_spread / (noise + LEAST_SPREAD_PART * usual_spread) if usual_spread else 0.0


def _noise_change(last: Values) -> float:
    if len(last) < 2 * NOISE_CHANGE_READINGS:
        return 0.0
    return abs(
        spread(last[-NOISE_CHANGE_READINGS:]) - spread(last[-2 * NOISE_CHANGE_READINGS : -NOISE_CHANGE_READINGS])
    )
