"""Detectors of aggressive orders that move a price: at any time, at the close, or to sell into the move."""

from abc import abstractmethod
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.detectors.runs import MarketMemory, Run, RunMemory, price_of
from domain.anomalies.detectors.usual import SessionHours, usual_end
from domain.anomalies.facts import Executed, MarketChecked, OrderPlaced
from domain.anomalies.habits import Scale
from domain.anomalies.types import AnomalyKind, Finding, Subject

# Of daily largest ways, in standard deviations of chance.
SCALE = Scale(2.5, 0.7, 1.0, first_seconds=300.0)
# A run of fewer fills says nothing: one order can fill in several.
MIN_FILLS, MIN_CLOSING_FILLS = 5, 3
# Marking the end of a session happens in so many seconds before.
CLOSING_SECONDS = 600.0
# A move is used by trading so much of it back, within this time after it.
USED_PART, USED_SECONDS, MIN_IGNITION_FILLS, IGNITION_SECONDS = 0.5, 1_200.0, 4, 600.0
# Being traded into adds to the surprise of a run, for which less is asked then.
USED_SURPRISE = 1.5


@dataclass(slots=True)
class RampMemory(Memory):
    """Of an account in a symbol: its runs. Of a symbol, and of all: the behaviour of the market and of peers."""

    runs: RunMemory = field(default_factory=RunMemory)
    market: MarketMemory = field(default_factory=MarketMemory)
    # The last run of note: when it ended, sign, quantity, surprise, way, deviations, usual; and what was traded back.
    moved: list[float] = field(default_factory=list)
    moved_ids: deque[str] = field(default_factory=lambda: deque(maxlen=100))
    back: float = 0.0
    hours: SessionHours = field(default_factory=SessionHours)

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {
            "runs": self.runs.state(),
            "market": self.market.state(),
            "moved": [list(self.moved), list(self.moved_ids), self.back],
            "hours": self.hours.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The memory of a ``state``; an empty one for another version."""
        if set(state) != {"runs", "market", "moved", "hours"}:
            return cls()
        memory = cls(RunMemory.from_state(state["runs"]), MarketMemory.from_state(state["market"]))
        memory.moved, ids, memory.back = list(state["moved"][0]), state["moved"][1], state["moved"][2]
        memory.moved_ids.extend(ids)
        memory.hours = SessionHours.from_state(state["hours"])
        return memory


@dataclass(frozen=True, slots=True)
class Measured:
    """A run with its newest fill: its surprise, its distance, the usual distance, and the number of known days."""

    own: RampMemory
    symbol: RampMemory
    run: Run
    fact: Executed
    now: float
    market: MarketMemory
    score: float
    way: float
    deviations: float
    usual: float
    days: int

    @property
    def chance(self) -> float:
        """The distance that the price moves by chance in the time of the run."""
        return self.market.chance(self.run.seconds)


class _Runs(Detector[OrderPlaced | Executed | MarketChecked, RampMemory]):
    """Follows runs, and compares their distances with those of earlier days."""

    reads: ClassVar[tuple[type, ...]] = (OrderPlaced, Executed)
    # Prices of the symbol.
    warmup = 30
    memory = RampMemory
    least_fills = MIN_FILLS

    def subjects_of(self, fact: OrderPlaced | Executed | MarketChecked) -> tuple[str, ...]:
        """See the base class."""
        symbol = Subject(symbol=fact.symbol).key
        if isinstance(fact, MarketChecked):
            return (symbol,)
        return Subject(fact.account_id, fact.symbol).key, symbol, ALL

    def _observe(self, fact: OrderPlaced | Executed | MarketChecked) -> Sequence[Finding]:
        if isinstance(fact, MarketChecked):
            self._memory_of(fact).hours.check(fact.at.timestamp(), fact.is_open)
            return ()
        own, symbol, everybody = (self._subjects[key] for key in self.subjects_of(fact))
        now, price = fact.at.timestamp(), price_of(fact)
        found: Sequence[Finding] = ()
        if isinstance(fact, OrderPlaced):
            own.runs.remember(fact.id, price)
        elif price:
            found = self._fill(own, symbol, everybody.market, fact, now)
        symbol.market.learn(now, price, fact.account_id)
        return found

    def _fill(
        self, own: RampMemory, symbol: RampMemory, everybody: MarketMemory, fact: Executed, now: float
    ) -> Sequence[Finding]:
        if not fact.is_taker:
            return ()
        ways, market = own.runs.ways, symbol.market
        found = own.runs.add(fact, now, market, self.least_fills)
        if found is None:
            return ()
        run, way, deviations = found
        if market.facts <= self.tuning.warmup:
            return ()
        score, usual = ways.look(now, deviations, everybody.peers, SCALE, self.tuning.threshold, self._days_of(fact))
        days = len(ways.tops)
        return self._judge(Measured(own, symbol, run, fact, now, market, score, way, deviations, usual, days))

    @abstractmethod
    def _judge(self, seen: Measured) -> Sequence[Finding]:
        """The findings of a measured run."""

    def _tell(self, seen: Measured, words: str) -> Sequence[Finding]:
        run, fact, days = seen.run, seen.fact, seen.days
        direction = "up" if run.sign > 0 else "down"
        whose = f"{days} days of this account" if days else "usual days of other accounts"
        explanation = (
            f"{run.fills} aggressive fills within {max(run.seconds, 1):.0f} s moved the price {direction} by "
            f"{seen.way:.2%} more than other trading explains, {seen.deviations:.1f} times a random move "
            f"({seen.chance:.2%}), usual is at most {seen.usual:.1f} times on {whose}{words}"
        )
        evidence = {"executionIds": list(run.executions)}
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, seen.score, seen.way, seen.usual * seen.chance, explanation, evidence),)


class Ramping(_Runs):
    """Runs that go further than the usual ones of the account and its peers."""

    kind = AnomalyKind.RAMPING
    description = (
        "A series of aggressive fills of one account that moves the price further than is usual for it and others"
    )

    def _judge(self, seen: Measured) -> Sequence[Finding]:
        if seen.score < self.tuning.threshold or seen.score < 2 * seen.run.told:
            return ()
        seen.run.told = seen.score
        return self._tell(seen, ": the account may move the price on purpose")


class MarkingTheClose(_Runs):
    """Runs in the last minutes of the session."""

    kind = AnomalyKind.MARKING_THE_CLOSE
    description = "Aggressive fills of one account that move the price in the last ten minutes of the session"
    least_fills = MIN_CLOSING_FILLS

    reads = (OrderPlaced, Executed, MarketChecked)

    def _judge(self, seen: Measured) -> Sequence[Finding]:
        ends = seen.symbol.hours.ends
        ends = ends if ends is not None else usual_end(seen.market.closes)
        if ends is None:
            return ()
        left, begun = (ends - at % 86_400 for at in (seen.now, seen.run.begins))
        if not -CLOSING_SECONDS <= left <= CLOSING_SECONDS or begun > 2 * CLOSING_SECONDS:
            return ()
        if seen.score < self.tuning.threshold or seen.score < 2 * seen.run.told:
            return ()
        seen.run.told = seen.score
        words = (
            f", about {max(left, 0):.0f} s before the usual end of the session: the closing price may have been moved"
        )
        return self._tell(seen, words)


class MomentumIgnition(_Runs):
    """Short runs that the owner trades against soon after."""

    kind = AnomalyKind.MOMENTUM_IGNITION
    description = (
        "A short series of aggressive fills that moves the price, with most of the quantity traded back at once"
    )
    least_fills = MIN_IGNITION_FILLS

    def _fill(
        self, own: RampMemory, symbol: RampMemory, everybody: MarketMemory, fact: Executed, now: float
    ) -> Sequence[Finding]:
        found = self._used(own, fact, now)
        super()._fill(own, symbol, everybody, fact, now)
        return found

    def _judge(self, seen: Measured) -> Sequence[Finding]:
        """Remember a run that may be exploited."""
        own, run = seen.own, seen.run
        if seen.score + USED_SURPRISE >= self.tuning.threshold and run.seconds <= IGNITION_SECONDS:
            own.moved = [
                seen.now, run.sign, run.quantity, seen.score, seen.way, seen.deviations, seen.usual, run.fills,
                run.seconds, seen.chance,
            ]  # fmt: skip
            own.moved_ids = deque(run.executions, maxlen=100)
            own.back = 0.0
        return ()

    def _used(self, own: RampMemory, fact: Executed, now: float) -> Sequence[Finding]:
        if not own.moved or now - own.moved[0] > USED_SECONDS or fact.side.sign == own.moved[1]:
            return ()
        ended, sign, quantity, score, way, deviations, usual, fills, seconds, chance = own.moved
        own.back += float(fact.quantity)
        own.moved_ids.append(fact.id)
        if own.back < USED_PART * quantity:
            return ()
        own.moved = []
        direction = "up" if sign > 0 else "down"
        explanation = (
            f"{fills:.0f} aggressive fills within {max(seconds, 1):.0f} s moved the price {direction} by {way:.2%}, "
            f"{deviations:.1f} times a random move (usual is at most {usual:.1f}), and {own.back / quantity:.0%} of "
            f"the quantity was traded back within {now - ended:.0f} s: others may have been led to follow the move"
        )
        evidence = {"executionIds": list(own.moved_ids)}
        subject = Subject(fact.account_id, fact.symbol)
        total = score + USED_SURPRISE
        return (self._found(subject, fact.at, total, way, usual * chance, explanation, evidence),)
