"""Money of an account that jumps, and books that do not prove."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.baselines import MAX_SURPRISE, Baseline
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import BooksProved, MoneyMoved
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Amounts that differ by less than a fifth are alike.
AMOUNT_FLOOR = 0.2


@dataclass(slots=True)
class BalanceMemory(Memory):
    """Natural logarithms of the amounts that came and went, and whether the books failed to prove last time."""

    amounts: Baseline = field(default_factory=lambda: Baseline(AMOUNT_FLOOR))
    is_unproved: bool = False


class AccountBalance(Detector[MoneyMoved | BooksProved, BalanceMemory]):
    """Compares what comes and goes with what usually does; books that do not prove are found at any sensitivity."""

    kind = AnomalyKind.ACCOUNT_BALANCE
    description = "Money moved far beyond the account's usual amounts, or books that do not prove"
    reads = (MoneyMoved, BooksProved)
    # Money moves seldom.
    warmup = 8
    memory = BalanceMemory

    def subjects_of(self, fact: MoneyMoved | BooksProved) -> tuple[str, ...]:
        """See the base class."""
        return (fact.account_id,)

    def observe(self, fact: MoneyMoved | BooksProved) -> Sequence[Finding]:
        """A movement of money, or a proof of the books."""
        memory = self._memory_of(fact)
        return self._moved(memory, fact) if isinstance(fact, MoneyMoved) else self._proved(memory, fact)

    def _moved(self, memory: BalanceMemory, fact: MoneyMoved) -> Sequence[Finding]:
        amount = abs(float(fact.amount))
        if not amount:
            return ()
        size = math.log(amount)
        score = memory.amounts.surprise(fact.at, size) if memory.amounts.count >= self.tuning.warmup else 0.0
        usual = math.exp(memory.amounts.usual(fact.at)[0])
        memory.amounts.learn(fact.at, size)
        if score < self.tuning.threshold:
            return ()
        explanation = (
            f"{fact.amount:+f} moved, {amount / usual:.1f} times the usual amount of {usual:.8g}; the balance is "
            f"{fact.balance_after:f} now"
        )
        evidence = {"transactionIds": [fact.id]}
        subject = Subject(fact.account_id)
        return (self._found(subject, fact.at, score, float(fact.amount), usual, explanation, evidence),)

    def _proved(self, memory: BalanceMemory, fact: BooksProved) -> Sequence[Finding]:
        was_unproved, memory.is_unproved = memory.is_unproved, bool(fact.differences)
        if not fact.differences or was_unproved:
            return ()
        count = len(fact.differences)
        explanation = f"the books do not prove: {'; '.join(fact.differences)}"
        evidence = {"differences": list(fact.differences)}
        return (self._found(Subject(fact.account_id), fact.at, MAX_SURPRISE, count, 0.0, explanation, evidence),)
