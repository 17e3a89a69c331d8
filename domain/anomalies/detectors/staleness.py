"""Detector of missing prices, and of prices that do not change."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.anomalies.baselines import Baseline
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import MarketChecked, Quoted
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Of each minute with prices the longest pause is learnt: a busy symbol's many short ones say nothing.
LEARN_SECONDS = 60
# Pauses that differ by less than a quarter are alike, and none below a second is worth a word.
PAUSE_FLOOR, LEAST_PAUSE_SECONDS = 0.25, 1.0
# A longer pause than this is the market's own (a night, a break), unless somebody looked meanwhile.
LONGEST_PAUSE_SECONDS = 3_600.0
# Of each hour the longest time at one price is learnt; times that differ by less than a half are alike. So many prices
# are needed in it.
HOUR_SECONDS, STILL_FLOOR, MIN_STILL_PRICES, MIN_STILL_SECONDS = 3_600, 0.35, 20, 30.0
MIN_HOURS = 12


@dataclass(slots=True)
class StaleMemory(Memory):
    """The time of the last price, the longest pause of this minute, and the logarithms of those of earlier minutes.

    The same is kept for the time at one price, by hours. Times that were reported already are not reported again.
    """

    last: float = 0.0
    minute: int = -1
    longest: float = 0.0
    is_told: bool = False
    pauses: Baseline = field(default_factory=lambda: Baseline(PAUSE_FLOOR))
    price: str = ""
    since: float = 0.0
    prices: int = 0
    hour: int = -1
    stillest: float = 0.0
    is_still_told: bool = False
    stills: Baseline = field(default_factory=lambda: Baseline(STILL_FLOOR))


class StaleMarketData(Detector[Quoted | MarketChecked, StaleMemory]):
    """Compares a symbol's silence, and its time at one price, with the usual ones while its market is open."""

    kind = AnomalyKind.STALE_MARKET_DATA
    description = "No price, or an unchanged price, in an open market for far longer than is usual for the symbol"
    reads = (Quoted, MarketChecked)
    # Minutes with prices.
    warmup = 60
    memory = StaleMemory

    def subjects_of(self, fact: Quoted | MarketChecked) -> tuple[str, ...]:
        """See the base class."""
        return (fact.symbol,)

    def _observe(self, fact: Quoted | MarketChecked) -> Sequence[Finding]:
        """Judge a new price, or a check for missing ones."""
        memory = self._memory_of(fact)
        if isinstance(fact, MarketChecked):
            return self._check(memory, fact)
        now = fact.at.timestamp()
        if now <= memory.last:
            return ()
        found = [*self._came(memory, fact, now), *self._stands(memory, fact, now)]
        memory.last, memory.is_told = now, False
        return found

    def _came(self, memory: StaleMemory, fact: Quoted, now: float) -> Sequence[Finding]:
        """Judge a pause that a price ends; no check may have seen it."""
        found: Sequence[Finding] = ()
        pause = now - memory.last if memory.last else 0.0
        if pause > LONGEST_PAUSE_SECONDS:
            pause, memory.longest = 0.0, 0.0
        elif pause:
            found = self._judge(memory, fact.symbol, fact.at, pause)
            memory.longest = max(memory.longest, pause)
        minute = int(now) // LEARN_SECONDS
        if minute != memory.minute:
            # A pause that was told is no part of what is usual.
            if memory.longest and not memory.is_told:
                memory.pauses.learn(datetime.fromtimestamp(now, UTC), _scaled(memory.longest))
            memory.minute, memory.longest = minute, 0.0
        return found

    def _judge(self, memory: StaleMemory, symbol: str, at: datetime, pause: float) -> Sequence[Finding]:
        if memory.is_told or memory.pauses.count < self.tuning.warmup:
            return ()
        score = memory.pauses.surprise(at, _scaled(pause))
        if score < self.tuning.threshold:
            return ()
        memory.is_told = True
        usual = math.exp(memory.pauses.usual(at)[0])
        explanation = (
            f"there was no price for {pause:.0f} s, usual are gaps of at most {usual:.1f} s in a minute at this time: "
            "orders may be checked against an old price"
        )
        evidence = {"lastPriceAt": datetime.fromtimestamp(memory.last, UTC).isoformat()}
        return (self._found(Subject(symbol=symbol), at, score, pause, usual, explanation, evidence),)

    def _stands(self, memory: StaleMemory, fact: Quoted, now: float) -> Sequence[Finding]:
        """Judge the time for which the price is unchanged."""
        if fact.price is None:
            return ()
        price = str(fact.price.normalize())
        is_new = price != memory.price or now - memory.last > LONGEST_PAUSE_SECONDS
        hour = int(now) // HOUR_SECONDS
        if is_new:
            memory.price, memory.since, memory.prices, memory.is_still_told = price, now, 0, False
        memory.prices += 1
        still = now - memory.since
        if hour != memory.hour:
            if memory.hour >= 0 and not memory.is_still_told:
                memory.stills.learn(datetime.fromtimestamp(now, UTC), _scaled(memory.stillest))
            memory.hour, memory.stillest = hour, 0.0
        score = 0.0
        if not memory.is_still_told and memory.prices >= MIN_STILL_PRICES and still >= MIN_STILL_SECONDS:
            is_known = memory.stills.count >= MIN_HOURS and memory.pauses.count >= self.tuning.warmup
            score = memory.stills.surprise(fact.at, _scaled(still)) if is_known else 0.0
        if score < self.tuning.threshold:
            memory.stillest = max(memory.stillest, still)
            return ()
        memory.is_still_told = True
        usual = math.exp(memory.stills.usual(fact.at)[0])
        explanation = (
            f"all {memory.prices} prices within {still:.0f} s were {fact.price}, usual is at most {usual:.1f} s at one "
            "price in an hour: the feed may repeat an old price"
        )
        evidence = {"since": datetime.fromtimestamp(memory.since, UTC).isoformat(), "price": str(fact.price)}
        return (self._found(Subject(symbol=fact.symbol), fact.at, score, still, usual, explanation, evidence),)

    def _check(self, memory: StaleMemory, fact: MarketChecked) -> Sequence[Finding]:
        if not fact.is_open:
            # The pause until the market opens again is none of the symbol's.
            memory.last, memory.longest, memory.is_told = 0.0, 0.0, False
            memory.price = ""
            return ()
        if not memory.last:
            return ()
        return self._judge(memory, fact.symbol, fact.at, fact.at.timestamp() - memory.last)


def _scaled(pause: float) -> float:
    # More digits say nothing, and are stored with every reading.
    return round(math.log(max(pause, LEAST_PAUSE_SECONDS)), 4)
