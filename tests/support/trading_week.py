"""Two simulated weeks of normal trading, as detectors read them, and a misdeed of each kind to plant in the second."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from domain.anomalies.facts import (
    BooksProved,
    Executed,
    Fact,
    MarketChecked,
    MoneyMoved,
    OrderEnded,
    OrderPlaced,
    Quoted,
    Sampled,
)
from domain.anomalies.types import AnomalyKind
from domain.orders.model.types import Side

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
SECOND_WEEK = MONDAY + timedelta(days=7)
# Thursday of the second week, in the middle of the session.
MISDEED = SECOND_WEEK + timedelta(days=3, hours=11, minutes=2)
OPENS, CLOSES = 8, 16
# Orders an hour, from the opening on: busy at both ends.
RATES = (60, 40, 30, 25, 25, 30, 45, 60)
ACCOUNT, OWNER, SYMBOL = "account", "owner", "X.TEST"


def decimal(value: float, places: int = 2) -> Decimal:
    """A number cut to so many places."""
    return Decimal(f"{value:.{places}f}")


class NormalWeeks:
    """The facts of one account, one symbol and one component; other seeds are other weeks."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.facts: list[Fact] = []
        minutes = 14 * 24 * 60
        self.prices = 100 * np.exp(np.cumsum(self.random.normal(0, 0.0003, minutes)))
        for day in range(14):
            start = MONDAY + timedelta(days=day)
            self._samples(start)
            if start.weekday() < 5:
                self._session(start)
                self._prices(start)
                self._money(start)
        self.facts.sort(key=lambda fact: fact.at)

    def price(self, at: datetime) -> float:
        """The market's price."""
        return float(self.prices[int((at - MONDAY).total_seconds()) // 60])

    def _session(self, start: datetime) -> None:
        for index, rate in enumerate(RATES):
            opens = start + timedelta(hours=OPENS + index)
            for number in range(self.random.poisson(rate)):
                at = opens + timedelta(seconds=float(self.random.uniform(0, 3_599)))
                self._order(f"{opens:%d-%H}-{number}", at)

    def _order(self, name: str, at: datetime) -> None:
        random = self.random
        side = Side.BUY if random.random() < 0.5 else Side.SELL
        is_taker = random.random() < 0.4
        reference = self.price(at)
        part = abs(random.normal(0, 0.0003)) if is_taker else -random.uniform(0, 0.002)
        price = decimal(reference * (1 + side.sign * part))
        quantity = decimal(10 * random.lognormal(0, 0.6), 1) + Decimal("0.1")
        order = OrderPlaced(name, ACCOUNT, SYMBOL, side, quantity, quantity * price, price, decimal(reference), at)
        ends = at + timedelta(seconds=float(random.exponential(5 if is_taker else 120)))
        is_canceled = not is_taker and random.random() < 0.5
        self.facts += [order, OrderEnded(name, ACCOUNT, SYMBOL, is_canceled, ends)]
        if not is_canceled:
            result = decimal(random.normal(0.5, 10)) if random.random() < 0.5 else None
            self.facts.append(
                Executed(f"fill-{name}", name, ACCOUNT, OWNER, SYMBOL, side, quantity, price, is_taker, result, ends)
            )

    def _prices(self, start: datetime) -> None:
        at, closes = start + timedelta(hours=OPENS), start + timedelta(hours=CLOSES)
        for minute in range(24 * 60):
            moment = start + timedelta(minutes=minute)
            self.facts.append(MarketChecked(SYMBOL, OPENS <= moment.hour < CLOSES, moment))
        while at < closes:
            self.facts.append(Quoted(SYMBOL, at))
            at += timedelta(seconds=float(self.random.exponential(8)))

    def _money(self, start: datetime) -> None:
        for hour in (9, 15):
            at = start + timedelta(hours=hour)
            amount = decimal(self.random.lognormal(8, 0.5))
            self.facts.append(MoneyMoved(f"money-{at:%d-%H}", ACCOUNT, amount, Decimal(100_000), at))
        self.facts.append(BooksProved(ACCOUNT, (), start + timedelta(hours=23)))

    def _samples(self, start: datetime) -> None:
        for index in range(288):
            wave = 1 + 0.5 * np.sin(2 * np.pi * index / 288)
            value = 20 * wave * float(self.random.lognormal(0, 0.1))
            self.facts.append(Sampled("web", "latencyMs", value, start + timedelta(minutes=5 * index)))


def _placed(name: str, at: datetime, side: Side, price: float, reference: float, quantity: int = 10) -> OrderPlaced:
    amount = Decimal(quantity)
    return OrderPlaced(
        name, ACCOUNT, SYMBOL, side, amount, amount * decimal(price), decimal(price), decimal(reference), at
    )


def _filled(order: OrderPlaced, at: datetime, result: int | None = None, account: str = ACCOUNT) -> Executed:
    price = order.price or Decimal(0)
    fill = decimal(result) if result is not None else None
    return Executed(
        f"fill-{order.id}", order.id, account, OWNER, SYMBOL, order.side, order.quantity, price, True, fill, at
    )


def _after(seconds: float) -> datetime:
    return MISDEED + timedelta(seconds=seconds)


def _many_orders(weeks: NormalWeeks) -> list[Fact]:
    price = weeks.price(MISDEED)
    return [_placed(f"bad-{index}", _after(index), Side.BUY, price, price) for index in range(120)]


def _huge_order(weeks: NormalWeeks) -> list[Fact]:
    price = weeks.price(MISDEED)
    return [_placed("bad-0", MISDEED, Side.BUY, price, price, 5_000)]


def _mistyped_price(weeks: NormalWeeks) -> list[Fact]:
    price = weeks.price(MISDEED)
    return [_placed("bad-0", MISDEED, Side.SELL, 0.9 * price, price)]


def _streak(weeks: NormalWeeks) -> list[Fact]:
    """Round trips that all lose: each is opened and closed by an order of its own."""
    price = weeks.price(MISDEED)
    found: list[Fact] = []
    for index in range(25):
        opens = _placed(f"bad-open-{index}", _after(4 * index), Side.BUY, price, price)
        closes = _placed(f"bad-{index}", _after(4 * index + 2), Side.SELL, price, price)
        found += [_filled(opens, opens.at), _filled(closes, closes.at, -5)]
    return found


def _slices(weeks: NormalWeeks) -> list[Fact]:
    """One position closed at a loss in many slices, as a schedule does it."""
    price = weeks.price(MISDEED)
    orders = [_placed(f"slice-{index}", _after(60 * index), Side.SELL, price, price) for index in range(70)]
    return [_filled(order, order.at, -5) for order in orders]


def _large_withdrawal(weeks: NormalWeeks) -> list[Fact]:
    return [MoneyMoved("bad-0", ACCOUNT, Decimal(-90_000), Decimal(10_000), MISDEED)]


def _slow_component(weeks: NormalWeeks) -> list[Fact]:
    return [Sampled("web", "latencyMs", 400.0, _after(index)) for index in range(3)]


def _cancelling(weeks: NormalWeeks) -> list[Fact]:
    return [OrderEnded(f"bad-{index}", ACCOUNT, SYMBOL, True, _after(index)) for index in range(80)]


def _washing(weeks: NormalWeeks) -> list[Fact]:
    found: list[Fact] = []
    for index in range(8):
        price = weeks.price(MISDEED)
        buy = _placed(f"bad-buy-{index}", _after(index * 10), Side.BUY, price, price, 7)
        sell = _placed(f"bad-sell-{index}", _after(index * 10), Side.SELL, price, price, 7)
        found += [_filled(buy, buy.at), _filled(sell, sell.at, account="other account")]
    return found


def _layering(weeks: NormalWeeks) -> list[Fact]:
    price = weeks.price(MISDEED)
    stack = [
        _placed(f"bad-{index}", _after(index), Side.SELL, price * (1.001 + index / 2_000), price, 500)
        for index in range(6)
    ]
    bought = _placed("bad-buy", _after(10), Side.BUY, price, price, 20)
    ends = [OrderEnded(order.id, ACCOUNT, SYMBOL, True, _after(15 + index)) for index, order in enumerate(stack)]
    return [*stack, bought, _filled(bought, _after(11)), *ends]


def _ramping(weeks: NormalWeeks) -> list[Fact]:
    price = weeks.price(MISDEED)
    orders = [
        _placed(f"bad-{index}", _after(index * 2), Side.BUY, price * (1 + index / 500), price, 20)
        for index in range(12)
    ]
    return [_filled(order, order.at) for order in orders]


def _unproved(weeks: NormalWeeks) -> list[Fact]:
    return [BooksProved(ACCOUNT, ("cash: 100.00 in the account, 90.00 in the ledger",), MISDEED)]


# What looks like a misdeed and is none.
INNOCENT: dict[str, tuple[AnomalyKind, Callable[[NormalWeeks], list[Fact]]]] = {
    "a position closed in slices": (AnomalyKind.LOSS_PATTERN, _slices),
}
PLANTED: dict[str, tuple[AnomalyKind, Callable[[NormalWeeks], list[Fact]]]] = {
    "many orders": (AnomalyKind.TRADE_FREQUENCY, _many_orders),
    "a huge order": (AnomalyKind.ORDER_SIZE, _huge_order),
    "a mistyped price": (AnomalyKind.PRICE_DEVIATION, _mistyped_price),
    "a streak of losses": (AnomalyKind.LOSS_PATTERN, _streak),
    "a large withdrawal": (AnomalyKind.ACCOUNT_BALANCE, _large_withdrawal),
    "books that do not prove": (AnomalyKind.ACCOUNT_BALANCE, _unproved),
    "a slow component": (AnomalyKind.SYSTEM_PERFORMANCE, _slow_component),
    "cancelling": (AnomalyKind.CANCEL_RATIO, _cancelling),
    "washing": (AnomalyKind.WASH_TRADE, _washing),
    "layering": (AnomalyKind.LAYERING, _layering),
    "ramping": (AnomalyKind.RAMPING, _ramping),
}


def merged(normal: Sequence[Fact], planted: Sequence[Fact]) -> list[Fact]:
    """Both lists of facts, in the order of their times."""
    return sorted([*normal, *planted], key=lambda fact: fact.at)
