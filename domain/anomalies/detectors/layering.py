"""Orders stacked on one side, and cancelled after trading on the other."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from domain.anomalies.baselines import Baseline
from domain.anomalies.detectors.base import Detector, Memory
from domain.anomalies.facts import Executed, OrderChanged, OrderEnded, OrderPlaced
from domain.anomalies.types import AnomalyKind, Finding, Subject

# A stack is at least so many orders at different prices, cancelled so soon after the fill on the other side.
MIN_STACK, STACK_SECONDS = 3, 60.0
MAX_WORKING, MAX_EPISODES = 500, 20
# On the scale of log(1 + cancelled / filled): factors that differ by less than a half are alike.
RATIO_FLOOR = 0.4

Read = OrderPlaced | OrderChanged | OrderEnded | Executed


@dataclass(slots=True)
class Episode(Memory):
    """A fill, and what stood on the other side at that moment (price and quantity by order) and went since."""

    at: float = 0.0
    execution_id: str = ""
    filled: float = 0.0
    stack: dict[str, list[float]] = field(default_factory=dict)
    canceled: list[str] = field(default_factory=list)
    is_told: bool = False

    @property
    def canceled_quantity(self) -> float:
        """The quantity of the stack that was cancelled."""
        return sum(self.stack[order][1] for order in self.canceled)

    @property
    def ratio(self) -> float:
        """The logarithm of one plus what was cancelled per quantity filled; 0 where it was no stack."""
        prices = {self.stack[order][0] for order in self.canceled}
        return math.log1p(self.canceled_quantity / self.filled) if len(prices) >= MIN_STACK else 0.0


@dataclass(slots=True)
class LayeringMemory(Memory):
    """Working orders (sign of the side, price, quantity, by id), and fills whose time is not over."""

    working: dict[str, list[float]] = field(default_factory=dict)
    episodes: deque[Episode] = field(default_factory=lambda: deque(maxlen=MAX_EPISODES))
    ratios: Baseline = field(default_factory=lambda: Baseline(RATIO_FLOOR))

    def state(self) -> dict[str, Any]:
        """All of it, as JSON."""
        episodes = [episode.state() for episode in self.episodes]
        return {"working": self.working, "episodes": episodes, "ratios": self.ratios.state()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The memory that ``state`` was taken of."""
        episodes = deque((Episode.from_state(episode) for episode in state["episodes"]), maxlen=MAX_EPISODES)
        return cls(dict(state["working"]), episodes, Baseline.from_state(state["ratios"]))


class Layering(Detector[Read, LayeringMemory]):
    """After each fill, weighs what is cancelled on the other side within a minute against the quantity filled.

    Quoting on both sides does that too: what is judged is how much, compared with the account's earlier fills in the
    symbol, and only where at least three orders at different prices went.
    """

    kind = AnomalyKind.LAYERING
    description = "Orders stacked on one side and cancelled right after a fill on the other"
    reads = (OrderPlaced, OrderChanged, OrderEnded, Executed)
    warmup = 30
    memory = LayeringMemory

    def subjects_of(self, fact: Read) -> tuple[str, ...]:
        """See the base class."""
        return (Subject(fact.account_id, fact.symbol).key,)

    def observe(self, fact: Read) -> Sequence[Finding]:
        """An order placed, changed, filled or ended."""
        memory = self._memory_of(fact)
        self._expire(memory, fact.at.timestamp())
        if isinstance(fact, OrderPlaced):
            _place(memory, fact)
            return ()
        if isinstance(fact, OrderChanged):
            _change(memory, fact)
            return ()
        if isinstance(fact, Executed):
            _fill(memory, fact)
            return ()
        memory.working.pop(fact.id, None)
        return [found for episode in memory.episodes for found in self._cancel(memory, episode, fact)]

    def _cancel(self, memory: LayeringMemory, episode: Episode, fact: OrderEnded) -> Sequence[Finding]:
        if not fact.canceled or fact.id not in episode.stack:
            return ()
        episode.canceled.append(fact.id)
        if episode.is_told or memory.ratios.count < self.tuning.warmup:
            return ()
        score = memory.ratios.surprise(fact.at, episode.ratio)
        if score < self.tuning.threshold:
            return ()
        episode.is_told = True
        usual = math.expm1(memory.ratios.usual(fact.at)[0]) * episode.filled
        count, gone = len(episode.canceled), episode.canceled_quantity
        explanation = (
            f"{count} orders for {gone:.8g} were cancelled within {STACK_SECONDS:.0f} s after {episode.filled:.8g} "
            f"were filled on the other side; usual after such a fill are {usual:.8g}"
        )
        evidence = {"orderIds": list(episode.canceled), "executionIds": [episode.execution_id]}
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, score, gone, usual, explanation, evidence),)

    @staticmethod
    def _expire(memory: LayeringMemory, now: float) -> None:
        """Learn what became of fills whose minute is over."""
        while memory.episodes and now - memory.episodes[0].at > STACK_SECONDS:
            episode = memory.episodes.popleft()
            memory.ratios.learn(datetime.fromtimestamp(episode.at, UTC), episode.ratio)


def _place(memory: LayeringMemory, fact: OrderPlaced) -> None:
    """Remember an order that rests; the oldest is forgotten when there are too many."""
    if fact.price is None:
        return
    memory.working[fact.id] = [float(fact.side.sign), float(fact.price), float(fact.quantity)]
    if len(memory.working) > MAX_WORKING:
        del memory.working[next(iter(memory.working))]


def _change(memory: LayeringMemory, fact: OrderChanged) -> None:
    """Take an order's new terms over, for fills from now on."""
    own = memory.working.get(fact.id)
    if own is not None and fact.price is not None:
        own[1:] = [float(fact.price), float(fact.open_quantity)]


def _fill(memory: LayeringMemory, fact: Executed) -> None:
    """Remember what stands on the other side of a fill."""
    own = memory.working.get(fact.order_id)
    if own is not None:
        own[2] -= float(fact.quantity)
    stack = {
        order: [price, quantity]
        for order, (sign, price, quantity) in memory.working.items()
        if sign == -fact.side.sign and quantity > 0
    }
    memory.episodes.append(Episode(fact.at.timestamp(), fact.id, float(fact.quantity), stack))
