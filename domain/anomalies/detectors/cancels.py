"""Orders that are cancelled far more often than the account is used to."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.baselines import Baseline
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import OrderEnded
from domain.anomalies.types import AnomalyKind, Finding, Subject

# The share is that of so many orders that ended; it is looked at every few of them.
WINDOW_ORDERS, LOOK_ORDERS = 50, 10


def stabilised_share(part: int, whole: int) -> float:
    """A share on a scale on which its spread does not depend on it (Freeman & Tukey's arcsine, simple form)."""
    return 2 * math.asin(math.sqrt(part / whole))


@dataclass(slots=True)
class CancelMemory(Memory):
    """The orders that ended last (id, and 1 when cancelled), and the shares of earlier windows."""

    ended: int = 0
    quiet_until: int = 0
    last: deque[list[str | int]] = field(default_factory=lambda: deque(maxlen=WINDOW_ORDERS))
    # The least spread is that of chance in a window.
    shares: Baseline = field(default_factory=lambda: Baseline(1 / math.sqrt(WINDOW_ORDERS)))


class CancelRatio(Detector[OrderEnded, CancelMemory]):
    """Compares the share of cancelled among the last fifty orders that ended with that of earlier fifties."""

    kind = AnomalyKind.CANCEL_RATIO
    description = "A far larger share of an account's orders cancelled than is usual for it"
    reads = (OrderEnded,)
    # Windows of fifty orders.
    warmup = 6
    memory = CancelMemory

    def subjects_of(self, fact: OrderEnded) -> tuple[str, ...]:
        """See the base class."""
        return (fact.account_id,)

    def observe(self, fact: OrderEnded) -> Sequence[Finding]:
        """An order's end."""
        memory = self._memory_of(fact)
        memory.ended += 1
        memory.last.append([fact.id, int(fact.canceled)])
        if len(memory.last) < WINDOW_ORDERS or memory.ended % LOOK_ORDERS:
            return ()
        canceled = sum(int(is_canceled) for _, is_canceled in memory.last)
        share = stabilised_share(canceled, WINDOW_ORDERS)
        known = memory.shares.count
        score = memory.shares.surprise(fact.at, share)
        usual = math.sin(memory.shares.usual(fact.at)[0] / 2) ** 2
        if memory.ended % WINDOW_ORDERS == 0:
            memory.shares.learn(fact.at, share)
        if known < self.tuning.warmup or score < self.tuning.threshold or memory.ended <= memory.quiet_until:
            return ()
        memory.quiet_until = memory.ended + WINDOW_ORDERS
        observed = canceled / WINDOW_ORDERS
        explanation = (
            f"{canceled} of the last {WINDOW_ORDERS} orders were cancelled ({observed:.0%}); usual are {usual:.0%}"
        )
        evidence = {"orderIds": [order for order, is_canceled in memory.last if is_canceled]}
        return (self._found(Subject(fact.account_id), fact.at, score, observed, usual, explanation, evidence),)
