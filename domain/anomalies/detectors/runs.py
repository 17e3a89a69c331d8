"""Runs: an account's taking fills of one side in a symbol, and the distance of the price beyond the market's own move.

The market's own move comes from the prices that others paid, and from market prices when others placed orders. A run
lasts over pauses, and over fills on the other side that are small beside it.
"""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from domain.anomalies.detectors.base import Memory
from domain.anomalies.facts import Executed, OrderPlaced
from domain.anomalies.habits import Habit, Peers

# A run ends after a pause (of a long one and of a short one, which a schedule of slices does not fill), when a third of
# it was traded back, and after an hour and a half at the latest.
PAUSES, TRADED_BACK, LONGEST_SECONDS = (900.0, 90.0), 0.34, 5_400.0
MAX_EVIDENCE = 100
# How far a price moves by chance is learnt from pauses of this many seconds, and never taken for less.
STEP_SECONDS, RATE, LEAST_SIGMA = 30.0, 0.005, 2e-6
MIN_STEPS, MAX_STEP, MAX_OTHERS = 20, 3.0, 60
# A normal deviation by its mean absolute value.
MEAN_TO_DEVIATION = math.sqrt(math.pi / 2)
# Of daily largest ways: the spread of peers before any is known.
PRIOR = 1.0
# Fills far from the market's price when their order was placed push it: those of so many seconds count together, by how
# far they are beyond usual ones. Of orders that did not fill yet so many are remembered.
PUSH_SECONDS, MAX_PUSHES, MAX_REFERENCES, FARTHEST = 3_600.0, 60, 40, 0.05
# Half of what is said by that: it depends on what a venue calls the market's price.
PUSH_SHARE, PUSH_FLOOR, MIN_PUSHES = 0.5, 2e-5, 30


@dataclass(slots=True)
class Run(Memory):
    """An active run of an account in a symbol."""

    sign: int = 0
    begins: float = 0.0
    at: float = 0.0
    first: float = 0.0
    furthest: float = 0.0
    last: float = 0.0
    fills: int = 0
    quantity: float = 0.0
    back: float = 0.0
    told: float = 0.0
    executions: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_EVIDENCE))

    @property
    def way(self) -> float:
        """The distance of the price, as a logarithm."""
        return math.log(self.furthest / self.first) * self.sign if self.first > 0 and self.furthest > 0 else 0.0

    @property
    def seconds(self) -> float:
        """The duration."""
        return self.at - self.begins

    def add(self, fact: Executed, now: float, market: float, pause: float) -> bool:
        """Add a taking fill; returns True if a new run began with it.

        ``market`` is the price before it, 0 if it is not known; ``pause`` ends a run, in seconds.
        """
        price, sign, quantity = float(fact.price), fact.side.sign, float(fact.quantity)
        begins = not self.fills or now - self.at > pause or now - self.begins > LONGEST_SECONDS
        if not begins and sign != self.sign:
            self.back += quantity
            if self.back <= TRADED_BACK * self.quantity:
                return False
            begins = True
        if begins:
            self.sign, self.begins, self.fills, self.quantity, self.back, self.told = sign, now, 0, 0.0, 0.0, 0.0
            is_near = market > 0 and abs(price / market - 1) < 0.05
            self.first = self.furthest = market if is_near else price
            self.executions.clear()
        self.at, self.last = now, price
        self.fills += 1
        self.quantity += quantity
        self.furthest = max(self.furthest, price) if sign > 0 else min(self.furthest, price)
        self.executions.append(fact.id)
        return begins


@dataclass(slots=True)
class RunMemory(Memory):
    """Active runs, by their pauses, and the largest distances of runs of earlier days."""

    runs: list[Run] = field(default_factory=lambda: [Run() for _ in PAUSES])
    references: dict[str, float] = field(default_factory=dict)
    # Time, sign, push, quantity, execution.
    pushes: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_PUSHES))
    ways: Habit = field(default_factory=Habit)

    def add(self, fact: Executed, now: float, market: "MarketMemory", least: int) -> tuple[Run, float, float] | None:
        """Add a taking fill.

        Returns the run of at least the given number of fills that is furthest beyond chance, and its distance.

        The distance is a logarithm and a number of standard deviations of chance. None where there is no such run.
        """
        before = market.before(now, fact.account_id)
        is_known = market.steps >= MIN_STEPS
        found: tuple[Run, float, float] | None = None
        for run, pause in zip(self.runs, PAUSES, strict=True):
            run.add(fact, now, before, pause)
            if not is_known or run.fills < least or fact.side.sign != run.sign:
                continue
            way, deviations = attributable_way(run, market, fact.account_id)
            if found is None or deviations > found[2]:
                found = run, way, deviations
        pushed = self._push(fact, now, market, least)
        if is_known and pushed is not None and (found is None or pushed[2] > found[2]):
            # What was told of the run was told of this too.
            pushed[0].told = max(run.told for run in self.runs)
            found = pushed
        return found

    def remember(self, order: str, reference: float) -> None:
        """Remember the market's price when an order was placed."""
        if reference:
            self.references[order] = reference
            if len(self.references) > MAX_REFERENCES:
                del self.references[next(iter(self.references))]

    def _push(self, fact: Executed, now: float, market: "MarketMemory", least: int) -> tuple[Run, float, float] | None:
        """The fills of the last hour on this side, by their distance beyond the market's price at their order."""
        reference = self.references.get(fact.order_id)
        if not reference:
            return None
        push = math.log(float(fact.price) / reference) * fact.side.sign
        if abs(push) > FARTHEST:
            return None
        usual, spread = market.push, max(math.sqrt(market.push_variance), PUSH_FLOOR)
        known = market.pushes
        market.learn_push(push)
        self.pushes.append([now, float(fact.side.sign), push, float(fact.quantity), fact.id])
        while self.pushes and now - float(self.pushes[0][0]) > PUSH_SECONDS:
            self.pushes.popleft()
        same = [one for one in self.pushes if float(one[1]) == fact.side.sign]
        if len(same) < least or known < MIN_PUSHES:
            return None
        total = sum(float(one[2]) for one in same)
        deviations = PUSH_SHARE * (total - len(same) * usual) / (spread * math.sqrt(len(same)))
        run = Run(fact.side.sign, float(same[0][0]), now, reference, float(fact.price), float(fact.price), len(same))
        run.quantity = sum(float(one[3]) for one in same)
        run.executions.extend(str(one[4]) for one in same)
        return run, total, deviations

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {
            "runs": [run.state() for run in self.runs],
            "references": dict(self.references),
            "pushes": list(self.pushes),
            "ways": self.ways.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The memory of a ``state``; an empty one for another version."""
        if set(state) != {"runs", "references", "pushes", "ways"}:
            return cls()
        memory = cls([Run.from_state(run) for run in state["runs"]], dict(state["references"]))
        memory.pushes.extend(state["pushes"])
        memory.ways = Habit.from_state(state["ways"])
        return memory


@dataclass(slots=True)
class MarketMemory(Memory):
    """A symbol's price movements, recent prices of others, and the ends of its days; for all: the runs of peers."""

    at: float = 0.0
    price: float = 0.0
    # The mean absolute step of the price's logarithm in one second.
    step: float = 0.0
    # Time, price, account.
    seen: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_OTHERS))
    day: int = -1
    last_of_day: float = 0.0
    closes: deque[float] = field(default_factory=lambda: deque(maxlen=10))
    facts: int = 0
    steps: int = 0
    pushes: int = 0
    push: float = 0.0
    push_variance: float = 0.0
    peers: Peers = field(default_factory=lambda: Peers(PRIOR))

    def learn_push(self, push: float) -> None:
        """Learn the distance of a taking fill beyond the market's price when it was ordered."""
        self.pushes += 1
        rate = max(RATE, 1 / self.pushes)
        if self.pushes > MIN_PUSHES:
            most = MAX_STEP * max(math.sqrt(self.push_variance), PUSH_FLOOR)
            push = max(self.push - most, min(self.push + most, push))
        self.push_variance += rate * ((push - self.push) ** 2 - self.push_variance)
        self.push += rate * (push - self.push)

    def learn(self, now: float, price: float, account: str) -> None:
        """Learn a price that somebody paid, or the market's price when somebody placed an order."""
        day = int(now // 86_400)
        if day > self.day:
            if self.day >= 0:
                self.closes.append(self.last_of_day)
            self.day = day
        if day == self.day:
            self.last_of_day = max(now % 86_400, self.last_of_day if self.at // 86_400 == day else 0.0)
        if price <= 0:
            return
        self.facts += 1
        self.seen.append([now, price, account])
        if not self.price or now - self.at > 3_600:
            self.at, self.price = now, price
            return
        pause = now - self.at
        if pause < STEP_SECONDS:
            return
        step = abs(math.log(price / self.price)) / math.sqrt(pause)
        if self.steps >= MIN_STEPS:
            step = min(step, MAX_STEP * self.step)
        self.steps += 1
        self.step += (step - self.step) * max(RATE, 1 / self.steps)
        self.at, self.price = now, price

    def chance(self, seconds: float) -> float:
        """The standard deviation of the logarithm of a price over a time, by chance alone."""
        return max(MEAN_TO_DEVIATION * self.step, LEAST_SIGMA) * math.sqrt(max(seconds, 60.0))

    def others_way(self, run: Run, account: str) -> float:
        """The move that others saw since the run began, in its direction; 0 where nobody saw it."""
        prices = [
            float(price) for at, price, other in self.seen if other != account and float(at) >= run.begins and price
        ]
        if not prices:
            return 0.0
        # The middle of what they saw last: one who pays too much moves no market.
        newest = sorted(prices[-5:])[len(prices[-5:]) // 2]
        return max(math.log(newest / run.first) * run.sign, 0.0)

    def before(self, now: float, account: str) -> float:
        """The last price that others saw, within five minutes; 0 where nobody saw one."""
        for at, price, other in reversed(self.seen):
            if now - float(at) > 300:
                break
            if other != account:
                return float(price)
        return 0.0


def attributable_way(run: Run, market: MarketMemory, account: str) -> tuple[float, float]:
    """The distance of a run beyond the market, as a logarithm and in standard deviations of chance."""
    way = max(run.way - market.others_way(run, account), 0.0)
    return way, way / market.chance(run.seconds)


def price_of(fact: Executed | OrderPlaced) -> float:
    """The market's price that a fact shows; 0 where it shows none."""
    price = fact.price if isinstance(fact, Executed) else fact.reference_price
    return float(price) if price is not None and price > 0 else 0.0
