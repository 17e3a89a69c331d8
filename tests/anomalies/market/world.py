"""The made-up market: prices by the minute with news, sessions, accounts, and the facts that orders leave."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import numpy as np

from domain.anomalies.facts import (
    Executed,
    Fact,
    MarketChecked,
    MoneyMoved,
    OrderChanged,
    OrderEnded,
    OrderPlaced,
    Quoted,
    Sampled,
)
from domain.orders.model.types import Side

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
OPENS, CLOSES = 8 * 60, 16 * 60 + 30
SYMBOLS = {"AAA.X": 100.0, "BBB.X": 40.0, "COIN-USD": 2_000.0, "COIN-PERP": 2_001.0}
DAY = timedelta(days=1)


@dataclass
class Account:
    """Who trades: style, owner, the symbols, and the usual notional of an order."""

    id: str
    owner: str
    style: str
    symbols: tuple[str, ...]
    notional: float
    # How busy: orders or quotes a day, by style.
    rate: float
    cash: float
    # What it holds of a symbol, and at what average cost.
    held: dict[str, float] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)


class World:
    """Prices and facts. ``weeks`` count from Monday 2 March 2026 on; the last one is for misdeeds."""

    def __init__(self, seed: int, weeks: int = 4) -> None:
        self.random = np.random.default_rng(seed)
        self.weeks = weeks
        self.facts: list[Fact] = []
        self._ids = count(1)
        self.days = [MONDAY + timedelta(days=7 * week + day) for week in range(weeks) for day in range(5)]
        self.last_week = MONDAY + timedelta(days=7 * (weeks - 1))
        self.news: list[tuple[datetime, str, int]] = []
        self.paths = {symbol: self._path(symbol, start) for symbol, start in SYMBOLS.items() if symbol != "COIN-PERP"}
        noise = self.random.normal(0, 0.0002, len(self.paths["COIN-USD"]))
        self.paths["COIN-PERP"] = self.paths["COIN-USD"] * (1.0005 + noise)

    def _path(self, symbol: str, start: float) -> np.ndarray:
        minutes = self.weeks * 7 * 24 * 60
        random = self.random
        volatility = 0.0003 * float(random.uniform(0.7, 1.6))
        steps = random.normal(0, volatility, minutes)
        for day in self.days:
            if random.random() < 0.3:
                at = day + timedelta(minutes=int(random.integers(OPENS + 20, CLOSES - 40)))
                sign = int(random.choice((-1, 1)))
                begin = int((at - MONDAY).total_seconds() // 60)
                steps[begin : begin + 10] += sign * random.uniform(0.0006, 0.0015)
                self.news.append((at, symbol, sign))
        return start * np.exp(np.cumsum(steps))

    def price(self, symbol: str, at: datetime) -> float:
        """The market's price."""
        index = int((at - MONDAY).total_seconds() // 60)
        return float(self.paths[symbol][max(0, min(index, len(self.paths[symbol]) - 1))])

    def name(self, kind: str) -> str:
        """A new id."""
        return f"{kind}-{next(self._ids)}"

    def moment(self, day: datetime, low: int = OPENS, high: int = CLOSES) -> datetime:
        """A random time between two minutes of a day."""
        return day + timedelta(seconds=float(self.random.uniform(low * 60, high * 60 - 1)))

    def place(
        self,
        account: Account,
        symbol: str,
        side: Side,
        quantity: float,
        price: float | None,
        at: datetime,
        reference: float | None = None,
    ) -> OrderPlaced:
        """An order as it is placed."""
        market = reference if reference is not None else self.price(symbol, at)
        amount = decimal(max(quantity, 0.01), 2)
        limit = decimal(price, 4) if price is not None else None
        order = OrderPlaced(
            self.name("order"), account.id, symbol, side, amount, amount * decimal(price or market, 4), limit,
            decimal(market, 4), at,
        )  # fmt: skip
        self.facts.append(order)
        return order

    def fill(
        self, account: Account, order: OrderPlaced, at: datetime, *, price: float | None = None, part: float = 1.0,
        is_taker: bool = True, is_last: bool = True,
    ) -> Executed:  # fmt: skip
        """A fill of an order, with what it realises, and its end unless more fills follow."""
        quantity = decimal(float(order.quantity) * part, 2)
        paid = decimal(price if price is not None else float(order.price or order.reference_price or 1), 4)
        result = self._book(account, order.symbol, order.side.sign * float(quantity), float(paid))
        executed = Executed(
            self.name("fill"), order.id, account.id, account.owner, order.symbol, order.side, quantity, paid, is_taker,
            decimal(result, 4) if result is not None else None, at,
        )  # fmt: skip
        self.facts.append(executed)
        if is_last:
            self.facts.append(OrderEnded(order.id, account.id, order.symbol, False, at))
        return executed

    @staticmethod
    def _book(account: Account, symbol: str, signed: float, price: float) -> float | None:
        held, cost = account.held.get(symbol, 0.0), account.cost.get(symbol, price)
        after = held + signed
        result = None
        if held * signed < 0:
            closed = min(abs(held), abs(signed))
            result = closed * (price - cost) * (1 if held > 0 else -1)
            if held * after < 0:
                account.cost[symbol] = price
        elif abs(after) > 0:
            account.cost[symbol] = (abs(held) * cost + abs(signed) * price) / abs(after)
        account.held[symbol] = after if abs(after) > 1e-9 else 0.0
        return result

    def cancel(self, order: OrderPlaced, at: datetime) -> None:
        """An order's end without more fills."""
        self.facts.append(OrderEnded(order.id, order.account_id, order.symbol, True, at))

    def change(self, order: OrderPlaced, quantity: float, price: float, at: datetime) -> None:
        """Other terms of a working order."""
        self.facts.append(
            OrderChanged(order.id, order.account_id, order.symbol, decimal(quantity, 2), decimal(price, 4), at)
        )

    def trade(
        self, account: Account, symbol: str, side: Side, notional: float, at: datetime, slip: float = 0.0002
    ) -> Executed:
        """A taking order that is filled at once."""
        market = self.price(symbol, at)
        price = market * (1 + side.sign * abs(float(self.random.normal(0, slip))))
        order = self.place(account, symbol, side, notional / market, price, at)
        return self.fill(account, order, at + timedelta(milliseconds=int(self.random.integers(5, 400))))

    def move(self, account: Account, amount: float, at: datetime) -> None:
        """Money that comes or goes."""
        account.cash += amount
        self.facts.append(MoneyMoved(self.name("money"), account.id, decimal(amount, 2), decimal(account.cash, 2), at))

    def quotes(self) -> None:
        """A feed of two of the symbols (the others would only be more of the same), and the checks of the market."""
        for symbol, pause in (("AAA.X", 2.0), ("BBB.X", 8.0)):
            regular = pause == 2.0
            for day in self.days:
                at, closes = day + timedelta(minutes=OPENS), day + timedelta(minutes=CLOSES)
                last = 0.0
                while at < closes:
                    price = round(self.price(symbol, at) * (1 + float(self.random.normal(0, 0.00005))), 2)
                    last = price
                    self.facts.append(Quoted(symbol, at, decimal(last, 2)))
                    step = (
                        pause * (1 + float(self.random.uniform(-0.1, 0.1)))
                        if regular
                        else self.random.exponential(pause)
                    )
                    at += timedelta(seconds=float(step))
                for minute in range(0, 24 * 60, 1):
                    self.facts.append(MarketChecked(symbol, OPENS <= minute < CLOSES, day + timedelta(minutes=minute)))

    def samples(self) -> None:
        """Latencies of two components, every five minutes, with a wave of the day and quiet weekends."""
        for component in ("web", "venue"):
            level = float(self.random.uniform(5, 40))
            for index in range(self.weeks * 7 * 288):
                at = MONDAY + timedelta(minutes=5 * index)
                wave = 1 + (0.5 if at.weekday() < 5 else 0.1) * np.sin(2 * np.pi * (index % 288) / 288)
                self.facts.append(
                    Sampled(component, "latencyMs", level * wave * float(self.random.lognormal(0, 0.12)), at)
                )


def decimal(value: float, places: int) -> Decimal:
    """A number cut to so many places."""
    return Decimal(f"{value:.{places}f}")
