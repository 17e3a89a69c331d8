"""Detectors of unusually many orders and messages."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.facts import OrderChanged, OrderEnded, OrderPlaced
from domain.anomalies.habits import Habit, Peers, Scale
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Counts are those of so many slots of so many seconds: ten minutes, and one.
ORDER_SLOTS, ORDER_SLOT_SECONDS = 10, 60
MESSAGE_SLOTS, MESSAGE_SLOT_SECONDS = 6, 10
# Fewer are nothing to speak of.
MIN_ORDERS, MIN_MESSAGES = 15, 100
# On a logarithmic scale, and the spread of peers before any is known.
ORDER_SCALE = Scale(math.log(MIN_ORDERS), 0.15, math.log(1.5))
MESSAGE_SCALE = Scale(math.log(MIN_MESSAGES), 0.15, math.log(1.5))
PRIOR = 0.22
MAX_EVIDENCE = 200
# What comes so long after a finding is another incident.
INCIDENT_SECONDS = 3_600.0


@dataclass(slots=True)
class CountMemory(Memory):
    """Counts of the last slots, the newest orders, and today's findings; for all: how peers are."""

    slots: deque[list[int]] = field(default_factory=lambda: deque(maxlen=max(ORDER_SLOTS, MESSAGE_SLOTS)))
    told: float = 0.0
    told_at: float = 0.0
    # Slot and order.
    ids: deque[list[int | str]] = field(default_factory=lambda: deque(maxlen=MAX_EVIDENCE))
    habit: Habit = field(default_factory=Habit)
    peers: Peers = field(default_factory=lambda: Peers(PRIOR))

    def count(self, now: float, name: str, seconds: int, slots: int) -> int:
        """Count one more, and return the number in the last slots."""
        slot = int(now // seconds)
        if not self.slots or slot > self.slots[-1][0]:
            self.slots.append([slot, 0])
        self.slots[-1][1] += 1
        while self.slots[0][0] <= self.slots[-1][0] - slots:
            self.slots.popleft()
        while self.ids and int(self.ids[0][0]) < self.slots[0][0]:
            self.ids.popleft()
        if not self.ids or self.ids[-1][1] != name:
            self.ids.append([slot, name])
        return sum(count for _, count in self.slots)


class _Counting(Detector[OrderPlaced | OrderChanged | OrderEnded, CountMemory]):
    """Compares counts in a window with the busiest windows of the account's days."""

    memory = CountMemory
    warmup = 100
    slots: int
    slot_seconds: int
    scale: Scale
    what: str

    def subjects_of(self, fact: OrderPlaced | OrderChanged | OrderEnded) -> tuple[str, ...]:
        """See the base class."""
        return (fact.account_id, ALL)

    def _observe(self, fact: OrderPlaced | OrderChanged | OrderEnded) -> Sequence[Finding]:
        memory, all_ = (self._subjects[key] for key in self.subjects_of(fact))
        now = fact.at.timestamp()
        habit, peers = memory.habit, all_.peers
        count = memory.count(now, fact.id, self.slot_seconds, self.slots)
        all_.habit.count += 1
        score, middle = habit.look(now, math.log(count), peers, self.scale, self.tuning.threshold, self._days_of(fact))
        usual = math.exp(middle)
        if now - memory.told_at > INCIDENT_SECONDS:
            memory.told = 0.0
        if all_.habit.count <= self.tuning.warmup or score < self.tuning.threshold or score < 2 * memory.told:
            return ()
        memory.told, memory.told_at = score, now
        seconds = self.slots * self.slot_seconds
        window = f"{seconds // 60} minutes" if seconds > 60 else "one minute"
        whose = (
            f"the busiest of {len(habit.tops)} days of this account" if habit.tops else "a busy day of other accounts"
        )
        explanation = (
            f"{count} {self.what} within {window}, usual is at most {usual:.0f} on {whose}: a program may be out of "
            "control, or may be meant to slow others down"
        )
        subject = Subject(account_id=fact.account_id)
        return (
            self._found(
                subject,
                fact.at,
                score,
                count,
                usual,
                explanation,
                {"orderIds": list(dict.fromkeys(str(name) for _, name in memory.ids))},
            ),
        )


class TradeFrequency(_Counting):
    """Counts orders of ten minutes."""

    kind = AnomalyKind.TRADE_FREQUENCY
    description = "Far more orders of an account in ten minutes than on its busiest days"
    reads = (OrderPlaced,)
    slots, slot_seconds, scale, what = ORDER_SLOTS, ORDER_SLOT_SECONDS, ORDER_SCALE, "orders"


class QuoteStuffing(_Counting):
    """Counts orders, changes and cancels of one minute."""

    kind = AnomalyKind.QUOTE_STUFFING
    description = "Far more orders, changes and cancels of an account in a minute than on its busiest days"
    reads = (OrderPlaced, OrderChanged, OrderEnded)
    slots, slot_seconds, scale = MESSAGE_SLOTS, MESSAGE_SLOT_SECONDS, MESSAGE_SCALE
    what = "orders, changes and cancels"
