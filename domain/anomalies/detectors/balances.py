"""Detector of unusual cash movements: jumps, withdrawals of nearly all money, and books that fail their proof."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.baselines import MAX_SURPRISE
from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.facts import BooksProved, MoneyMoved
from domain.anomalies.habits import Habit, Peers, Scale
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Of a day's largest movement, by its amount and by its part of the balance before, on a logarithmic scale; and the
# spread of peers before any is known. Less than a tenth of the balance is nothing to speak of, unless it is many times
# as much as ever.
LEAST_PART, FAR_BEYOND = 0.1, math.log(8)
AMOUNT_SCALE, PART_SCALE, PRIOR = (
    Scale(-math.inf, 0.3, math.log(1.5)),
    Scale(math.log(LEAST_PART), 0.4, math.log(2)),
    0.6,
)
# A withdrawal of this part of the balance leaves next to nothing. How often accounts do so is taken for this before it
# is
# known: half of one in twenty withdrawals.
NEARLY_ALL, PRIOR_EMPTIED, PRIOR_WITHDRAWALS = 0.9, 0.5, 20
FLIGHT_SURPRISE = 3.5
# Withdrawals of so many seconds are one, in however many parts.
GONE_SECONDS, MAX_GONE = 86_400.0, 50


@dataclass(slots=True)
class BalanceMemory(Memory):
    """Logarithms of amounts and of their parts of the balance, and the result of the last proof.

    For the memory of all accounts: how peers are, and how many withdrawals took nearly everything.
    """

    movements: int = 0
    amounts: Habit = field(default_factory=Habit)
    parts: Habit = field(default_factory=Habit)
    amount_peers: Peers = field(default_factory=lambda: Peers(PRIOR))
    part_peers: Peers = field(default_factory=lambda: Peers(PRIOR))
    withdrawals: int = 0
    emptied: int = 0
    # Withdrawals of the last day: time, amount, balance before, transaction.
    gone: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_GONE))
    is_unproved: bool = False


class AccountBalance(Detector[MoneyMoved | BooksProved, BalanceMemory]):
    """Compares cash movements with the account's largest ones; books that fail their proof are always found."""

    kind = AnomalyKind.ACCOUNT_BALANCE
    description = (
        "A movement far above the account's usual amounts, a withdrawal of nearly all money, or books that fail their "
        "proof"
    )
    reads = (MoneyMoved, BooksProved)
    # Movements of all accounts.
    warmup = 8
    memory = BalanceMemory

    def subjects_of(self, fact: MoneyMoved | BooksProved) -> tuple[str, ...]:
        """See the base class."""
        return (fact.account_id, ALL)

    def _observe(self, fact: MoneyMoved | BooksProved) -> Sequence[Finding]:
        memory, everybody = (self._subjects[key] for key in self.subjects_of(fact))
        return self._moved(memory, everybody, fact) if isinstance(fact, MoneyMoved) else self._proved(memory, fact)

    def _moved(self, memory: BalanceMemory, everybody: BalanceMemory, fact: MoneyMoved) -> Sequence[Finding]:
        amount, after = float(fact.amount), float(fact.balance_after)
        before = after - amount
        if not amount:
            return ()
        now = fact.at.timestamp()
        is_first = not memory.movements and amount > 0
        memory.movements += 1
        everybody.movements += 1
        if is_first and before <= 0:
            return ()
        while memory.gone and now - float(memory.gone[0][0]) > GONE_SECONDS:
            memory.gone.popleft()
        if amount < 0:
            memory.gone.append([now, -amount, before, fact.id])
        score, usual = self._score(memory, everybody, amount, before, now)
        if is_first:
            # The first money of an account is what it begins with: nothing to compare later ones with.
            memory.amounts, memory.parts = Habit(), Habit()
        part = _gone(memory) if amount < 0 else 0.0
        if amount < 0:
            for one in (memory, everybody):
                one.withdrawals += 1
                one.emptied += part >= NEARLY_ALL and score < self.tuning.threshold
        if max(memory.movements, everybody.movements) <= self.tuning.warmup or score < self.tuning.threshold:
            return ()
        usually = (
            f"{abs(amount) / usual:.1f} times the usual largest amount of this account in a day, {usual:.8g}"
            if memory.amounts.known()
            else "the account has no earlier movement to compare with"
        )
        parts = f" in {len(memory.gone)} parts" if len(memory.gone) > 1 else ""
        flight = f", {part:.0%} of the balance withdrawn within a day{parts}" if part >= NEARLY_ALL else ""
        explanation = (
            f"the account moved {fact.amount:+f}{flight}, {usually}; the balance is now {fact.balance_after:f}: money "
            "may be leaving or passing through"
        )
        subject = Subject(fact.account_id)
        named = [str(name) for *_, name in memory.gone] if flight else []
        evidence = {"transactionIds": list(dict.fromkeys([*named, fact.id]))}
        return (self._found(subject, fact.at, score, amount, usual, explanation, evidence),)

    def _score(
        self, memory: BalanceMemory, everybody: BalanceMemory, amount: float, before: float, now: float
    ) -> tuple[float, float]:
        """The surprise of a movement, and the usual amount.

        It is judged by amount, by part of the balance where there is one, and as a withdrawal of nearly all.
        """
        tell_from, size = self.tuning.threshold, abs(amount)
        known = memory.amounts.known()
        by_amount, middle = memory.amounts.look(now, math.log(size), everybody.amount_peers, AMOUNT_SCALE, tell_from)
        if before <= 0:
            return by_amount, math.exp(middle)
        part = size / before
        by_part, _ = memory.parts.look(now, math.log(part), everybody.part_peers, PART_SCALE, tell_from)
        if not known or (part < LEAST_PART and math.log(size) < max(known) + FAR_BEYOND):
            by_amount = 0.0
        if part < LEAST_PART:
            return by_amount, math.exp(middle)
        flight = 0.0
        if amount < 0 and _gone(memory) >= NEARLY_ALL and not memory.emptied:
            rate = (everybody.emptied + PRIOR_EMPTIED) / (everybody.withdrawals + PRIOR_WITHDRAWALS)
            flight = FLIGHT_SURPRISE - math.log10(rate)
        return max(by_amount, by_part, flight), math.exp(middle)

    def _proved(self, memory: BalanceMemory, fact: BooksProved) -> Sequence[Finding]:
        was_unproved, memory.is_unproved = memory.is_unproved, bool(fact.differences)
        if not fact.differences or was_unproved:
            return ()
        count = len(fact.differences)
        places = "place" if count == 1 else "places"
        explanation = (
            f"the books differ in {count} {places} from the sums of executions and transactions, usual is no "
            f"difference ({'; '.join(fact.differences)}): the figures of the account are not reliable"
        )
        evidence = {"differences": list(fact.differences)}
        return (self._found(Subject(fact.account_id), fact.at, MAX_SURPRISE, count, 0.0, explanation, evidence),)


def _gone(memory: BalanceMemory) -> float:
    """The part of the balance that was withdrawn within a day."""
    most = max((float(before) for _, _, before, _ in memory.gone), default=0.0)
    return sum(float(amount) for _, amount, _, _ in memory.gone) / most if most > 0 else 0.0
