"""Prices in ticks on sessions around the clock, traders with positions, and the facts that they leave."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import numpy as np

from domain.anomalies.facts import Executed, Fact, MoneyMoved, OrderChanged, OrderEnded, OrderPlaced
from domain.orders.model.types import Side

BEGINS = datetime(2026, 4, 6, tzinfo=UTC)
SLOT = 10
HOUR = 3_600


@dataclass(frozen=True)
class Listed:
    """A symbol: its first price, tick, lot, session in seconds of the day, and volatility of a day."""

    name: str
    price: float
    tick: float
    lot: float
    opens: int
    closes: int
    volatility: float
    spread: int

    @property
    def is_always_open(self) -> bool:
        """True without a session."""
        return self.closes - self.opens >= 24 * HOUR


LISTED = (
    Listed("NOVA", 180.0, 0.01, 1, 14 * HOUR + 1_800, 21 * HOUR, 0.018, 2),
    Listed("TERN", 12.0, 0.01, 100, 14 * HOUR + 1_800, 21 * HOUR, 0.022, 1),
    Listed("MOUT.SS", 1_500.0, 0.01, 100, HOUR + 1_800, 7 * HOUR, 0.015, 8),
    Listed("EURUSD", 1.08, 0.00001, 1_000, 0, 24 * HOUR, 0.005, 8),
    Listed("BTC-USD", 60_000.0, 0.01, 0.001, 0, 24 * HOUR, 0.03, 300),
    Listed("BTC-PERP", 60_010.0, 0.1, 0.001, 0, 24 * HOUR, 0.03, 20),
)
BY_NAME = {one.name: one for one in LISTED}


@dataclass
class Trader:
    """An account with its habits."""

    id: str
    owner: str
    style: str
    symbols: tuple[str, ...]
    # The usual notional of an order, how wide its logarithm spreads, and orders or actions a day.
    size: float
    spread: float
    pace: float
    cash: float
    held: dict[str, float] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)

    def takes(self, symbol: str, signed: float, price: float) -> float | None:
        """Book a fill: what it realises, None where it only opens."""
        held, cost = self.held.get(symbol, 0.0), self.cost.get(symbol, price)
        after = round(held + signed, 9)
        self.held[symbol] = after
        if held * signed >= 0:
            self.cost[symbol] = (abs(held) * cost + abs(signed) * price) / abs(after) if after else price
            return None
        if held * after < 0:
            self.cost[symbol] = price
        return min(abs(held), abs(signed)) * (price - cost) * (1 if held > 0 else -1)


class Tape:
    """The market's prices by slots of ten seconds, and all facts."""

    def __init__(self, seed: int, weeks: int) -> None:
        self.random = np.random.default_rng([seed, 20_260_406])
        self.weeks = weeks
        self.facts: list[Fact] = []
        self.ids = count(1)
        self.days = [BEGINS + timedelta(days=7 * week + day) for week in range(weeks) for day in range(5)]
        self.last_week = BEGINS + timedelta(days=7 * (weeks - 1))
        self.news: list[tuple[datetime, str, int]] = []
        self.paths = {one.name: self._path(one) for one in LISTED if one.name != "BTC-PERP"}
        basis = np.cumsum(self.random.normal(0, 0.00002, len(self.paths["BTC-USD"])))
        self.paths["BTC-PERP"] = self.paths["BTC-USD"] * (1 + basis - basis.mean() + 0.0002)

    def _path(self, one: Listed) -> np.ndarray:
        """Steps with heavy tails, a volatility that wanders and is larger at both ends of a session, and jumps."""
        random, slots = self.random, self.weeks * 7 * 86_400 // SLOT
        level = np.exp(0.25 * np.cumsum(random.normal(0, 0.02, slots)) / np.sqrt(1 + np.arange(slots) / 50_000))
        second = np.arange(slots) * SLOT % 86_400
        inside = (second >= one.opens) & (second < one.closes)
        part = (second - one.opens) / (one.closes - one.opens)
        shape = np.where(inside, 0.8 + 1.6 * (2 * np.clip(part, 0, 1) - 1) ** 4, 0.0)
        each = one.volatility / np.sqrt(max((one.closes - one.opens) / SLOT, 1))
        steps = random.standard_t(5, slots) * np.sqrt(3 / 5) * each * shape * np.clip(level, 0.5, 2)
        for day in self.days:
            if random.random() < 0.25:
                at = day + timedelta(seconds=float(random.uniform(one.opens + 900, one.closes - 5_400)))
                sign, index = (1 if random.random() < 0.5 else -1), int((at - BEGINS).total_seconds() // SLOT)
                length = int(random.integers(2, 40))
                steps[index : index + length] += sign * one.volatility * random.uniform(0.15, 0.5) / length
                self.news.append((at, one.name, sign))
        path: np.ndarray = one.price * np.exp(np.cumsum(steps))
        return path

    def middle(self, symbol: str, at: datetime) -> float:
        """The market's price."""
        path = self.paths[symbol]
        return float(path[max(0, min(int((at - BEGINS).total_seconds() // SLOT), len(path) - 1))])

    def touch(self, symbol: str, side: Side, at: datetime) -> float:
        """The price at which a taker trades."""
        one = BY_NAME[symbol]
        return self.ticks(symbol, self.middle(symbol, at) + side.sign * one.spread * one.tick / 2)

    @staticmethod
    def ticks(symbol: str, price: float) -> float:
        """A price on the symbol's ticks."""
        tick = BY_NAME[symbol].tick
        return round(round(price / tick) * tick, 8)

    @staticmethod
    def lots(symbol: str, quantity: float) -> float:
        """A quantity in whole lots, one at least."""
        lot = BY_NAME[symbol].lot
        return round(max(round(quantity / lot), 1) * lot, 8)

    def quantity(self, trader: Trader, symbol: str, at: datetime, times: float = 1.0) -> float:
        """A usual quantity of a trader, or so many times it."""
        notional = trader.size * float(self.random.lognormal(0, trader.spread)) * times
        return self.lots(symbol, notional / self.middle(symbol, at))

    def instant(self, day: datetime, symbol: str, margin: float = 600) -> datetime:
        """A random time in the symbol's session of a day; around the clock, more often by day."""
        one = BY_NAME[symbol]
        if one.is_always_open:
            second = float(self.random.normal(14, 4)) % 24 * HOUR
            return day + timedelta(seconds=min(max(second, margin), 24 * HOUR - margin - 1))
        return day + timedelta(seconds=float(self.random.uniform(one.opens + 1, one.closes - margin)))

    def place(
        self, trader: Trader, symbol: str, side: Side, quantity: float, price: float | None, at: datetime,
        reference: float | None = None,
    ) -> OrderPlaced:  # fmt: skip
        """An order; without a price it takes what there is."""
        market = self.ticks(symbol, reference if reference is not None else self.middle(symbol, at))
        limit = exact(self.ticks(symbol, price)) if price is not None else None
        amount = exact(quantity)
        order = OrderPlaced(
            f"o{next(self.ids)}", trader.id, symbol, side, amount, amount * (limit or exact(market)), limit,
            exact(market), at, trader.owner,
        )  # fmt: skip
        self.facts.append(order)
        return order

    def fill(
        self, trader: Trader, order: OrderPlaced, at: datetime, price: float, *, taker: bool = True,
        quantity: float | None = None, ends: bool = True,
    ) -> Executed:  # fmt: skip
        """A fill, and the order's end unless more is to come."""
        amount = float(order.quantity) if quantity is None else quantity
        paid = self.ticks(order.symbol, price)
        gained = trader.takes(order.symbol, order.side.sign * amount, paid)
        fill = Executed(
            f"x{next(self.ids)}", order.id, trader.id, trader.owner, order.symbol, order.side, exact(amount),
            exact(paid), taker, exact(round(gained, 6)) if gained is not None else None, at,
        )  # fmt: skip
        self.facts.append(fill)
        if ends:
            self.facts.append(OrderEnded(order.id, trader.id, order.symbol, False, at, trader.owner))
        return fill

    def cancel(self, trader: Trader, order: OrderPlaced, at: datetime) -> None:
        """The end of an order without a fill."""
        self.facts.append(OrderEnded(order.id, trader.id, order.symbol, True, at, trader.owner))

    def amend(self, trader: Trader, order: OrderPlaced, quantity: float, price: float, at: datetime) -> None:
        """Other terms of a working order."""
        limit = exact(self.ticks(order.symbol, price))
        self.facts.append(OrderChanged(order.id, trader.id, order.symbol, exact(quantity), limit, at, trader.owner))

    def take(
        self, trader: Trader, symbol: str, side: Side, quantity: float, at: datetime, limited: bool = False
    ) -> Executed:
        """An order that trades at once, in one fill or two."""
        price = self.touch(symbol, side, at)
        order = self.place(trader, symbol, side, quantity, price if limited else None, at)
        moment = later(at, self.random.uniform(0.002, 0.2))
        lot = BY_NAME[symbol].lot
        if quantity > 4 * lot and self.random.random() < 0.15:
            part = self.lots(symbol, quantity * float(self.random.uniform(0.2, 0.8)))
            if part < quantity - lot / 2:
                self.fill(trader, order, moment, price, quantity=part, ends=False)
                beyond = price + side.sign * BY_NAME[symbol].tick
                return self.fill(trader, order, later(moment, 0.001), beyond, quantity=round(quantity - part, 8))
        return self.fill(trader, order, moment, price)

    def move(self, trader: Trader, amount: float, at: datetime) -> None:
        """Money that comes or goes."""
        trader.cash += amount
        self.facts.append(
            MoneyMoved(f"m{next(self.ids)}", trader.id, exact(round(amount, 2)), exact(round(trader.cash, 2)), at)
        )


def exact(value: float) -> Decimal:
    """A number as it is written."""
    return Decimal(repr(round(value, 8)))


def later(at: datetime, seconds: float) -> datetime:
    """A time so many seconds after."""
    return at + timedelta(seconds=float(seconds))
