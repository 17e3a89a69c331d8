"""How often an account places orders."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.anomalies.baselines import Baseline
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import OrderPlaced
from domain.anomalies.types import AnomalyKind, Finding, Subject

SLOT_SECONDS = 600
# After a longer pause (a weekend) its silence is not learnt: so many slots at most, one day.
MAX_SILENT_SLOTS = 144
MAX_EVIDENCE = 50


def stabilised(count: int) -> float:
    """A count on a scale on which a Poisson count's spread is about one (Anscombe, Biometrika 1948)."""
    return 2 * math.sqrt(count + 3 / 8)


@dataclass(slots=True)
class FrequencyMemory(Memory):
    """The slot that is being counted, its newest orders, and the counts of those before."""

    slot: int = -1
    count: int = 0
    told: float = 0.0
    orders: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_EVIDENCE))
    counts: Baseline = field(default_factory=lambda: Baseline(1.0))


class TradeFrequency(Detector[OrderPlaced, FrequencyMemory]):
    """Counts orders in slots of ten minutes and compares a slot with others of this time of day, while it fills."""

    kind = AnomalyKind.TRADE_FREQUENCY
    description = "Far more orders of an account in ten minutes than is usual at this time of day"
    reads = (OrderPlaced,)
    warmup = 100
    memory = FrequencyMemory

    def subjects_of(self, fact: OrderPlaced) -> tuple[str, ...]:
        """See the base class."""
        return (fact.account_id,)

    def observe(self, fact: OrderPlaced) -> Sequence[Finding]:
        """An order more in its slot."""
        memory = self._memory_of(fact)
        slot = int(fact.at.timestamp()) // SLOT_SECONDS
        if slot != memory.slot:
            self._close(memory, slot)
        memory.count += 1
        memory.orders.append(fact.id)
        if memory.counts.count < self.tuning.warmup:
            return ()
        score = memory.counts.surprise(fact.at, stabilised(memory.count))
        if score < self.tuning.threshold or score < 2 * memory.told:
            return ()
        memory.told = score
        usual = memory.counts.usual(fact.at)[0] ** 2 / 4 - 3 / 8
        explanation = f"{memory.count} orders in ten minutes; usual at this time are {max(usual, 0):.0f}"
        evidence = {"orderIds": list(memory.orders)}
        subject = Subject(account_id=fact.account_id)
        return (self._found(subject, fact.at, score, memory.count, max(usual, 0.0), explanation, evidence),)

    @staticmethod
    def _close(memory: FrequencyMemory, slot: int) -> None:
        """Learn the slot that ended, and the silent ones after it."""
        if memory.slot >= 0:
            memory.counts.learn(_start(memory.slot), stabilised(memory.count))
            silent = range(memory.slot + 1, min(slot, memory.slot + 1 + MAX_SILENT_SLOTS))
            for index in silent:
                memory.counts.learn(_start(index), stabilised(0))
        memory.slot, memory.count, memory.told = slot, 0, 0.0
        memory.orders.clear()


def _start(slot: int) -> datetime:
    return datetime.fromtimestamp(slot * SLOT_SECONDS, UTC)
