"""Activity of an account's orders, for limits that count: rates, open orders, duplicates, day totals.

Loaded under the account's lock only as far as a limit needs it, and maintained within the transaction. Orders that were
refused here do not count as trading.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from domain.kernel.numbers import ONE, ZERO, plain
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order_types import RESTING
from domain.orders.model.types import OrderType, Side
from domain.risk.kinds import KINDS
from domain.risk.snapshot import Activity, Share, Times
from domain.risk.types import RiskRule, RiskRuleKind

# The best resting prices of each symbol and side that are kept.
MAX_RESTING_PRICES = 200
_NOTHING, _NEVER = Share(), Times()
# What makes two orders the same: symbol, side, type, quantity and prices.
Sameness = tuple[str, ...]


class UnknownPrice(Exception):
    """The best resting price is not among those that were kept: read all of them and decide again."""


@dataclass(frozen=True, slots=True)
class ActivityNeeds:
    """The activity that the rules in force need; ``window`` None: no rule looks back."""

    window: timedelta | None = None
    day: bool = False
    open_orders: bool = False
    opposite: bool = False

    @property
    def anything(self) -> bool:
        """True if anything is needed."""
        return self.window is not None or self.day or self.open_orders or self.opposite


def needs_of(rules: Sequence[RiskRule]) -> ActivityNeeds:
    """The activity that rules need."""
    kinds = {rule.kind for rule in rules}
    windows = [rule.window_seconds for rule in rules if rule.kind in _LOOK_BACK and rule.window_seconds is not None]
    return ActivityNeeds(
        window=timedelta(seconds=max(windows)) if windows else None,
        day=bool(kinds & {RiskRuleKind.MAX_DAILY_ORDERS, RiskRuleKind.MAX_DAILY_NOTIONAL}),
        open_orders=RiskRuleKind.MAX_OPEN_ORDERS in kinds,
        opposite=RiskRuleKind.SELF_TRADE in kinds,
    )


_LOOK_BACK = frozenset({RiskRuleKind.MAX_ORDER_RATE, RiskRuleKind.DUPLICATE_ORDER})
assert all(KINDS[kind].window for kind in _LOOK_BACK)


@dataclass(slots=True)
class Tally:
    """Sums of a figure: of all orders, per symbol and per strategy."""

    account: Decimal = ZERO
    symbols: dict[str, Decimal] = field(default_factory=dict)
    strategies: dict[str, Decimal] = field(default_factory=dict)

    def add(self, symbol: str, strategy: str, amount: Decimal) -> None:
        """Add ``amount`` to the sums."""
        self.account += amount
        self.symbols[symbol] = self.symbols.get(symbol, ZERO) + amount
        self.strategies[strategy] = self.strategies.get(strategy, ZERO) + amount

    def share(self, symbol: str, strategy: str) -> Share:
        """The sums for an order."""
        return Share(self.account, self.symbols.get(symbol, ZERO), self.strategies.get(strategy, ZERO))


@dataclass(slots=True)
class Timeline:
    """Arrival times of orders, oldest first: all of them, per symbol and per strategy."""

    account: list[datetime] = field(default_factory=list)
    symbols: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    strategies: defaultdict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def add(self, symbol: str, strategy: str, at: datetime) -> None:
        """Count an order that arrives after all others."""
        for times in (self.account, self.symbols[symbol], self.strategies[strategy]):
            times.append(at)

    def drop(self, symbol: str, strategy: str) -> None:
        """Remove the order that was counted last."""
        for times in (self.account, self.symbols[symbol], self.strategies[strategy]):
            times.pop()

    def times(self, symbol: str, strategy: str) -> Times:
        """The times for an order."""
        return Times(self.account, self.symbols.get(symbol, ()), self.strategies.get(strategy, ()))


@dataclass(slots=True)
class DayCount:
    """The orders, and their value, that one transaction adds to the day's counts."""

    orders: int = 0
    notional: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Displaced:
    """Own orders that are cancelled for a newer one: those of ``side`` that it could trade with at ``bound`` or better.

    ``bound`` None: at any price.
    """

    symbol: str
    side: Side
    bound: Decimal | None

    def covers(self, price: Decimal) -> bool:
        """True if an order that rests at ``price`` is one of them."""
        if self.bound is None:
            return True
        return price >= self.bound if self.side is Side.BUY else price <= self.bound


@dataclass(slots=True)
class _Counted:
    """An order that was counted, with the resting prices that it removed."""

    command: PlaceOrder
    notional: Decimal | None
    rested: Decimal | None = None
    removed: list[Decimal] = field(default_factory=list)


@dataclass(slots=True)
class OrderActivity:
    """The activity of one account. An order without a strategy has the empty one.

    ``resting`` holds per symbol and side the best prices of its working orders that rest in a book, in order. Where
    there are more, ``floors`` has the worst of those that are kept. ``added`` is this transaction's addition to the
    counts of the day, by symbol and strategy. Nothing that ``needs`` leaves out is kept: an activity may be remembered
    for as long as its account trades.
    """

    needs: ActivityNeeds
    day_orders: Tally = field(default_factory=Tally)
    day_notional: Tally = field(default_factory=Tally)
    open_orders: Tally = field(default_factory=Tally)
    recent: Timeline = field(default_factory=Timeline)
    same: defaultdict[Sameness, Timeline] = field(default_factory=lambda: defaultdict(Timeline))
    resting: defaultdict[tuple[str, Side], list[Decimal]] = field(default_factory=lambda: defaultdict(list))
    floors: dict[tuple[str, Side], Decimal] = field(default_factory=dict)
    added: dict[tuple[str, str], DayCount] = field(default_factory=dict)
    _done: list[_Counted] = field(default_factory=list)
    # The order that was asked about last, which is as a rule the next one to be counted.
    _asked: tuple[PlaceOrder, Sameness] | None = field(default=None, compare=False, repr=False)

    def before(self, command: PlaceOrder) -> Activity:
        """The activity before an order that is not counted yet."""
        symbol, strategy, needs = command.symbol, command.strategy or "", self.needs
        same = self.same.get(self._sameness(command)) if self.same else None
        return Activity(
            open_orders=self.open_orders.share(symbol, strategy) if needs.open_orders else _NOTHING,
            day_orders=self.day_orders.share(symbol, strategy) if needs.day else _NOTHING,
            day_notional=self.day_notional.share(symbol, strategy) if needs.day else _NOTHING,
            recent=self.recent.times(symbol, strategy) if needs.window is not None else _NEVER,
            same=same.times(symbol, strategy) if same is not None else _NEVER,
            opposite=self._best(symbol, command.side.opposite) if needs.opposite else None,
        )

    def add(
        self, command: PlaceOrder, notional: Decimal | None, now: datetime, displaced: Displaced | None = None
    ) -> None:
        """Count an accepted order; ``notional`` is its value at its worst price."""
        symbol, strategy = command.symbol, command.strategy or ""
        counted = _Counted(command, notional)
        self._done.append(counted)
        if displaced is not None:
            counted.removed = self.displace(displaced)
        self._count(symbol, strategy, ONE, notional or ZERO)
        if self.needs.window is not None:
            self.recent.add(symbol, strategy, now)
            self.same[self._sameness(command)].add(symbol, strategy, now)
        if self.needs.opposite and command.limit_price is not None and command.type in RESTING:
            counted.rested = command.limit_price
            self.rest(symbol, command.side, command.limit_price)

    def add_notional(self, symbol: str, strategy: str, notional: Decimal) -> None:
        """Count the added value of a modification."""
        if self.needs.day:
            self.day_notional.add(symbol, strategy, notional)
        self.added.setdefault((symbol, strategy), DayCount()).notional += notional

    def displace(self, displaced: Displaced) -> list[Decimal]:
        """Stop counting own orders that are cancelled for a newer one, and return their resting prices."""
        prices = self.resting.pop((displaced.symbol, displaced.side), [])
        kept = [price for price in prices if not displaced.covers(price)]
        if kept:
            self.resting[displaced.symbol, displaced.side] = kept
        return [price for price in prices if displaced.covers(price)]

    def rest(self, symbol: str, side: Side, price: Decimal) -> None:
        """Count a resting price that another order of the account could trade with."""
        if self._is_kept(symbol, side, price):
            insort(self.resting[symbol, side], price)

    def note_floors(self, max_prices: int) -> None:
        """Note that at most so many resting prices of a symbol and side were read: there may be worse ones."""
        for (symbol, side), prices in self.resting.items():
            if len(prices) >= max_prices:
                self.floors[symbol, side] = prices[0] if side is Side.BUY else prices[-1]

    def mark(self) -> int:
        """A mark for ``undo``."""
        return len(self._done)

    def undo(self, mark: int) -> None:
        """Remove the orders that were counted since ``mark``, because they were refused after all."""
        while len(self._done) > mark:
            counted = self._done.pop()
            command, symbol, strategy = counted.command, counted.command.symbol, counted.command.strategy or ""
            self._count(symbol, strategy, -ONE, -(counted.notional or ZERO))
            if self.needs.window is not None:
                self.recent.drop(symbol, strategy)
                self.same[sameness_of(command)].drop(symbol, strategy)
            if counted.rested is not None:
                self._unrest(symbol, command.side, counted.rested)
            for price in counted.removed:
                self.rest(symbol, command.side.opposite, price)

    def settle(self) -> None:
        """Mark the additions as stored: later orders start from zero, and nothing can be undone."""
        self.added.clear()
        self._done.clear()
        for place, prices in self.resting.items():
            if len(prices) > 2 * MAX_RESTING_PRICES:
                self._keep_best(place, prices)

    def size(self) -> int:
        """The largest number of symbols and strategies that a part of it distinguishes."""
        day, working, recent = self.day_orders, self.open_orders, self.recent
        return max(
            len(day.symbols) + len(day.strategies),
            len(working.symbols) + len(working.strategies),
            len(recent.symbols) + len(recent.strategies),
        )

    def _count(self, symbol: str, strategy: str, orders: Decimal, notional: Decimal) -> None:
        if self.needs.day:
            self.day_orders.add(symbol, strategy, orders)
        if self.needs.open_orders:
            self.open_orders.add(symbol, strategy, orders)
        self.add_notional(symbol, strategy, notional)
        self.added[symbol, strategy].orders += int(orders)

    def _sameness(self, command: PlaceOrder) -> Sameness:
        if self._asked is None or self._asked[0] is not command:
            self._asked = (command, sameness_of(command))
        return self._asked[1]

    def _best(self, symbol: str, side: Side) -> Decimal | None:
        prices = self.resting.get((symbol, side))
        if not prices:
            if (symbol, side) in self.floors:
                raise UnknownPrice
            return None
        return prices[-1] if side is Side.BUY else prices[0]

    def _is_kept(self, symbol: str, side: Side, price: Decimal) -> bool:
        floor = self.floors.get((symbol, side))
        return floor is None or (price >= floor if side is Side.BUY else price <= floor)

    def _keep_best(self, place: tuple[str, Side], prices: list[Decimal]) -> None:
        buys = place[1] is Side.BUY
        self.resting[place] = kept = prices[-MAX_RESTING_PRICES:] if buys else prices[:MAX_RESTING_PRICES]
        self.floors[place] = kept[0] if buys else kept[-1]

    def _unrest(self, symbol: str, side: Side, price: Decimal) -> None:
        if not self._is_kept(symbol, side, price):
            return
        prices = self.resting[symbol, side]
        prices.remove(price)
        if not prices:
            del self.resting[symbol, side]


def sameness(symbol: str, side: Side, type_: OrderType, quantity: Decimal, *prices: Decimal | None) -> Sameness:
    """The identity of equal orders for DUPLICATE_ORDER.

    ``prices`` are limit, stop, trailing offset and limit offset.
    """
    numbers = ["" if value is None else plain(value) for value in (quantity, *prices)]
    return (symbol, side, type_, *numbers)


def sameness_of(command: PlaceOrder) -> Sameness:
    """The identity of equal orders, of an order."""
    prices = (command.limit_price, command.stop_price, command.trailing_offset, command.limit_offset)
    return sameness(command.symbol, command.side, command.type, command.quantity, *prices)
