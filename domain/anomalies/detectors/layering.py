"""Detector of layering: orders stacked on one side and cancelled after fills on the other.

It weighs evidence instead of a pattern: over ten minutes, the quantity taken back on one side that rested there when
the owner was filled on the other, beyond the quantity taken back on that other side too, per unit filled. Orders may be
cancelled or reduced, at once or over minutes, in two orders or twenty, in any account of the owner. Quoting on both
sides takes back on both and shows nothing.
"""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.detectors.usual import next_usual
from domain.anomalies.facts import Executed, OrderChanged, OrderEnded, OrderPlaced
from domain.anomalies.habits import Habit, Peers, Scale
from domain.anomalies.types import AnomalyKind, Finding, Subject

WINDOW_SECONDS = 600.0
# An order that stood for longer before the fill was not placed for it.
STACK_SECONDS = 1_800.0
MAX_WORKING, MAX_FILLS, MAX_TAKEN, MAX_ACCOUNTS = 500, 60, 200, 50
# What comes so long after a finding is another incident.
INCIDENT_SECONDS = 3_600.0
# Less than so many times what was filled is no stack: on a logarithmic scale, and the spread of peers before any is
# known.
LEAST_PRESSURE = 2.5
SCALE, PRIOR = Scale(math.log1p(LEAST_PRESSURE), 0.2, 0.4, first_seconds=300.0), 0.25
# A trade counts as so many times a usual order of the account with the stack at most: a twin may trade in larger ones.
MOST_FILLED = 4.0

Read = OrderPlaced | OrderChanged | OrderEnded | Executed


@dataclass(slots=True)
class LayeringMemory(Memory):
    """Working orders, recent fills and cancelled quantities; for all owners: the usual values of peers."""

    # By order: sign, open quantity, when it was placed.
    working: dict[str, list[float]] = field(default_factory=dict)
    # Time, sign, quantity, execution, account.
    fills: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_FILLS))
    # Time, sign, quantity, whether it stood against a fill, order, account.
    taken: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_TAKEN))
    # Of the owner that fills named.
    accounts: list[str] = field(default_factory=list)
    facts: int = 0
    # By account: number of orders, and the usual quantity of one.
    sizes: dict[str, list[float]] = field(default_factory=dict)
    told: float = 0.0
    told_at: float = 0.0
    habit: Habit = field(default_factory=Habit)
    peers: Peers = field(default_factory=lambda: Peers(PRIOR))


class Layering(Detector[Read, LayeringMemory]):
    """Compares an owner's cancelled quantity on one side with its fills on the other."""

    kind = AnomalyKind.LAYERING
    description = (
        "Far more quantity cancelled on one side after fills on the other side than is usual for the owner and its "
        "peers"
    )
    reads = (OrderPlaced, OrderChanged, OrderEnded, Executed)
    # Orders and fills of all owners.
    warmup = 300
    memory = LayeringMemory

    def subjects_of(self, fact: Read) -> tuple[str, ...]:
        """See the base class."""
        return f"{self._owner_of(fact)}|{fact.symbol}", ALL

    def restore(self, state: Mapping[str, Mapping[str, Any]]) -> None:
        """See the base class; also restores the owners of accounts."""
        super().restore(state)
        for key in state:
            owner, _, _ = key.partition("|")
            self._owners |= dict.fromkeys(self._subjects[key].accounts, owner)

    def _observe(self, fact: Read) -> Sequence[Finding]:
        memory, everybody = (self._subjects[key] for key in self.subjects_of(fact))
        everybody.facts += 1
        now = fact.at.timestamp()
        if isinstance(fact, OrderPlaced):
            _place(memory, fact, now)
            return ()
        if isinstance(fact, Executed):
            _fill(memory, fact, now)
            # A day of trading without any stack is a day to compare with.
            memory.habit.attend(now, everybody.peers, SCALE)
            return ()
        held = memory.working.get(fact.id)
        if held is None:
            return ()
        if isinstance(fact, OrderChanged):
            left = float(fact.open_quantity)
            gone, held[1] = held[1] - left, left
        else:
            del memory.working[fact.id]
            gone = held[1] if fact.canceled else 0.0
        return self._taken(memory, everybody, fact, held, gone, now) if gone > 0 else ()

    def _taken(
        self,
        memory: LayeringMemory,
        everybody: LayeringMemory,
        fact: OrderChanged | OrderEnded,
        held: Sequence[float],
        gone: float,
        now: float,
    ) -> Sequence[Finding]:
        """Judge a quantity that was taken back."""
        sign, placed = held[0], held[2]
        _expire(memory, now)
        against = any(
            float(other) == -sign and placed <= float(at) <= placed + STACK_SECONDS for at, other, *_ in memory.fills
        )
        memory.taken.append([now, sign, gone, float(against), fact.id, fact.account_id])
        if not against:
            return ()
        filled, stack, pressure = max(
            (_pressure(memory, sign, fact.account_id, None), _pressure(memory, sign, fact.account_id, fact.account_id)),
            key=lambda measured: measured[2],
        )
        score, middle = memory.habit.look(
            now, math.log1p(pressure), everybody.peers, SCALE, self.tuning.threshold, self._days_of(fact)
        )
        usual, days = math.expm1(middle), len(memory.habit.tops)
        if everybody.facts <= self.tuning.warmup:
            return ()
        if now - memory.told_at > INCIDENT_SECONDS:
            memory.told = 0.0
        if score < self.tuning.threshold or score < 1.5 * memory.told:
            return ()
        memory.told, memory.told_at = score, now
        return self._tell(memory, fact, sign, score, (stack, filled, pressure, usual), days)

    def _tell(
        self,
        memory: LayeringMemory,
        fact: OrderChanged | OrderEnded,
        sign: float,
        score: float,
        measured: tuple[float, float, float, float],
        days: int,
    ) -> Sequence[Finding]:
        stack, filled, pressure, usual = measured
        orders = list(
            dict.fromkeys(str(name) for _, other, _, stood, name, _ in memory.taken if float(other) == sign and stood)
        )
        fills = [[str(name), str(account)] for _, other, _, name, account in memory.fills if float(other) == -sign]
        whose = f"{days} days of this owner" if days else "usual days of other owners"
        where, other = ("bids", "sells") if sign > 0 else ("offers", "buys")
        explanation = (
            f"{stack:.8g} of {where} in {len(orders)} orders were cancelled within {WINDOW_SECONDS / 60:.0f} minutes "
            f"after {other} of {filled:.8g}, {pressure:.1f} times as much beyond the usual quoting on both sides, "
            f"usual is at most {usual:.1f} times on {whose}: the cancelled orders may have been placed to move the "
            "price"
        )
        evidence = {
            "orderIds": orders,
            "executionIds": [name for name, _ in fills],
            "accountIds": sorted({account for _, account in fills} | {fact.account_id}),
        }
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, score, pressure, usual, explanation, evidence),)


def _pressure(memory: LayeringMemory, sign: float, account: str, only: str | None) -> tuple[float, float, float]:
    """The quantities filled on the other side and taken back on this one, and their ratio.

    What was taken back on the other side too, or filled on this one, is usual quoting. ``only`` leaves out what other
    accounts took back: a twin's quoting hides nothing. Partly filled orders of the stack are no trade on the other
    side.
    """
    stack = beside = 0.0
    for _, other, part, stood, _, whose in memory.taken:
        if only is not None and whose != only:
            continue
        if float(other) != sign:
            beside += float(part)
        elif stood:
            stack += float(part)
    filled = sum(float(quantity) for _, other, quantity, *_ in memory.fills if float(other) == -sign)
    same = sum(
        float(quantity)
        for _, other, quantity, _, whose in memory.fills
        if float(other) == sign and (only is None or whose == only)
    )
    # A fill that is small beside the account's usual orders makes nothing large.
    usual = memory.sizes.get(account, (0.0, 0.0))[1]
    beside_filled = max(min(filled, MOST_FILLED * usual), usual) if usual else filled
    return filled, stack, max(stack - beside - same, 0.0) / beside_filled if beside_filled else 0.0


def _place(memory: LayeringMemory, fact: OrderPlaced, now: float) -> None:
    """Learn the size of an order, and remember it if it rests; the oldest is forgotten beyond the bound."""
    quantity = float(fact.quantity)
    size = memory.sizes.setdefault(fact.account_id, [0.0, 0.0])
    size[0] += 1
    size[1] = next_usual(size[1], quantity, int(size[0]))
    if len(memory.sizes) > MAX_ACCOUNTS:
        del memory.sizes[next(iter(memory.sizes))]
    if fact.price is None:
        return
    memory.working[fact.id] = [float(fact.side.sign), quantity, now]
    if len(memory.working) > MAX_WORKING:
        del memory.working[next(iter(memory.working))]


def _fill(memory: LayeringMemory, fact: Executed, now: float) -> None:
    own = memory.working.get(fact.order_id)
    if own is not None:
        own[1] -= float(fact.quantity)
    if fact.account_id not in memory.accounts and len(memory.accounts) < MAX_ACCOUNTS:
        memory.accounts.append(fact.account_id)
    memory.fills.append([now, float(fact.side.sign), float(fact.quantity), fact.id, fact.account_id])


def _expire(memory: LayeringMemory, now: float) -> None:
    for held in (memory.fills, memory.taken):
        while held and now - float(held[0][0]) > WINDOW_SECONDS:
            held.popleft()
