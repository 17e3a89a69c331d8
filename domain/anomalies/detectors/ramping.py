"""One account's aggressive orders that carry a price along."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.baselines import Baseline
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import Executed
from domain.anomalies.types import AnomalyKind, Finding, Subject

# A run ends after a pause, with a fill on the other side, and when the price comes back by half of the way.
PAUSE_SECONDS, GIVEN_BACK = 300.0, 0.5
# A run of fewer fills says nothing: one order can fill in several.
MIN_FILLS = 5
# Ways that differ by less than five basis points are alike.
WAY_FLOOR = 0.0005
MAX_EVIDENCE = 50


@dataclass(slots=True)
class RampMemory(Memory):
    """The run that lasts, and how far earlier ones went.

    Ways are parts of the price, divided by the root of the number of fills: so far chance goes in as many steps.
    """

    at: float = 0.0
    sign: int = 0
    first: float = 0.0
    furthest: float = 0.0
    fills: int = 0
    told: float = 0.0
    executions: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_EVIDENCE))
    ways: Baseline = field(default_factory=lambda: Baseline(WAY_FLOOR))


class Ramping(Detector[Executed, RampMemory]):
    """Follows an account's runs of taking fills on one side, and how far the price goes their way meanwhile."""

    kind = AnomalyKind.RAMPING
    description = "A run of aggressive fills of one account that moves the price further than its runs usually do"
    reads = (Executed,)
    warmup = 30
    memory = RampMemory

    def subjects_of(self, fact: Executed) -> tuple[str, ...]:
        """See the base class."""
        return (Subject(fact.account_id, fact.symbol).key,)

    def observe(self, fact: Executed) -> Sequence[Finding]:
        """A fill; passive ones move no price."""
        if not fact.is_taker or fact.price <= 0:
            return ()
        memory = self._memory_of(fact)
        now, price, sign = fact.at.timestamp(), float(fact.price), fact.side.sign
        if self._is_over(memory, now, price, sign):
            if memory.fills > 1:
                memory.ways.learn(fact.at, _way(memory) / math.sqrt(memory.fills))
            memory.sign, memory.first, memory.furthest, memory.fills, memory.told = sign, price, price, 0, 0.0
            memory.executions.clear()
        memory.at = now
        memory.fills += 1
        memory.furthest = max(memory.furthest, price) if sign > 0 else min(memory.furthest, price)
        memory.executions.append(fact.id)
        return self._judge(memory, fact)

    def _judge(self, memory: RampMemory, fact: Executed) -> Sequence[Finding]:
        if memory.fills < MIN_FILLS or memory.ways.count < self.tuning.warmup:
            return ()
        way = _way(memory)
        score = memory.ways.surprise(fact.at, way / math.sqrt(memory.fills))
        if score < self.tuning.threshold or score < 2 * memory.told:
            return ()
        memory.told = score
        usual = memory.ways.usual(fact.at)[0] * math.sqrt(memory.fills)
        direction = "up" if memory.sign > 0 else "down"
        explanation = (
            f"{memory.fills} aggressive fills on one side took the price {direction} by {way:.2%}; usual for so many "
            f"are {usual:.2%}"
        )
        evidence = {"executionIds": list(memory.executions)}
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, score, way, usual, explanation, evidence),)

    @staticmethod
    def _is_over(memory: RampMemory, now: float, price: float, sign: int) -> bool:
        if not memory.fills or sign != memory.sign or now - memory.at > PAUSE_SECONDS:
            return True
        gone = (memory.furthest - memory.first) * sign
        return gone > 0 and (memory.furthest - price) * sign > GIVEN_BACK * gone


def _way(memory: RampMemory) -> float:
    return math.log(memory.furthest / memory.first) * memory.sign
