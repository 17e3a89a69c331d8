"""Detectors of single orders with an unusual size or price."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.baselines import Baseline
from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.facts import Executed, OrderPlaced
from domain.anomalies.habits import Habit, Peers, Scale
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Of a day's largest order, on a logarithmic scale; and the spread of peers before any is known.
SIZE_SCALE, SIZE_PRIOR = Scale(-math.inf, 0.3, math.log(2.5), is_logarithm=True), 0.5
# Prices that differ by less than five basis points are alike.
PRICE_FLOOR = 0.0005


@dataclass(slots=True)
class SizeMemory(Memory):
    """Natural logarithms of notionals, and the position as far as its fills are known; for all: the values of peers.

    ``wholes`` are of whole orders, ``sizes`` of what they open beyond the position.
    """

    orders: int = 0
    position: float = 0.0
    sizes: Habit = field(default_factory=Habit)
    wholes: Habit = field(default_factory=Habit)
    peers: Peers = field(default_factory=lambda: Peers(SIZE_PRIOR))
    whole_peers: Peers = field(default_factory=lambda: Peers(SIZE_PRIOR))


class OrderSize(Detector[OrderPlaced | Executed, SizeMemory]):
    """Compares an order's notional with the largest ones of the account's days: in the symbol, and in all of them.

    What closes a position is as large as the position: what goes beyond it is compared for itself too.
    """

    kind = AnomalyKind.ORDER_SIZE
    description = "An order far larger than the usual largest order of the account in a day"
    reads = (OrderPlaced, Executed)
    warmup = 50
    memory = SizeMemory

    def subjects_of(self, fact: OrderPlaced | Executed) -> tuple[str, ...]:
        """See the base class."""
        in_symbol = Subject(fact.account_id, fact.symbol).key
        return (in_symbol,) if isinstance(fact, Executed) else (in_symbol, Subject(fact.account_id).key, ALL)

    def _observe(self, fact: OrderPlaced | Executed) -> Sequence[Finding]:
        if isinstance(fact, Executed):
            self._memory_of(fact).position += fact.side.sign * float(fact.quantity)
            return ()
        whole = float(fact.notional)
        if whole <= 0:
            return ()
        in_symbol, in_all, everybody = (self._subjects[key] for key in self.subjects_of(fact))
        for memory in (in_symbol, in_all, everybody):
            memory.orders += 1
        opening = whole * _opening_part(fact, in_symbol.position)
        found = [self._score(fact, in_symbol.wholes, in_all.wholes, everybody.whole_peers, whole)]
        if opening > 0:
            found.append(self._score(fact, in_symbol.sizes, in_all.sizes, everybody.peers, opening))
        score, observed, usual, whose = max(found, key=lambda measured: measured[0])
        if everybody.orders <= self.tuning.warmup or score < self.tuning.threshold:
            return ()
        part = "" if observed == whole else " (without the part that closes a position)"
        explanation = (
            f"the order has a notional of {observed:.8g}{part}, {observed / usual:.1f} times the usual largest order "
            f"of {whose} ({usual:.8g}): it may be a mistake, or may move the market"
        )
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, score, observed, usual, explanation, {"orderIds": [fact.id]}),)

    def _score(
        self, fact: OrderPlaced, in_symbol: Habit, in_all: Habit, peers: Peers, notional: float
    ) -> tuple[float, float, float, str]:
        """The surprise of a notional, the notional, the usual one, and whose that is in words."""
        now, size = fact.at.timestamp(), math.log(notional)
        for habit in (in_symbol, in_all):
            habit.turn(now, peers)
        known, where = (in_symbol, "in this symbol") if in_symbol.tops else (in_all, "of this account")
        count, tell_from, days = len(known.tops), self.tuning.threshold, self._days_of(fact)
        looks = {id(one): one.look(now, size, peers, SIZE_SCALE, tell_from, days) for one in (in_symbol, in_all)}
        # What is usual for the account elsewhere is no news in a symbol.
        score, usual = min(looks[id(known)][0], looks[id(in_all)][0]), math.exp(looks[id(known)][1])
        whose = f"a day {where} over {count} days" if count else "a day of other accounts, as this one has no history"
        return score, notional, usual, whose


def _opening_part(order: OrderPlaced, position: float) -> float:
    """The part of an order that closes nothing of a position."""
    quantity = float(order.quantity)
    closing = max(-order.side.sign * position, 0.0)
    return max(quantity - closing, 0.0) / quantity if quantity > 0 else 0.0


@dataclass(slots=True)
class PriceMemory(Memory):
    """Distances of aggressive orders from the market price, as ratios; 0 for passive ones."""

    deviations: Baseline = field(default_factory=lambda: Baseline(PRICE_FLOOR))


class PriceDeviation(Detector[OrderPlaced, PriceMemory]):
    """Judges the aggressive side alone: a buy above the market, a sell below it. Passive orders are harmless."""

    kind = AnomalyKind.PRICE_DEVIATION
    description = "An order priced far through the market: a buy far above it or a sell far below it"
    reads = (OrderPlaced,)
    warmup = 50
    memory = PriceMemory

    def subjects_of(self, fact: OrderPlaced) -> tuple[str, ...]:
        """See the base class."""
        return (fact.symbol,)

    def _observe(self, fact: OrderPlaced) -> Sequence[Finding]:
        """Judge an order; one without a price, or without a market price to compare with, is skipped."""
        if fact.price is None or not fact.reference_price or fact.reference_price < 0:
            return ()
        deviations = self._memory_of(fact).deviations
        signed = fact.side.sign * float(fact.price / fact.reference_price - 1)
        deviation = max(signed, 0.0)
        score = deviations.surprise(fact.at, deviation) if deviations.count >= self.tuning.warmup else 0.0
        usual = deviations.usual(fact.at)[0]
        deviations.learn(fact.at, deviation)
        if score < self.tuning.threshold:
            return ()
        beyond = "above" if fact.side.sign > 0 else "below"
        explanation = (
            f"the {fact.side} at {fact.price} is {deviation:.2%} {beyond} the market price {fact.reference_price}, "
            f"usual is at most {usual:.2%} in this symbol: the order may trade through many levels of the book"
        )
        evidence = {"orderIds": [fact.id], "price": str(fact.price), "referencePrice": str(fact.reference_price)}
        return (
            self._found(Subject(fact.account_id, fact.symbol), fact.at, score, deviation, usual, explanation, evidence),
        )
