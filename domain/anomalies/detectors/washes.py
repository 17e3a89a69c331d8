"""Detector of wash trades: trades of an owner with itself.

They may be at once or seconds apart, in any number of parts and accounts.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from domain.anomalies.baselines import binomial_upper_tail, surprise_of
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import Executed
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Fills of one account belong together when they are reported so closely, those of several accounts of an owner for
# longer.
SAME_SECONDS, LINKED_SECONDS = 2.0, 60.0
# Prices and quantities that differ by less than these parts are the same; of one account they have to be equal.
PRICE_PART, QUANTITY_PART = 0.003, 0.002
# One side may be cut into so many parts, and so many fills are tried.
MAX_PARTS, MAX_TRIED = 3, 8
WINDOW_FILLS, MAX_PENDING = 30, 60
# What an owner is taken to trade with itself by chance before it is known: one fill in a hundred.
PRIOR_FILLS, PRIOR_MATCHES = 100, 1


@dataclass(slots=True)
class WashMemory(Memory):
    """Fills that may still find their other side, the newest fills' matches, and the matches before those."""

    fills: int = 0
    matches: int = 0
    quiet_until: int = 0
    # Time, signed quantity, price, account, order, execution.
    pending: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_PENDING))
    # By fill: its id and, once it is matched, 1.
    last: deque[list[str | int]] = field(default_factory=lambda: deque(maxlen=WINDOW_FILLS))


@dataclass(frozen=True, slots=True)
class _Fill:
    at: float
    signed: float
    price: float
    account: str
    order: str
    id: str

    def fits(self, other: "_Fill") -> bool:
        """True if two fills could be the two sides of one trade, or parts of one side."""
        apart = abs(self.at - other.at)
        if self.order == other.order:
            return False
        if self.account == other.account:
            return apart <= SAME_SECONDS and self.price == other.price
        return apart <= LINKED_SECONDS and abs(self.price - other.price) <= PRICE_PART * self.price


class WashTrade(Detector[Executed, WashMemory]):
    """Counts fills that have an opposite one of the same owner, or several that add up to it.

    A few coincide by chance, as a market maker's do: the number among the last thirty fills is judged, given the number
    before.
    """

    kind = AnomalyKind.WASH_TRADE
    description = "Fills of one owner on both sides whose quantities add up, at about the same time and price"
    reads = (Executed,)
    warmup = 1
    memory = WashMemory

    def subjects_of(self, fact: Executed) -> tuple[str, ...]:
        """See the base class."""
        return (f"{fact.owner_id}|{fact.symbol}",)

    def _observe(self, fact: Executed) -> Sequence[Finding]:
        memory = self._memory_of(fact)
        if len(memory.last) == WINDOW_FILLS:
            memory.matches += int(memory.last[0][1])
        memory.fills += 1
        memory.last.append([fact.id, 0])
        fill = _Fill(
            fact.at.timestamp(), float(fact.quantity) * fact.side.sign, float(fact.price), fact.account_id,
            fact.order_id, fact.id,
        )  # fmt: skip
        while memory.pending and fill.at - float(memory.pending[0][0]) > LINKED_SECONDS:
            memory.pending.popleft()
        matched = _match(memory, fill)
        if not matched:
            memory.pending.append([fill.at, fill.signed, fill.price, fill.account, fill.order, fill.id])
            return ()
        ids = {one.id for one in matched}
        memory.pending = deque((one for one in memory.pending if one[5] not in ids), maxlen=MAX_PENDING)
        for one in memory.last:
            if one[0] in ids:
                one[1] = 1
        return self._judge(memory, fact, matched)

    def _judge(self, memory: WashMemory, fact: Executed, matched: Sequence[_Fill]) -> Sequence[Finding]:
        before = max(memory.fills - WINDOW_FILLS, 0)
        rate = min((memory.matches + PRIOR_MATCHES) / (before + PRIOR_FILLS), 0.99)
        hits = sum(int(is_matched) for _, is_matched in memory.last)
        score = surprise_of(binomial_upper_tail(hits, len(memory.last), rate))
        is_quiet = memory.fills <= memory.quiet_until or memory.fills < self.tuning.warmup
        if is_quiet or score < self.tuning.threshold:
            return ()
        memory.quiet_until = memory.fills + WINDOW_FILLS
        expected = rate * len(memory.last)
        accounts = len({one.account for one in matched})
        explanation = (
            f"{hits} of the last {len(memory.last)} fills had their other side, in one or several parts, in fills of "
            f"the same owner ({accounts} account{'s' if accounts > 1 else ''} in the newest match), usual is "
            f"{expected:.1f} for this owner: the volume may be artificial"
        )
        evidence = {
            "executionIds": sorted(
                {str(name) for name, is_matched in memory.last if is_matched} | {one.id for one in matched}
            ),
            "accountIds": sorted({one.account for one in matched}),
        }
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, score, hits, expected, explanation, evidence),)


def _match(memory: WashMemory, fill: _Fill) -> tuple[_Fill, ...]:
    """The fills of a wash trade that this fill completes, itself included; nothing when there is none."""
    pending = [_Fill(*one) for one in memory.pending]  # type: ignore[arg-type]  # as they were put there
    others = [one for one in pending if one.signed * fill.signed < 0 and one.fits(fill)][-MAX_TRIED:]
    if not others:
        return ()
    size = abs(fill.signed)
    for number in range(1, MAX_PARTS + 1):
        for parts in combinations(others, number):
            if _equal(sum(abs(one.signed) for one in parts), size, (fill, *parts)):
                return (fill, *parts)
    beside = [one for one in pending if one.signed * fill.signed > 0 and one.order != fill.order][-MAX_TRIED:]
    for other in others:
        for number in range(1, MAX_PARTS):
            for parts in combinations([one for one in beside if one.fits(other)], number):
                if _equal(size + sum(abs(one.signed) for one in parts), abs(other.signed), (fill, other, *parts)):
                    return (fill, other, *parts)
    return ()


def _equal(one: float, other: float, fills: Sequence[_Fill]) -> bool:
    linked = len({fill.account for fill in fills}) > 1
    return abs(one - other) <= (QUANTITY_PART if linked else 1e-9) * other
