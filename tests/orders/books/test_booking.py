"""Orders, the paper venue and the books together, without any server: what must hold after every step."""

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.accounts.types import AccountKind, TransactionKind
from domain.kernel.errors import BadInput
from domain.kernel.numbers import ZERO
from domain.market.types import QuoteTick
from domain.orders.books.booking import ReportBooking
from domain.orders.deciding.modify_rules import as_changed
from domain.orders.exchange.execution_reports import Filled
from domain.orders.model.commands import ModifyOrder, OrderKey, OrderLeg, PlaceBracket, PlaceOco, PlaceOrder
from domain.orders.model.order import Order, PendingChange
from domain.orders.model.order_validation import check_change
from domain.orders.model.types import Liquidity, OrderStatus, OrderType, Side, TimeInForce
from tests.orders.factories import ACCOUNT_ID, NOW, PERPETUAL, SPOT, command
from tests.support.world import World


@dataclass(frozen=True)
class Modification:
    """Of the order at a place; ``late`` ones reach the venue after the next quote."""

    place: int
    quantity: Decimal | None
    price: Decimal | None
    late: bool

    def fields_for(self, order: Order) -> dict[str, Decimal]:
        """The fields that fit the order."""
        price_field = "limit_price" if order.type is OrderType.LIMIT else "stop_price"
        named = {"quantity": self.quantity, price_field: self.price if order.type is not OrderType.MARKET else None}
        return {name: value for name, value in named.items() if value is not None}


prices = st.integers(9800, 10200).map(lambda cents: Decimal(cents) / 100)
placements = st.builds(
    lambda side, kind, quantity, price, force: command(
        side=side,
        type=kind,
        quantity=Decimal(quantity) / 10,
        limit_price=price if kind is OrderType.LIMIT else None,
        stop_price=price if kind is OrderType.STOP else None,
        time_in_force=force if kind is not OrderType.STOP else TimeInForce.GTC,
    ),
    st.sampled_from(Side),
    st.sampled_from([OrderType.MARKET, OrderType.LIMIT, OrderType.STOP]),
    st.integers(1, 80),
    prices,
    st.sampled_from([TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK]),
)
ticks = st.tuples(prices, st.integers(1, 40), st.integers(1, 100))
modifications = st.builds(
    Modification,
    st.integers(0, 30),
    st.one_of(st.none(), st.integers(1, 120).map(lambda tenths: Decimal(tenths) / 10)),
    st.one_of(st.none(), prices),
    st.booleans(),
)
entries = st.builds(
    lambda side, quantity, price: command(side=side, quantity=Decimal(quantity) / 10, limit_price=price),
    st.sampled_from(Side),
    st.integers(1, 80),
    prices,
)
brackets = st.builds(
    lambda entry, profit, loss: PlaceBracket(
        entry,
        OrderLeg(OrderType.LIMIT, limit_price=entry.limit_price + entry.side.sign * profit) if profit else None,
        OrderLeg(OrderType.STOP, stop_price=entry.limit_price - entry.side.sign * loss) if loss or not profit else None,
    ),
    entries,
    st.integers(0, 200).map(lambda cents: Decimal(cents) / 100),
    st.integers(1, 200).map(lambda cents: Decimal(cents) / 100),
)
ocos = st.builds(PlaceOco, entries, entries)
steps = st.lists(st.one_of(placements, ticks, modifications, brackets, ocos, st.integers(0, 30)), max_size=40)
Step = PlaceOrder | PlaceBracket | PlaceOco | tuple[Decimal, int, int] | Modification | int


def modify(world: World, step: Modification, late: list[tuple[Order, PendingChange]]) -> None:
    if not world.orders:
        return
    order = list(world.orders.values())[step.place % len(world.orders)]
    fields = step.fields_for(order)
    if not order.is_open or not fields:
        return
    try:
        check_change(ModifyOrder(OrderKey(), **fields), as_changed(order), NOW)
        decision = world.ask_change(order, **fields)
    except BadInput:
        return
    if decision.refusal is not None:
        return
    late.append((order, decision.change))
    if not step.late:
        for asked, change in late:
            world.report(world.books.replace(asked, change, world.now))
        late.clear()


@pytest.mark.parametrize("kind", list(AccountKind))
@settings(max_examples=60, deadline=None)
@given(plan=steps)
def test_the_books_agree_with_the_orders_after_every_step(kind: AccountKind, plan: list[Step]) -> None:
    world = World(SPOT if kind is AccountKind.CASH else PERPETUAL, kind, "2000")
    late: list[tuple[Order, PendingChange]] = []
    for step in plan:
        if isinstance(step, PlaceOrder):
            world.place(step)
        elif isinstance(step, PlaceBracket):
            world.bracket(step)
        elif isinstance(step, PlaceOco):
            world.oco(step)
        elif isinstance(step, tuple):
            bid, spread, size = step
            world.tick(str(bid), str(bid + Decimal(spread) / 100), str(Decimal(size) / 10))
            for order, change in late:
                world.report(world.books.replace(order, change, world.now))
            late.clear()
        elif isinstance(step, Modification):
            modify(world, step, late)
        elif world.orders:
            order = list(world.orders.values())[step % len(world.orders)]
            if order.is_open:
                world.cancel(order)
        world.check()
    for order in [order for order in world.orders.values() if order.is_open]:
        world.cancel(order)
    assert world.book.account.reserved == ZERO
    assert all(order.remaining_quantity == ZERO for order in world.orders.values())


def test_spot_trades_move_cash_by_notional_and_fee_alone() -> None:
    world = World(SPOT, AccountKind.CASH, "1000")
    world.place(command(type=OrderType.MARKET, quantity=Decimal(2)))
    world.tick("110", "110.02", "5")
    world.place(command(type=OrderType.MARKET, quantity=Decimal(2), side=Side.SELL))
    moved = [(row.kind, row.amount) for row in world.book.account.transactions]
    assert moved == [
        (TransactionKind.TRADE, Decimal("-200.02")),
        (TransactionKind.FEE, Decimal("-0.20")),
        (TransactionKind.TRADE, Decimal("220.00")),
        (TransactionKind.FEE, Decimal("-0.22")),
    ]
    account = world.book.account
    assert (account.cash, account.realized_pnl, account.fees_paid) == (
        Decimal("1019.56"),
        Decimal("19.98"),
        Decimal("0.42"),
    )


def test_a_derivative_trade_moves_cash_by_its_realised_pnl() -> None:
    world = World(PERPETUAL, AccountKind.MARGIN, "1000")
    world.place(command(type=OrderType.MARKET, quantity=Decimal(2)))
    world.tick("110", "110.02", "5")
    world.place(command(type=OrderType.MARKET, quantity=Decimal(2), side=Side.SELL))
    moved = [(row.kind, row.amount) for row in world.book.account.transactions]
    assert moved == [
        (TransactionKind.FEE, Decimal("-0.20")),
        (TransactionKind.REALIZED_PNL, Decimal("19.98")),
        (TransactionKind.FEE, Decimal("-0.22")),
    ]


def test_a_repeated_report_is_booked_once() -> None:
    world = World(SPOT, AccountKind.CASH, "1000")
    order = world.place(command(limit_price=Decimal("99.99")))
    reports = world.books.on_tick(
        QuoteTick(SPOT.symbol, world.now, Decimal("99.97"), Decimal("99.99"), Decimal(5), Decimal(5)), world.now
    )
    assert any(isinstance(report, Filled) for report in reports)
    booking = ReportBooking({order.id: order}, {ACCOUNT_ID: world.book}, {SPOT.id: SPOT}, set(), NOW)
    booking.apply([*reports, *reports])
    assert len(booking.executions) == 1
    assert order.filled_quantity == Decimal(1)
    assert len(booking.ignored) == len(reports)


def test_a_late_fill_is_booked_and_keeps_the_status() -> None:
    world = World(SPOT, AccountKind.CASH, "1000")
    order = world.place(command(limit_price=Decimal("99")))
    world.cancel(order)
    late = Filled(
        order_id=order.id,
        at=5,
        status=OrderStatus.PARTIALLY_FILLED,
        price=Decimal(99),
        quantity=Decimal("0.4"),
        liquidity=Liquidity.MAKER,
        number=1,
        filled_quantity=Decimal("0.4"),
        remaining=Decimal("0.6"),
        last_in_event=True,
    )
    world.report([late])
    assert order.status is OrderStatus.CANCELED
    assert order.filled_quantity == Decimal("0.4")
    assert world.book.account.reserved == ZERO
