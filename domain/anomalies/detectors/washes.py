"""Trades of an owner with itself."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.baselines import binomial_upper_tail, surprise_of
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import Executed
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Both sides of one trade are reported within this time, at one price, for one quantity.
MATCH_SECONDS = 2.0
WINDOW_FILLS = 30
MAX_PENDING = 100
# What an owner is taken to trade with itself by chance before it is known: one fill in a hundred.
PRIOR_FILLS, PRIOR_MATCHES = 100, 1


@dataclass(slots=True)
class WashMemory(Memory):
    """Fills that may still find their other side, the newest fills' matches, and how many matched before those."""

    fills: int = 0
    matches: int = 0
    quiet_until: int = 0
    # Time, sign of the side, price, quantity, order, execution.
    pending: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_PENDING))
    # The executions of a match, or nothing.
    last: deque[list[str]] = field(default_factory=lambda: deque(maxlen=WINDOW_FILLS))


class WashTrade(Detector[Executed, WashMemory]):
    """Counts fills that have an opposite one of the same owner at the same time, price and quantity.

    Whether it is one account or two does not matter, the orders must be two. A few coincide by chance, as a market
    maker's do: what is judged is how many among the last thirty fills, given how many did before.
    """

    kind = AnomalyKind.WASH_TRADE
    description = "Fills of one owner on both sides at the same time, price and quantity"
    reads = (Executed,)
    warmup = 1
    memory = WashMemory

    def subjects_of(self, fact: Executed) -> tuple[str, ...]:
        """See the base class."""
        return (f"{fact.owner_id}|{fact.symbol}",)

    def observe(self, fact: Executed) -> Sequence[Finding]:
        """A fill."""
        memory = self._memory_of(fact)
        matched = self._match(memory, fact)
        if len(memory.last) == WINDOW_FILLS:
            memory.matches += bool(memory.last[0])
        memory.fills += 1
        memory.last.append(matched)
        if not matched:
            return ()
        before = max(memory.fills - WINDOW_FILLS, 0)
        rate = min((memory.matches + PRIOR_MATCHES) / (before + PRIOR_FILLS), 0.99)
        hits = sum(map(bool, memory.last))
        score = surprise_of(binomial_upper_tail(hits, len(memory.last), rate))
        is_quiet = memory.fills <= memory.quiet_until or memory.fills < self.tuning.warmup
        if is_quiet or score < self.tuning.threshold:
            return ()
        memory.quiet_until = memory.fills + WINDOW_FILLS
        expected = rate * len(memory.last)
        explanation = (
            f"{hits} of the last {len(memory.last)} fills had an opposite fill of the same owner at the same time, "
            f"price and quantity; usual are {expected:.1f}"
        )
        evidence = {"executionIds": sorted({execution for pair in memory.last for execution in pair})}
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, score, hits, expected, explanation, evidence),)

    @staticmethod
    def _match(memory: WashMemory, fact: Executed) -> list[str]:
        """The ids of this fill and its other side, which is taken once; nothing when there is none."""
        now = fact.at.timestamp()
        while memory.pending and now - float(memory.pending[0][0]) > MATCH_SECONDS:
            memory.pending.popleft()
        price, quantity = str(fact.price.normalize()), str(fact.quantity.normalize())
        for index, (_, sign, other_price, other_quantity, order_id, execution_id) in enumerate(memory.pending):
            is_opposite = sign == -fact.side.sign and order_id != fact.order_id
            if is_opposite and (other_price, other_quantity) == (price, quantity):
                del memory.pending[index]
                return [str(execution_id), fact.id]
        memory.pending.append([now, fact.side.sign, price, quantity, fact.order_id, fact.id])
        return []
