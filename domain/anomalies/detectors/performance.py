"""Detector of component measures that leave their usual course, at once or slowly over hours."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any, Self

from domain.anomalies.baselines import surprise_of, upper_tail
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import Sampled
from domain.anomalies.streaming.detector import STATE_VERSION, StreamDetector
from domain.anomalies.types import AnomalyKind, Finding, Subject
from domain.kernel.time import Nanos

# A streaming surprise is a mean of many, so large ones are rarer than they say: in usual series (noise, waves, counts,
# bursts) one reading in two hundred is at 1.4, one in twenty thousand at 2.0, and none of 22,000 at 2.2.
SURPRISE_FACTOR = 5 / 2.2
# A drift is told by the median of so many hours, each against the same hour of earlier days.
HOUR_SECONDS, DRIFT_HOURS, KEPT_DAYS, MIN_DAYS = 3_600, 6, 21, 3
MAX_HOUR_SAMPLES, MAX_SAMPLES = 400, 60
# Ratios that differ by less than this are alike, and a smaller drift is none (natural logarithms).
DRIFT_FLOOR, LEAST_DRIFT = 0.06, 0.3


@dataclass(slots=True)
class PerformanceMemory(Memory):
    """The streaming detector of one measure, its number of samples, and the medians of hours."""

    detector: StreamDetector = field(default_factory=StreamDetector)
    samples: int = 0
    hour: int = -1
    values: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_HOUR_SAMPLES))
    # By hour since 1970: median logarithm.
    hours: deque[list[float]] = field(default_factory=lambda: deque(maxlen=24 * (KEPT_DAYS + 1)))
    # Ratios of earlier hours to what was usual at their time.
    ratios: deque[float] = field(default_factory=lambda: deque(maxlen=24 * KEPT_DAYS))
    drift_told: int = -1
    # Time and value, for the evidence.
    last: deque[list[str | float]] = field(default_factory=lambda: deque(maxlen=MAX_SAMPLES))

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {
            "detector": self.detector.state(),
            "samples": self.samples,
            "hour": self.hour,
            "values": list(self.values),
            "hours": list(self.hours),
            "ratios": list(self.ratios),
            "drift_told": self.drift_told,
            "last": list(self.last),
        }

    @classmethod
    def from_state(cls, state: Any) -> Self:
        """The memory of a ``state``; an empty one for another version of the detector."""
        if state["detector"].get("version") != STATE_VERSION or "ratios" not in state:
            return cls()
        memory = cls(StreamDetector.from_state(state["detector"]), state["samples"], state["hour"])
        memory.values.extend(state["values"])
        memory.hours.extend(state["hours"])
        memory.ratios.extend(state["ratios"])
        memory.drift_told = state["drift_told"]
        memory.last.extend(state.get("last", ()))
        return memory


class SystemPerformance(Detector[Sampled, PerformanceMemory]):
    """Runs a streaming detector for every measure of every component, and compares its hours."""

    kind = AnomalyKind.SYSTEM_PERFORMANCE
    description = "A latency, error rate or queue length far from its usual values, suddenly or slowly over hours"
    reads = (Sampled,)
    # Two days of samples every five minutes: before, a day's wave looks like news.
    warmup = 576
    memory = PerformanceMemory
    # A streaming detector takes up to 100 kB.
    max_subjects = 500

    def subjects_of(self, fact: Sampled) -> tuple[str, ...]:
        """See the base class."""
        return (f"{fact.component}.{fact.measure}",)

    def _observe(self, fact: Sampled) -> Sequence[Finding]:
        memory = self._memory_of(fact)
        memory.samples += 1
        return [*self._reading(memory, fact), *self._drift(memory, fact)]

    def _reading(self, memory: PerformanceMemory, fact: Sampled) -> Sequence[Finding]:
        memory.last.append([fact.at.isoformat(), fact.value])
        told = memory.detector.update(Nanos.of(fact.at), fact.value)
        score = SURPRISE_FACTOR * told.surprise
        if score < self.tuning.threshold or not told.is_alarm or memory.samples <= self.tuning.warmup:
            return ()
        usual = f", usual is {told.expected:.6g} for this component" if told.expected is not None else ""
        explanation = (
            f"{fact.component}: {fact.measure} is {fact.value:.6g}{usual} ({told.explanation}): parts that depend on "
            "it may be slow or wrong"
        )
        evidence = {
            "component": fact.component,
            "measure": fact.measure,
            "at": fact.at.isoformat(),
            "surprise": round(told.surprise, 3),
            "samples": [list(sample) for sample in memory.last],
        }
        subject = Subject(component=self.subjects_of(fact)[0])
        return (self._found(subject, fact.at, score, fact.value, told.expected, explanation, evidence),)

    def _drift(self, memory: PerformanceMemory, fact: Sampled) -> Sequence[Finding]:
        """Compare a finished hour with the same hour of earlier days, together with those before it."""
        hour = int(fact.at.timestamp()) // HOUR_SECONDS
        found: Sequence[Finding] = ()
        if hour > memory.hour:
            if memory.hour >= 0 and memory.values:
                found = self._hour(memory, fact)
            memory.hour = hour
            memory.values.clear()
        if fact.value > 0 and hour == memory.hour:
            memory.values.append(math.log(fact.value))
        return found

    def _hour(self, memory: PerformanceMemory, fact: Sampled) -> Sequence[Finding]:
        level = median(memory.values)
        memory.hours.append([float(memory.hour), level])
        levels = {int(at): held for at, held in memory.hours}
        newest = [
            levels[hour] - usual
            for hour in range(memory.hour - DRIFT_HOURS + 1, memory.hour + 1)
            if hour in levels and (usual := _usual(levels, hour)) is not None
        ]
        usual_now = _usual(levels, memory.hour)
        if usual_now is None or len(newest) < DRIFT_HOURS:
            return ()
        drift = median(newest)
        known = sorted(memory.ratios)
        score = 0.0
        if len(known) >= 24 and abs(drift) >= LEAST_DRIFT and memory.samples > self.tuning.warmup:
            wide = max((known[int(0.9 * (len(known) - 1))] - known[int(0.1 * (len(known) - 1))]) / 2.563, DRIFT_FLOOR)
            score = surprise_of(upper_tail(abs(drift) / wide))
        if score < self.tuning.threshold:
            memory.ratios.append(level - usual_now)
            return ()
        day = memory.hour // 24
        if memory.drift_told >= day - 1:
            memory.drift_told = day
            return ()
        memory.drift_told = day
        observed, usual = math.exp(level), math.exp(usual_now)
        explanation = (
            f"{fact.component}: {fact.measure} was {math.exp(drift):.2f} times its usual value for {DRIFT_HOURS} "
            f"hours, {observed:.6g} in the last hour, usual is {usual:.6g} at this time: the component gets slowly "
            "worse"
        )
        evidence = {"component": fact.component, "measure": fact.measure, "at": fact.at.isoformat(), "ratios": newest}
        evidence["samples"] = [
            [datetime.fromtimestamp(at * HOUR_SECONDS, UTC).isoformat(), math.exp(held)] for at, held in memory.hours
        ][-MAX_SAMPLES:]
        subject = Subject(component=self.subjects_of(fact)[0])
        return (self._found(subject, fact.at, score, observed, usual, explanation, evidence),)


def _is_weekend(hour: int) -> bool:
    # 1 January 1970 was a Thursday.
    return (hour // 24 + 3) % 7 >= 5


def _usual(levels: dict[int, float], hour: int) -> float | None:
    """The median of the same hour of earlier days, of weekdays or of weekends; None before enough are known."""
    same = [
        levels[other]
        for day in range(1, KEPT_DAYS + 1)
        if (other := hour - 24 * day) in levels and _is_weekend(other) == _is_weekend(hour)
    ]
    return median(same) if len(same) >= MIN_DAYS else None
