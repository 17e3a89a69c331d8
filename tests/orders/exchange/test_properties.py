"""Invariants of every stream of commands and events."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.time import Nanos
from domain.market.types import BookTick, QuoteTick, TradeTick
from domain.orders.exchange import (
    Changes,
    Exchange,
    ExecutionReport,
    Filled,
    Holding,
    Order,
    OrderState,
    Released,
    Replaced,
    Restated,
    TrailMoved,
    evolve,
)
from domain.orders.exchange.execution_reports import StatusChange
from domain.orders.model.order_types import CONDITIONAL, REQUIRE_LIMIT_PRICE, TRAILING
from domain.orders.model.types import (
    Contingency,
    Liquidity,
    OffsetKind,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
    TriggerPrice,
)

TICK = Decimal("0.5")
S = OrderStatus
LEGAL = {
    S.HELD: {S.HELD, S.PENDING_NEW, S.CANCELED, S.REJECTED, S.EXPIRED},
    S.PENDING_NEW: {S.HELD, S.PENDING_NEW, S.NEW, S.CANCELED, S.REJECTED},
    # REJECTED from NEW: a post-only order whose trigger would make it take.
    S.NEW: {S.NEW, S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED},
    S.PARTIALLY_FILLED: {S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.EXPIRED, S.REJECTED},
}


@dataclass(frozen=True)
class Step:
    """One call of the exchange, and the orders that it submits."""

    call: Callable[[Exchange], list[ExecutionReport]]
    orders: tuple[Order, ...] = ()


class Planner:
    """Makes up a stream of commands and events around a price that wanders.

    A seed gives one endless stream of which a plan is the beginning, so that a failure shrinks to the shortest one.
    """

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.middle = Decimal(100)
        self.placed: list[Order] = []

    def plan(self, length: int) -> list[Step]:
        return [self.step(at) for at in range(1, length + 1)]

    def step(self, at: int) -> Step:
        action = self.pick("tick", "tick", "tick", "tick", "place", "place", "cancel", "replace", "replace", "clock")
        if action == "place":
            group = self.group()
            self.placed += group
            return Step(lambda venue: venue.submit_group(group, at), group)
        if action in ("cancel", "replace") and self.placed:
            order = self.chance.choice(self.placed[-5:])
            if action == "cancel":
                return Step(lambda venue: venue.cancel(order.id, at))
            asked = self.changes(order)
            return Step(lambda venue: venue.replace(order.id, asked, at))
        if action == "clock":
            return Step(lambda venue: venue.on_clock(at))
        tick = self.tick(at)
        return Step(lambda venue: venue.on_tick(tick))

    def pick(self, *choices):
        return self.chance.choice(choices)

    def price(self) -> Decimal:
        return self.middle + self.chance.randint(-5, 5) * TICK

    def tick(self, at: int) -> QuoteTick | TradeTick | BookTick:
        self.middle += self.chance.randint(-3, 3) * TICK
        bid, ask = self.middle, self.middle + self.chance.randint(1, 2) * TICK
        kind = self.pick("quote", "quote", "quote", "trade", "book")
        if kind == "trade":
            return TradeTick("X", Nanos(at), self.price(), Decimal(self.chance.randint(1, 6)))
        if kind == "quote":
            return QuoteTick("X", Nanos(at), bid, ask, self.size(), self.size())
        bids = tuple((bid - level * TICK, self.size()) for level in range(3))
        asks = tuple((ask + level * TICK, self.size()) for level in range(3))
        return BookTick("X", Nanos(at), self.pick(True, False), bids, asks)

    def size(self) -> Decimal:
        return Decimal(self.chance.randint(0, 5))

    def quantity(self) -> Decimal:
        return Decimal(self.chance.randint(1, 12))

    def order(self, name: str, account: str, side: Side) -> Order:
        kind = self.pick(OrderType.LIMIT, OrderType.MARKET, *OrderType)
        trailing = kind in TRAILING
        post_only = kind in REQUIRE_LIMIT_PRICE and self.pick(True, False, False)
        lasting = (TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTC, TimeInForce.GTD)
        time_in_force = self.pick(*lasting) if post_only else self.pick(*lasting, TimeInForce.IOC, TimeInForce.FOK)
        return Order(
            id=name,
            account=account,
            side=side,
            type=kind,
            quantity=self.quantity(),
            time_in_force=time_in_force,
            limit_price=self.price() if kind in REQUIRE_LIMIT_PRICE else None,
            stop_price=self.price() if kind in CONDITIONAL and not (trailing and self.pick(1, 0)) else None,
            trailing_offset=Decimal(self.pick(1, 2, 30)) if trailing else None,
            trailing_offset_kind=self.pick(*OffsetKind),
            limit_offset=Decimal(self.pick(0, 1, 3)) if trailing else None,
            activation_price=self.price() if trailing and self.pick(True, False) else None,
            trigger_price=self.pick(TriggerPrice.BID_ASK, TriggerPrice.BID_ASK, *TriggerPrice),
            expires_at=self.chance.randint(1, 80) if time_in_force is TimeInForce.GTD else None,
            post_only=post_only,
            reduce_only=self.pick(True, False, False, False),
        )

    def group(self) -> tuple[Order, ...]:
        number = len(self.placed)
        account, side = self.pick("acc", "other"), self.pick(*Side)
        first = self.order(f"{number}", account, side)
        shape = self.pick("single", "bracket", "oco")
        if shape == "single":
            return (first,)
        if shape == "oco":
            second = self.order(f"{number}b", account, self.pick(*Side))
            return tuple(replace(leg, contingency=Contingency.OCO, group=number) for leg in (first, second))
        entry = replace(first, contingency=Contingency.OTO, group=number, reduce_only=False)
        return (entry, *(self.exit(entry, suffix) for suffix in self.pick("t", "s", "ts", "ts", "ts")))

    def exit(self, entry: Order, suffix: str) -> Order:
        distance = entry.side.sign * self.chance.randint(1, 4) * TICK
        leg = Order(
            id=f"{entry.id}{suffix}",
            account=entry.account,
            side=entry.side.opposite,
            type=OrderType.LIMIT,
            quantity=entry.quantity,
            limit_price=self.middle + distance,
            reduce_only=True,
            contingency=Contingency.OUO,
            group=entry.group,
        )
        if suffix == "t":
            return leg
        stop = {"type": OrderType.STOP, "limit_price": None, "stop_price": self.middle - distance}
        trail = {"type": OrderType.TRAILING_STOP, "limit_price": None, "trailing_offset": Decimal(1)}
        return replace(leg, **self.pick(stop, trail))

    def changes(self, order: Order) -> Changes:
        """Changes, mostly of fields that the order has, sometimes of others."""
        sense = self.pick(True, True, True, False)
        return Changes(
            quantity=self.quantity() if self.pick(True, False) else None,
            limit_price=self.price() if order.limit_price is not None or not sense else None,
            stop_price=self.price() if order.stop_price is not None or not sense else None,
            trailing_offset=Decimal(3) if order.trailing_offset is not None or not sense else None,
            expires_at=90 if order.expires_at is not None or not sense else None,
        )


plans = st.builds(lambda seed, length: Planner(seed).plan(length), st.integers(0, 2**32), st.integers(1, 60))


def run(plan: list[Step]) -> tuple[Exchange, list[list[ExecutionReport]]]:
    venue = Exchange(TICK)
    return venue, [step.call(venue) for step in plan]


def shown(venue: Exchange, side: Side) -> Decimal | None:
    """All that the market shows to an order of this side; None for no bound."""
    levels = venue.market.take(side, Decimal(10_000), None)
    return sum((size for _, size in levels), Decimal(0))


class Watch:
    """Folds the reports of a run and asserts what must hold of each."""

    def __init__(self) -> None:
        self.states: dict[str, OrderState] = {}
        self.positions: dict[str, Decimal] = defaultdict(Decimal)

    def see(self, step: Step, reports: list[ExecutionReport], venue: Exchange) -> None:
        for order in step.orders:
            self.states[str(order.id)] = OrderState(order=order, status=S.PENDING_NEW)
        taken: dict[str, Decimal] = defaultdict(Decimal)
        for report in reports:
            if not isinstance(report, StatusChange):
                continue
            name = str(report.order_id)
            before = self.states[name]
            assert report.status in LEGAL[before.status], (before.status, report)
            after = self.states[name] = evolve(before, report)
            if isinstance(report, Filled):
                taken[name] += report.quantity
                self._check_fill(before, report, after)
                limit = shown(venue, after.order.side)
                assert limit is None or taken[name] <= limit
            if isinstance(report, TrailMoved):
                self._check_move(before, after)
            if isinstance(report, Restated | Released | Replaced):
                assert after.order.quantity >= after.filled_quantity
        for name, state in self.states.items():
            assert venue.order(name) == (state if state.is_open else None)
            if state.order.reduce_only and state.status in (S.NEW, S.PARTIALLY_FILLED):
                # What only reduces works for as long as there is something to reduce.
                assert self.positions[str(state.order.account)] * state.order.side.sign < 0

    def _check_fill(self, before: OrderState, fill: Filled, after: OrderState) -> None:
        order = before.order
        assert fill.quantity > 0
        assert after.filled_quantity == before.filled_quantity + fill.quantity <= order.quantity
        assert fill.number == before.fills + 1
        assert fill.remaining == after.remaining
        assert (fill.status is S.FILLED) == (after.remaining == 0)
        if order.limit_price is not None:
            sign = order.side.sign
            assert fill.price * sign <= order.limit_price * sign
            if fill.liquidity is Liquidity.MAKER:
                assert fill.price == order.limit_price
        if order.post_only:
            assert fill.liquidity is Liquidity.MAKER
        held = self.positions[str(order.account)]
        self.positions[str(order.account)] = held + fill.quantity * order.side.sign
        if order.reduce_only:
            assert held * order.side.sign < 0
            assert fill.quantity <= abs(held)

    def _check_move(self, before: OrderState, after: OrderState) -> None:
        sign = after.order.side.sign
        for old, new in (
            (before.order.stop_price, after.order.stop_price),
            (before.order.limit_price, after.order.limit_price),
        ):
            if old is not None:
                assert new * sign <= old * sign


EXAMPLES = settings(max_examples=200, deadline=None)


@EXAMPLES
@given(plans)
def test_every_report_is_legal_and_every_fill_within_its_bounds(plan):
    venue, watch = Exchange(TICK), Watch()
    for step in plan:
        watch.see(step, step.call(venue), venue)
    for account, position in watch.positions.items():
        assert venue.holding(account).quantity == position


@EXAMPLES
@given(plans)
def test_an_account_without_short_sales_is_never_short(plan):
    venue, position = Exchange(TICK), Decimal(0)
    venue.introduce("acc", hedging=False, may_short=False)
    sides = {order.id: order.side for step in plan for order in step.orders if order.account == "acc"}
    for step in plan:
        for report in step.call(venue):
            if isinstance(report, Filled) and report.order_id in sides:
                position += report.quantity * sides[report.order_id].sign
                assert position >= 0
        if not position:
            open_sells = [row for row in venue.open_orders() if row.order.side is Side.SELL]
            assert all(row.status is S.HELD or row.order.account != "acc" for row in open_sells)
    assert venue.holding("acc").quantity == position


@EXAMPLES
@given(plans)
def test_equal_input_gives_equal_output(plan):
    first, second = run(plan), run(plan)
    assert first[1] == second[1]
    assert first[0].snapshot() == second[0].snapshot()


@EXAMPLES
@given(plans, st.floats(0, 1))
def test_a_restart_at_any_point_changes_nothing(plan, share):
    cut = round(share * len(plan))
    undisturbed, reports = run(plan)
    venue = Exchange(TICK)
    before = [step.call(venue) for step in plan[:cut]]
    venue = Exchange.restored(TICK, venue.snapshot())
    after = [step.call(venue) for step in plan[cut:]]
    assert before + after == reports
    assert venue.snapshot() == undisturbed.snapshot()


@EXAMPLES
@given(plans)
def test_a_restart_after_every_step_from_stored_reports_changes_nothing(plan):
    """As the live venue does it: order states come from reports, the market and the positions from elsewhere."""
    _, reports = run(plan)
    states: dict[str, OrderState] = {}
    venue = Exchange(TICK)
    for step, expected in zip(plan, reports, strict=True):
        again = Exchange.restored(TICK, replace(venue.snapshot(), orders=()))
        for state in states.values():
            if state.is_open:
                again.restore(state)
        venue = again
        states |= {str(order.id): OrderState(order=order, status=S.PENDING_NEW) for order in step.orders}
        found = step.call(venue)
        assert found == expected
        for report in found:
            if str(report.order_id) in states:
                states[str(report.order_id)] = evolve(states[str(report.order_id)], report)


@EXAMPLES
@given(plans)
def test_a_finished_order_is_in_no_waiting_list(plan):
    venue, _ = run(plan)
    for state in venue.open_orders():
        venue.cancel(state.order.id, 100)
    queues = venue.state.queues
    assert len(venue) == 0
    assert not venue.state.groups._members
    rooms = {id(ladder._room): ladder._room for ladder in every_ladder(queues)}
    assert [room.waiting for room in rooms.values()] == [0] * len(rooms)
    assert all(ladder.best is None for ladder in every_ladder(queues))


def every_ladder(queues):
    yield from queues._prices.values()
    yield from queues._activations.values()
    yield from queues._ratchets.values()
    yield from (queues._rests, queues._unset, queues.expiries)


@EXAMPLES
@given(plans)
def test_an_oco_never_trades_on_both_sides(plan):
    venue, watch = Exchange(TICK), Watch()
    for step in plan:
        watch.see(step, step.call(venue), venue)
    traded = defaultdict(set)
    for name, state in watch.states.items():
        if state.order.contingency is Contingency.OCO and state.fills:
            traded[state.order.group].add(name)
    assert all(len(names) == 1 for names in traded.values())


@EXAMPLES
@given(plans)
def test_exits_never_trade_more_than_their_entry_filled(plan):
    venue, watch = Exchange(TICK), Watch()
    for step in plan:
        watch.see(step, step.call(venue), venue)
    entries, exits = defaultdict(Decimal), defaultdict(Decimal)
    for state in watch.states.values():
        if state.order.contingency is Contingency.OTO:
            entries[state.order.group] += state.filled_quantity
        elif state.order.contingency is Contingency.OUO:
            exits[state.order.group] += state.filled_quantity
    assert all(exits[group] <= entries[group] for group in exits)


@given(st.decimals(-20, 20, places=2), st.sampled_from(Side), st.decimals("0.01", 20, places=2), st.booleans())
def test_positions_without_short_sales_are_never_negative_and_equal_the_sum_of_fills(start, side, quantity, closes):
    netting = Holding.net(start).after(side, quantity, closes=closes)
    assert netting.quantity == start + quantity * side.sign
    assert min(netting.long, netting.short) == 0
    hedging = Holding(long=abs(start), short=abs(start), hedging=True).after(side, quantity, closes=closes)
    assert min(hedging.long, hedging.short) >= 0
