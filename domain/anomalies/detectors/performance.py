"""Measures of the platform's components that leave their usual course."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import Sampled
from domain.anomalies.streaming.detector import STATE_VERSION, StreamDetector
from domain.anomalies.types import AnomalyKind, Finding, Subject
from domain.kernel.time import Nanos

# A streaming surprise is a mean of many, so large ones are rarer than they say: in usual series (noise, waves, counts,
# bursts) one reading in two hundred is at 1.4, one in twenty thousand at 2.0, and none of 22,000 at 2.2.
SURPRISE_FACTOR = 5 / 2.2


@dataclass(slots=True)
class PerformanceMemory(Memory):
    """The streaming detector of one measure, and how many samples it has seen."""

    detector: StreamDetector = field(default_factory=StreamDetector)
    samples: int = 0

    def state(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {"detector": self.detector.state(), "samples": self.samples}

    @classmethod
    def from_state(cls, state: Any) -> Self:
        """The memory that ``state`` was taken of; an empty one where it is of another version of the detector."""
        if state["detector"].get("version") != STATE_VERSION:
            return cls()
        return cls(StreamDetector.from_state(state["detector"]), state["samples"])


class SystemPerformance(Detector[Sampled, PerformanceMemory]):
    """Gives every measure of every component a streaming detector of its own."""

    kind = AnomalyKind.SYSTEM_PERFORMANCE
    description = "A component's latency, error rate or queue that leaves its usual course"
    reads = (Sampled,)
    # Two days of samples every five minutes: before, a day's wave looks like news.
    warmup = 576
    memory = PerformanceMemory
    # A streaming detector takes up to 100 kB.
    max_subjects = 500

    def subjects_of(self, fact: Sampled) -> tuple[str, ...]:
        """See the base class."""
        return (f"{fact.component}.{fact.measure}",)

    def observe(self, fact: Sampled) -> Sequence[Finding]:
        """A sample."""
        memory = self._memory_of(fact)
        memory.samples += 1
        told = memory.detector.update(Nanos.of(fact.at), fact.value)
        score = SURPRISE_FACTOR * told.surprise
        if score < self.tuning.threshold or not told.is_alarm or memory.samples <= self.tuning.warmup:
            return ()
        explanation = f"{fact.component}: {fact.measure} is {fact.value:.6g}; {told.explanation}"
        evidence = {
            "component": fact.component,
            "measure": fact.measure,
            "at": fact.at.isoformat(),
            "surprise": round(told.surprise, 3),
        }
        subject = Subject(component=self.subjects_of(fact)[0])
        return (self._found(subject, fact.at, score, fact.value, told.expected, explanation, evidence),)
