"""Detector of a price pushed in one symbol for a position in a related one, such as spot and perpetual."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.detectors.ramping import SCALE
from domain.anomalies.detectors.runs import MarketMemory, RunMemory, price_of
from domain.anomalies.facts import Executed, OrderPlaced
from domain.anomalies.types import AnomalyKind, Finding, Subject

# The position is taken so long before the push at most, and given up so long after it.
BEFORE_SECONDS, AFTER_SECONDS = 1_200.0, 1_200.0
# So much of the push's value the position has to have, and so much of it has to be given up.
LEAST_PART, CLOSED_PART = 0.5, 0.5
MIN_FILLS, MAX_FILLS = 4, 100
# A position that profits adds to the surprise of a push, for which less is asked then.
LINK_SURPRISE = 2.0


def root_of(symbol: str) -> str:
    """The underlying of a symbol: its letters and digits up to the first other sign (``BTC`` of ``BTC-PERP``)."""
    for index, character in enumerate(symbol):
        if not character.isalnum():
            return symbol[:index]
    return symbol


@dataclass(slots=True)
class CrossMemory(Memory):
    """Runs (of an account in a symbol), the market (of a symbol), peers (of all), the last fills (of an owner)."""

    runs: RunMemory = field(default_factory=RunMemory)
    market: MarketMemory = field(default_factory=MarketMemory)
    # Time, symbol, signed quantity, price, execution.
    fills: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_FILLS))
    # The push that lasts: symbol, sign, begin, end, score, way, deviations, usual deviations, executions.
    push: list[Any] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {
            "runs": self.runs.state(),
            "market": self.market.state(),
            "owner": [list(self.fills), list(self.push)],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The memory of a ``state``; an empty one for another version."""
        if set(state) != {"runs", "market", "owner"}:
            return cls()
        memory = cls(RunMemory.from_state(state["runs"]), MarketMemory.from_state(state["market"]))
        memory.fills.extend(state["owner"][0])
        memory.push = list(state["owner"][1])
        return memory


class CrossMarket(Detector[OrderPlaced | Executed, CrossMemory]):
    """Links runs in one symbol with positions of the same owner in symbols of the same underlying."""

    kind = AnomalyKind.CROSS_MARKET
    description = (
        "A price pushed in one symbol, with a position in a related symbol opened before and closed after the push"
    )
    reads = (OrderPlaced, Executed)
    # Prices of the symbol.
    warmup = 30
    memory = CrossMemory

    def subjects_of(self, fact: OrderPlaced | Executed) -> tuple[str, ...]:
        """See the base class."""
        own, symbol = Subject(fact.account_id, fact.symbol).key, Subject(symbol=fact.symbol).key
        if isinstance(fact, OrderPlaced):
            return symbol, own
        return symbol, own, ALL, f"{fact.owner_id}|{root_of(fact.symbol)}"

    def _observe(self, fact: OrderPlaced | Executed) -> Sequence[Finding]:
        symbol, *others = (self._subjects[key] for key in self.subjects_of(fact))
        now, price = fact.at.timestamp(), price_of(fact)
        found: Sequence[Finding] = ()
        if isinstance(fact, OrderPlaced):
            others[0].runs.remember(fact.id, price)
        elif price:
            own, everybody, owner = others
            self._push(own, symbol.market, everybody.market, owner, fact, now)
            found = self._close(owner, fact, now)
            owner.fills.append([now, fact.symbol, fact.side.sign * float(fact.quantity), price, fact.id])
        symbol.market.learn(now, price, fact.account_id)
        return found

    def _push(
        self,
        own: CrossMemory,
        market: MarketMemory,
        everybody: MarketMemory,
        owner: CrossMemory,
        fact: Executed,
        now: float,
    ) -> None:
        """Follow a run, and remember it when it goes far and the owner holds a related position that gains by it."""
        if not fact.is_taker:
            return
        found = own.runs.add(fact, now, market, MIN_FILLS)
        if found is None:
            return
        run, way, deviations = found
        score, usual = own.runs.ways.look(
            now, deviations, everybody.peers, SCALE, self.tuning.threshold, self._days_of(fact)
        )
        if market.facts <= self.tuning.warmup or score + LINK_SURPRISE < self.tuning.threshold:
            return
        value = run.quantity * run.last
        taken = _related(owner, fact.symbol, run.sign, run.begins - BEFORE_SECONDS, now)
        if sum(abs(quantity) * price for _, quantity, price, _ in taken) >= LEAST_PART * value:
            owner.push = [
                fact.symbol, run.sign, run.begins, now, score, way, deviations, usual, list(run.executions),
            ]  # fmt: skip

    def _close(self, owner: CrossMemory, fact: Executed, now: float) -> Sequence[Finding]:
        """Judge a fill that closes the related position."""
        if not owner.push:
            return ()
        symbol, sign, begins, ends, score, way, deviations, usual, executions = owner.push
        if now - ends > AFTER_SECONDS or fact.symbol == symbol or fact.side.sign == sign:
            return ()
        taken = [one for one in _related(owner, symbol, sign, begins - BEFORE_SECONDS, ends) if one[0] == fact.symbol]
        given = [one for one in _related(owner, symbol, -sign, begins, now) if one[0] == fact.symbol]
        held = sum(abs(quantity) for _, quantity, _, _ in taken)
        closed = sum(abs(quantity) for _, quantity, _, _ in given) + float(fact.quantity)
        if not held or closed < CLOSED_PART * held:
            return ()
        owner.push = []
        direction = "up" if sign > 0 else "down"
        explanation = (
            f"{symbol} was pushed {direction} by {way:.2%} in {len(executions)} fills, {deviations:.1f} times a random "
            f"move, usual is at most {usual:.1f} times for this account or its peers; a position of {held:.8g} in "
            f"{fact.symbol}, opened before the push, was closed within {now - begins:.0f} s: the push may have raised "
            "its profit"
        )
        ids = [*executions, *(name for _, _, _, name in taken), *(name for _, _, _, name in given), fact.id]
        subject = Subject(fact.account_id, symbol)
        evidence = {"executionIds": list(dict.fromkeys(ids)), "symbols": [symbol, fact.symbol]}
        return (
            self._found(subject, fact.at, score + LINK_SURPRISE, way, usual * way / deviations, explanation, evidence),
        )


def _related(
    owner: CrossMemory, symbol: str, sign: float, since: float, until: float
) -> list[tuple[str, float, float, str]]:
    """The owner's fills of a sign in other symbols of the same underlying: symbol, quantity, price, execution."""
    return [
        (str(other), float(quantity), float(price), str(name))
        for at, other, quantity, price, name in owner.fills
        if other != symbol and float(quantity) * sign > 0 and since <= float(at) <= until
    ]
