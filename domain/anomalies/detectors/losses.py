"""Losses that come too many in a row, or too large together."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from domain.anomalies.baselines import Baseline
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import Executed
from domain.anomalies.types import AnomalyKind, Finding, Subject

# The drain is the loss of so many closing trades together.
DRAIN_TRADES = 20
UNIT_TRADES = 200
# What an account that has not traded yet is taken to lose: ten trades, half of them.
PRIOR_TRADES, PRIOR_LOSSES = 10, 5
# Nobody loses so often that a streak says nothing at all.
MAX_LOSS_RATE = 0.9


@dataclass(slots=True)
class LossMemory(Memory):
    """The streak that lasts, how often trades lost before it, and what they made."""

    trades: int = 0
    losses: int = 0
    streak: int = 0
    streak_ids: deque[str] = field(default_factory=lambda: deque(maxlen=DRAIN_TRADES))
    streak_told: float = 0.0
    drain_told: float = 0.0
    results: deque[float] = field(default_factory=lambda: deque(maxlen=UNIT_TRADES))
    last: deque[str] = field(default_factory=lambda: deque(maxlen=DRAIN_TRADES))
    # The least spread is about that of so many results by chance.
    drains: Baseline = field(default_factory=lambda: Baseline(math.sqrt(DRAIN_TRADES)))


class LossPattern(Detector[Executed, LossMemory]):
    """Tells streaks of losses that chance does not explain, and losses that grow beyond what the account is used to."""

    kind = AnomalyKind.LOSS_PATTERN
    description = "More losing trades in a row than chance explains, or losses that grow"
    reads = (Executed,)
    warmup = 60
    memory = LossMemory

    def subjects_of(self, fact: Executed) -> tuple[str, ...]:
        """See the base class."""
        return (fact.account_id,)

    def observe(self, fact: Executed) -> Sequence[Finding]:
        """A fill; those that close nothing say nothing."""
        if fact.realized_pnl is None:
            return ()
        memory = self._memory_of(fact)
        result = float(fact.realized_pnl)
        memory.results.append(result)
        memory.last.append(fact.id)
        memory.trades += 1
        found = [*self._streak(memory, fact, result), *self._drain(memory, fact)]
        return found if memory.trades > self.tuning.warmup else ()

    def _streak(self, memory: LossMemory, fact: Executed, result: float) -> Sequence[Finding]:
        if result >= 0:
            memory.losses += memory.streak
            memory.streak, memory.streak_told = 0, 0.0
            memory.streak_ids.clear()
            return ()
        memory.streak += 1
        memory.streak_ids.append(fact.id)
        length = memory.streak
        before = memory.trades - length
        rate = min((memory.losses + PRIOR_LOSSES) / (before + PRIOR_TRADES), MAX_LOSS_RATE)
        score = -length * math.log10(rate)
        if score < self.tuning.threshold or score < 2 * memory.streak_told:
            return ()
        memory.streak_told = score
        longest = max(1.0, math.log(max(before, 2)) / -math.log(rate))
        explanation = (
            f"{length} losing trades in a row; {rate:.0%} of this account's trades lost before, so that about "
            f"{longest:.0f} in a row are usual"
        )
        evidence = {"executionIds": list(memory.streak_ids)}
        return (self._found(Subject(fact.account_id), fact.at, score, length, longest, explanation, evidence),)

    def _drain(self, memory: LossMemory, fact: Executed) -> Sequence[Finding]:
        """Losses are counted in the account's own unit, its usual trade's result: money of any size compares."""
        if memory.trades < DRAIN_TRADES:
            return ()
        unit = median(abs(result) for result in memory.results) or 1.0
        loss = -sum(list(memory.results)[-DRAIN_TRADES:])
        drain = loss / unit
        score = memory.drains.surprise(fact.at, drain)
        usual = memory.drains.usual(fact.at)[0]
        known = memory.drains.count
        if memory.trades % DRAIN_TRADES == 0:
            memory.drains.learn(fact.at, drain)
            memory.drain_told /= 2
        # Sums of twenty come once in twenty trades: a tenth of the warm-up is enough of them.
        if (
            known < self.tuning.warmup / 10
            or loss <= 0
            or score < self.tuning.threshold
            or score < 2 * memory.drain_told
        ):
            return ()
        memory.drain_told = score
        explanation = (
            f"the last {DRAIN_TRADES} closing trades lost {loss:.8g} together, {drain:.1f} times a usual "
            f"trade's result; usual are {usual:.1f} times"
        )
        evidence = {"executionIds": list(memory.last)}
        return (self._found(Subject(fact.account_id), fact.at, score, loss, usual * unit, explanation, evidence),)
