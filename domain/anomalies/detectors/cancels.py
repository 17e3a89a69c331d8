"""Detector of orders that are cancelled far more often than is usual for the account."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.facts import OrderEnded
from domain.anomalies.habits import Habit, Peers, Scale
from domain.anomalies.types import AnomalyKind, Finding, Subject

# The share is that of so many orders that ended; it is looked at every few of them.
WINDOW_ORDERS, LOOK_ORDERS = 50, 10


def stabilised_share(part: int, whole: int) -> float:
    """A share on a scale on which its spread does not depend on it (Freeman & Tukey's arcsine, simple form)."""
    return 2 * math.asin(math.sqrt(part / whole))


# The least spread is that of chance in a window; less than half is nothing to speak of.
SCALE, PRIOR = Scale(stabilised_share(1, 2), 1 / math.sqrt(WINDOW_ORDERS), 0.1), 0.2


@dataclass(slots=True)
class CancelMemory(Memory):
    """The newest ended orders (id, and 1 when cancelled), and the largest shares of days; for all: how peers are."""

    ended: int = 0
    quiet_until: int = 0
    last: deque[list[str | int]] = field(default_factory=lambda: deque(maxlen=WINDOW_ORDERS))
    shares: Habit = field(default_factory=Habit)
    peers: Peers = field(default_factory=lambda: Peers(PRIOR))


class CancelRatio(Detector[OrderEnded, CancelMemory]):
    """Compares the share of cancelled among the last fifty orders that ended with the largest shares of days."""

    kind = AnomalyKind.CANCEL_RATIO
    description = "A far larger share of cancelled orders than is usual for the account"
    reads = (OrderEnded,)
    # Orders that ended.
    warmup = 300
    memory = CancelMemory

    def subjects_of(self, fact: OrderEnded) -> tuple[str, ...]:
        """See the base class."""
        return (fact.account_id, ALL)

    def _observe(self, fact: OrderEnded) -> Sequence[Finding]:
        memory, everybody = (self._subjects[key] for key in self.subjects_of(fact))
        now, peers = fact.at.timestamp(), everybody.peers
        memory.ended += 1
        everybody.ended += 1
        memory.last.append([fact.id, int(fact.canceled)])
        memory.shares.turn(now, peers)
        if len(memory.last) < WINDOW_ORDERS or memory.ended % LOOK_ORDERS:
            return ()
        canceled = sum(int(is_canceled) for _, is_canceled in memory.last)
        share = stabilised_share(canceled, WINDOW_ORDERS)
        score, middle = memory.shares.look(now, share, peers, SCALE, self.tuning.threshold, self._days_of(fact))
        usual, days = math.sin(middle / 2) ** 2, len(memory.shares.tops)
        if (
            everybody.ended <= self.tuning.warmup
            or not days
            or score < self.tuning.threshold
            or memory.ended <= memory.quiet_until
        ):
            return ()
        memory.quiet_until = memory.ended + WINDOW_ORDERS
        observed = canceled / WINDOW_ORDERS
        explanation = (
            f"{canceled} of the last {WINDOW_ORDERS} orders were cancelled ({observed:.0%}), usual is at most "
            f"{usual:.0%} on a day of this account ({days} days known): the orders may not be meant to trade"
        )
        evidence = {"orderIds": [order for order, is_canceled in memory.last if is_canceled]}
        return (self._found(Subject(fact.account_id), fact.at, score, observed, usual, explanation, evidence),)
