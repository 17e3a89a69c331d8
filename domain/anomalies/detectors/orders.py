"""Single orders that are out of proportion: by their size, by their price."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.baselines import Baseline
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import OrderPlaced
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Sizes that differ by less than a twentieth are alike.
SIZE_FLOOR = 0.05
# Prices that differ by less than five basis points are.
PRICE_FLOOR = 0.0005


@dataclass(slots=True)
class SizeMemory(Memory):
    """Natural logarithms of notionals."""

    sizes: Baseline = field(default_factory=lambda: Baseline(SIZE_FLOOR))


class OrderSize(Detector[OrderPlaced, SizeMemory]):
    """Compares an order's notional with the account's orders in the symbol, else with all orders of the account."""

    kind = AnomalyKind.ORDER_SIZE
    description = "An order far larger than the account's usual ones in the symbol"
    reads = (OrderPlaced,)
    warmup = 50
    memory = SizeMemory

    def subjects_of(self, fact: OrderPlaced) -> tuple[str, ...]:
        """See the base class."""
        return Subject(fact.account_id, fact.symbol).key, Subject(fact.account_id).key

    def observe(self, fact: OrderPlaced) -> Sequence[Finding]:
        """An order."""
        if fact.notional <= 0:
            return ()
        in_symbol, in_all = (self._subjects[key].sizes for key in self.subjects_of(fact))
        known = in_symbol if in_symbol.count >= self.tuning.warmup else in_all
        size = math.log(fact.notional)
        enough = known.count >= self.tuning.warmup
        score = known.surprise(fact.at, size) if enough else 0.0
        usual = math.exp(known.usual(fact.at)[0])
        for sizes in (in_symbol, in_all):
            sizes.learn(fact.at, size)
        if score < self.tuning.threshold:
            return ()
        observed = float(fact.notional)
        whose = "in this symbol" if known is in_symbol else "of this account"
        explanation = f"a notional of {observed:.8g}, {observed / usual:.1f} times what is usual {whose}, {usual:.8g}"
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, score, observed, usual, explanation, {"orderIds": [fact.id]}),)


@dataclass(slots=True)
class PriceMemory(Memory):
    """By what part of the market's price orders were aggressive; 0 for those that were not."""

    deviations: Baseline = field(default_factory=lambda: Baseline(PRICE_FLOOR))


class PriceDeviation(Detector[OrderPlaced, PriceMemory]):
    """Looks at the aggressive side alone: a buy above the market, a sell below it. Passive orders harm nobody."""

    kind = AnomalyKind.PRICE_DEVIATION
    description = "An order priced far beyond the market on its aggressive side"
    reads = (OrderPlaced,)
    warmup = 50
    memory = PriceMemory

    def subjects_of(self, fact: OrderPlaced) -> tuple[str, ...]:
        """See the base class."""
        return (fact.symbol,)

    def observe(self, fact: OrderPlaced) -> Sequence[Finding]:
        """An order; those without a price, or without a price of the market to compare with, say nothing."""
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
            f"a {fact.side} at {fact.price}, {deviation:.2%} {beyond} the market's {fact.reference_price}; usual in "
            f"this symbol are {usual:.2%}"
        )
        evidence = {"orderIds": [fact.id], "price": str(fact.price), "referencePrice": str(fact.reference_price)}
        return (
            self._found(Subject(fact.account_id, fact.symbol), fact.at, score, deviation, usual, explanation, evidence),
        )
