"""Detector of an account that repeatedly buys just before others' large buys."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from domain.anomalies.baselines import binomial_upper_tail, surprise_of
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import Executed, OrderPlaced
from domain.anomalies.types import AnomalyKind, Finding, Subject

# A fill of the same side so long before a large order comes before it.
BEFORE_SECONDS = 60.0
# An order is large from so many times the symbol's usual one on, of which so many are known.
LARGE_FACTOR, USUAL_ORDERS, MIN_USUAL = 4.0, 200, 50
WINDOW_ORDERS, MIN_HITS, LEAST_RATE = 12, 4, 0.03
# Large orders of a client that follow each other so closely are parts of one.
PARENT_SECONDS = 300.0
MAX_FILLS, MAX_PAIRS, MAX_ACCOUNTS = 100, 200, 200
# How often an account happens to have traded on that side in the minute before any order, before it is known.
PRIOR_HITS, PRIOR_TRIALS = 0.5, 40.0


@dataclass(slots=True)
class FrontMemory(Memory):
    """Of a symbol: usual sizes, last fills, and how often accounts trade before any order and before large ones."""

    notionals: deque[float] = field(default_factory=lambda: deque(maxlen=USUAL_ORDERS))
    # Time, account, owner, sign, execution.
    fills: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_FILLS))
    # By account: orders of others that it happened to be before; of so many in the symbol.
    happened: dict[str, float] = field(default_factory=dict)
    trials: float = 0.0
    # By account and client: numbers of the client's last large orders that it was before; and what was told.
    pairs: dict[str, list[float]] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    evidence: dict[str, list[list[str]]] = field(default_factory=dict)
    # By client: large orders, and when the last one came.
    large: dict[str, list[float]] = field(default_factory=dict)


class FrontRunning(Detector[OrderPlaced | Executed, FrontMemory]):
    """Counts trades just before another owner's large orders, given how often they come before any order."""

    kind = AnomalyKind.FRONT_RUNNING
    description = (
        "An account that trades just before large orders of another account, on the same side, more often than by "
        "chance"
    )
    reads = (OrderPlaced, Executed)
    # Orders in the symbol.
    warmup = 100
    memory = FrontMemory
    max_subjects = 1_000

    def subjects_of(self, fact: OrderPlaced | Executed) -> tuple[str, ...]:
        """See the base class."""
        return (Subject(symbol=fact.symbol).key,)

    def _observe(self, fact: OrderPlaced | Executed) -> Sequence[Finding]:
        memory = self._memory_of(fact)
        now, owner = fact.at.timestamp(), self._owner_of(fact)
        while memory.fills and now - float(memory.fills[0][0]) > BEFORE_SECONDS:
            memory.fills.popleft()
        if isinstance(fact, Executed):
            if not fact.is_taker:
                return ()
            memory.fills.append([now, fact.account_id, owner, float(fact.side.sign), fact.id])
            return ()
        notional = float(fact.notional)
        usual = median(memory.notionals) if len(memory.notionals) >= MIN_USUAL else 0.0
        memory.notionals.append(notional)
        before = {
            str(account): str(name)
            for _, account, other, sign, name in memory.fills
            if other != owner and float(sign) == fact.side.sign
        }
        if not usual or notional < LARGE_FACTOR * usual:
            memory.trials += 1
            for account in before:
                memory.happened[account] = memory.happened.get(account, 0.0) + 1
            _forget(memory.happened, MAX_ACCOUNTS)
            return ()
        large = memory.large.setdefault(fact.account_id, [0.0, -PARENT_SECONDS])
        is_part, large[1] = now - large[1] < PARENT_SECONDS, now
        _forget(memory.large, MAX_ACCOUNTS)
        if is_part or memory.trials < self.tuning.warmup:
            return ()
        large[0] += 1
        return [found for account, name in before.items() for found in self._hit(memory, fact, account, name)]

    def _hit(self, memory: FrontMemory, fact: OrderPlaced, account: str, execution: str) -> Sequence[Finding]:
        key = f"{account}|{fact.account_id}"
        number = memory.large[fact.account_id][0]
        pair = memory.pairs.setdefault(key, [])
        pair.append(number)
        while pair[0] <= number - WINDOW_ORDERS:
            pair.pop(0)
        named = memory.evidence.setdefault(key, [])
        named.append([execution, fact.id])
        _forget(memory.pairs, MAX_PAIRS)
        _forget(memory.evidence, MAX_PAIRS)
        del named[: -len(pair)]
        rate = (memory.happened.get(account, 0.0) + PRIOR_HITS) / (memory.trials + PRIOR_TRIALS)
        if len(pair) < MIN_HITS:
            return ()
        hits, trials, score = _most_surprising(pair, number, min(max(rate, LEAST_RATE), 0.99))
        if score < self.tuning.threshold or score < 2 * memory.told.get(key, 0.0):
            return ()
        memory.told[key] = score
        _forget(memory.told, MAX_PAIRS)
        explanation = (
            f"in {hits} of the last {trials} cases the account traded on the same side within {BEFORE_SECONDS:.0f} s "
            f"before a large order of one other account, usual is {rate:.1%} before other orders: the account may know "
            "these orders in advance"
        )
        evidence = {
            "executionIds": [name for name, _ in named[-hits:]],
            "orderIds": [name for _, name in named[-hits:]],
            "accountIds": [account, fact.account_id],
        }
        subject = Subject(account, fact.symbol)
        return (self._found(subject, fact.at, score, hits, rate * trials, explanation, evidence),)


def _most_surprising(pair: Sequence[float], number: float, rate: float) -> tuple[int, int, float]:
    """Hits, orders and surprise of the last orders, as many of them as are most surprising.

    Whoever begins to run ahead of a client has a past of not doing so. That the best of several stretches is taken
    makes it less surprising.
    """
    stretches = [(hits, int(number - pair[-hits]) + 1) for hits in range(MIN_HITS, len(pair) + 1)]
    found = [(surprise_of(binomial_upper_tail(hits, trials, rate)), hits, trials) for hits, trials in stretches]
    score, hits, trials = max(found)
    return hits, trials, max(score - math.log10(WINDOW_ORDERS - MIN_HITS + 1), 0.0)


def _forget(held: dict[str, Any], limit: int) -> None:
    while len(held) > limit:
        del held[next(iter(held))]
