"""Detector of structuring: money moved in parts that each stay just below an amount that draws attention."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.facts import MoneyMoved
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Movements of one direction within a day belong together.
WINDOW_SECONDS, MAX_MOVEMENTS = 86_400.0, 200
# Amounts that draw attention: 1, 2 and 5 times a power of ten, from a thousand on. Just below is at most a tenth less.
ROUND_DIGITS, LEAST_ROUND, JUST_BELOW = (1.0, 2.0, 5.0), 1_000.0, 0.9
MIN_PARTS = 4
# How often a movement is just below such an amount, before it is known.
PRIOR_HITS, PRIOR_TRIALS = 2.0, 20.0


def threshold_above(amount: float) -> float | None:
    """The round amount that this one is just below; None if there is none."""
    if amount < JUST_BELOW * LEAST_ROUND:
        return None
    power = 10.0 ** math.floor(math.log10(amount))
    for digit in (*ROUND_DIGITS, 10.0):
        if JUST_BELOW * digit * power <= amount < digit * power:
            return digit * power
    return None


@dataclass(slots=True)
class StructuringMemory(Memory):
    """The last day's movements (time, signed amount, id), and how many were just below a round amount."""

    last: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_MOVEMENTS))
    hits: float = 0.0
    trials: float = 0.0
    told_parts: int = 0
    told_at: float = 0.0


class Structuring(Detector[MoneyMoved, StructuringMemory]):
    """Counts a day's movements of one direction just below the same round amount, given the usual number of them."""

    kind = AnomalyKind.STRUCTURING
    description = "Several movements of money within a day, each just below the same round amount"
    reads = (MoneyMoved,)
    warmup = 1
    memory = StructuringMemory

    def subjects_of(self, fact: MoneyMoved) -> tuple[str, ...]:
        """See the base class."""
        return (fact.account_id, ALL)

    def _observe(self, fact: MoneyMoved) -> Sequence[Finding]:
        memory, everybody = (self._subjects[key] for key in self.subjects_of(fact))
        now, amount = fact.at.timestamp(), float(fact.amount)
        limit = threshold_above(abs(amount))
        # What belongs to one finding counts once for what is usual.
        if limit is None or now - memory.told_at > WINDOW_SECONDS:
            for one in (memory, everybody):
                one.trials += 1
                one.hits += limit is not None
        memory.last.append([now, amount, fact.id])
        while memory.last and now - float(memory.last[0][0]) > WINDOW_SECONDS:
            memory.last.popleft()
        if limit is None or everybody.trials < self.tuning.warmup:
            return ()
        parts = [
            (float(moved), str(name))
            for _, moved, name in memory.last
            if float(moved) * amount > 0 and threshold_above(abs(float(moved))) == limit
        ]
        number = len(parts)
        if number < MIN_PARTS:
            return ()
        before_hits, before_trials = memory.hits - number, memory.trials - number
        rate = (max(before_hits, 0.0) + PRIOR_HITS) / (max(before_trials, 0.0) + PRIOR_TRIALS)
        # One in three of those that are just below a round amount is below the same one.
        score = -(number - 1) * math.log10(min(rate / 3, 0.3)) if rate < 0.9 else 0.0
        if now - memory.told_at > WINDOW_SECONDS:
            memory.told_parts = 0
        if score < self.tuning.threshold or number < 2 * memory.told_parts:
            return ()
        memory.told_parts, memory.told_at = number, now
        total = sum(abs(moved) for moved, _ in parts)
        direction = "withdrawals" if amount < 0 else "deposits"
        explanation = (
            f"{number} {direction} within a day were each just below {limit:.0f}, {total:.8g} in total, usual is "
            f"{rate:.0%} of the other movements of this account: the movements may avoid a reporting limit"
        )
        evidence = {"transactionIds": [name for _, name in parts], "threshold": limit, "total": round(total, 2)}
        subject = Subject(fact.account_id)
        return (self._found(subject, fact.at, score, number, rate * number, explanation, evidence),)
