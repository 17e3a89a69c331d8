"""Detectors of single orders with an unusual size or price."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.baselines import Baseline
from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.facts import OrderPlaced
from domain.anomalies.habits import Habit, Peers, Scale
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Of a day's largest order, on a logarithmic scale; and the spread of peers before any is known.
SIZE_SCALE, SIZE_PRIOR = Scale(-math.inf, 0.3, math.log(2.5)), 0.5
# Prices that differ by less than five basis points are alike.
PRICE_FLOOR = 0.0005


@dataclass(slots=True)
class SizeMemory(Memory):
    """Natural logarithms of notionals; for all: how peers are."""

    orders: int = 0
    sizes: Habit = field(default_factory=Habit)
    peers: Peers = field(default_factory=lambda: Peers(SIZE_PRIOR))


class OrderSize(Detector[OrderPlaced, SizeMemory]):
    """Compares an order's notional with the largest ones of the account's days: in the symbol, and in all of them."""

    kind = AnomalyKind.ORDER_SIZE
    description = "An order far larger than the largest ones of the account's days"
    reads = (OrderPlaced,)
    warmup = 50
    memory = SizeMemory

    def subjects_of(self, fact: OrderPlaced) -> tuple[str, ...]:
        """See the base class."""
        return Subject(fact.account_id, fact.symbol).key, Subject(fact.account_id).key, ALL

    def _observe(self, fact: OrderPlaced) -> Sequence[Finding]:
        if fact.notional <= 0:
            return ()
        in_symbol, in_all, everybody = (self._subjects[key] for key in self.subjects_of(fact))
        now, size = fact.at.timestamp(), math.log(fact.notional)
        peers = everybody.peers
        for memory in (in_symbol, in_all):
            memory.sizes.turn(now, peers)
            memory.orders += 1
        everybody.orders += 1
        known = in_symbol if in_symbol.sizes.tops else in_all
        tell_from, days = self.tuning.threshold, self._days_of(fact)
        looks = {id(one): one.sizes.look(now, size, peers, SIZE_SCALE, tell_from, days) for one in (in_symbol, in_all)}
        # What is usual for the account elsewhere is no news in a symbol.
        score, usual = min(looks[id(known)][0], looks[id(in_all)][0]), math.exp(looks[id(known)][1])
        if everybody.orders <= self.tuning.warmup or score < self.tuning.threshold:
            return ()
        observed, count = float(fact.notional), len(known.sizes.tops)
        where = "in this symbol" if known is in_symbol else "of this account"
        whose = f"a day {where}, of {count} days" if count else "a day of other accounts, for this one has no history"
        explanation = (
            f"a notional of {observed:.8g}, {observed / usual:.1f} times the usual largest order of {whose} "
            f"({usual:.8g}): it may be a mistake, or move the market"
        )
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, score, observed, usual, explanation, {"orderIds": [fact.id]}),)


@dataclass(slots=True)
class PriceMemory(Memory):
    """Distances of aggressive orders from the market price, as ratios; 0 for passive ones."""

    deviations: Baseline = field(default_factory=lambda: Baseline(PRICE_FLOOR))


class PriceDeviation(Detector[OrderPlaced, PriceMemory]):
    """Judges the aggressive side alone: a buy above the market, a sell below it. Passive orders are harmless."""

    kind = AnomalyKind.PRICE_DEVIATION
    description = "An order priced far beyond the market on its aggressive side"
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
            f"a {fact.side} at {fact.price}, {deviation:.2%} {beyond} the market's {fact.reference_price}; usual "
            "in this "
            f"symbol are {usual:.2%}: it trades through the book"
        )
        evidence = {"orderIds": [fact.id], "price": str(fact.price), "referencePrice": str(fact.reference_price)}
        return (
            self._found(Subject(fact.account_id, fact.symbol), fact.at, score, deviation, usual, explanation, evidence),
        )
