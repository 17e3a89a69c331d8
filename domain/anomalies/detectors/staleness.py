"""Prices that stop to come."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.anomalies.baselines import Baseline
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import MarketChecked, Quoted
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Of each minute with prices the longest pause is learnt: a busy symbol's many short ones say nothing.
LEARN_SECONDS = 60
# Pauses that differ by less than a quarter are alike, and none below a second is worth a word.
PAUSE_FLOOR, LEAST_PAUSE_SECONDS = 0.25, 1.0


@dataclass(slots=True)
class StaleMemory(Memory):
    """When the last price came, the longest pause of this minute, and the logarithms of those of earlier minutes."""

    last: float = 0.0
    minute: int = -1
    longest: float = 0.0
    is_told: bool = False
    pauses: Baseline = field(default_factory=lambda: Baseline(PAUSE_FLOOR))


class StaleMarketData(Detector[Quoted | MarketChecked, StaleMemory]):
    """Compares a symbol's silence with its usual pauses at this time of day, while its market is open."""

    kind = AnomalyKind.STALE_MARKET_DATA
    description = "No price of an open market for far longer than is usual for the symbol"
    reads = (Quoted, MarketChecked)
    # Minutes with prices.
    warmup = 60
    memory = StaleMemory

    def subjects_of(self, fact: Quoted | MarketChecked) -> tuple[str, ...]:
        """See the base class."""
        return (fact.symbol,)

    def observe(self, fact: Quoted | MarketChecked) -> Sequence[Finding]:
        """A price came, or it is time to look whether one should have."""
        memory = self._memory_of(fact)
        if isinstance(fact, MarketChecked):
            return self._check(memory, fact)
        now = fact.at.timestamp()
        if now <= memory.last:
            return ()
        if memory.last:
            memory.longest = max(memory.longest, now - memory.last)
        minute = int(now) // LEARN_SECONDS
        if minute != memory.minute:
            if memory.longest:
                memory.pauses.learn(datetime.fromtimestamp(now, UTC), _scaled(memory.longest))
            memory.minute, memory.longest = minute, 0.0
        memory.last, memory.is_told = now, False
        return ()

    def _check(self, memory: StaleMemory, fact: MarketChecked) -> Sequence[Finding]:
        if not fact.is_open:
            # The pause until the market opens again is none of the symbol's.
            memory.last, memory.longest, memory.is_told = 0.0, 0.0, False
            return ()
        if not memory.last or memory.is_told or memory.pauses.count < self.tuning.warmup:
            return ()
        pause = fact.at.timestamp() - memory.last
        score = memory.pauses.surprise(fact.at, _scaled(pause))
        if score < self.tuning.threshold:
            return ()
        memory.is_told = True
        usual = math.exp(memory.pauses.usual(fact.at)[0])
        explanation = f"no price for {pause:.0f} s; the longest pauses of a minute are usually {usual:.1f} s"
        evidence = {"lastPriceAt": datetime.fromtimestamp(memory.last, UTC).isoformat()}
        return (self._found(Subject(symbol=fact.symbol), fact.at, score, pause, usual, explanation, evidence),)


def _scaled(pause: float) -> float:
    return math.log(max(pause, LEAST_PAUSE_SECONDS))
