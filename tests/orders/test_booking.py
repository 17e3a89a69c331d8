"""Orders, the paper venue and the books together, without any server: what must hold after every step."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.accounts.types import AccountKind, TransactionKind
from domain.kernel.numbers import ZERO
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.types import Instrument, QuoteTick
from domain.orders.booking import Booking
from domain.orders.commands import PlaceOrder
from domain.orders.exchange.reports import Filled, Report
from domain.orders.order import Order
from domain.orders.paper import PaperVenue
from domain.orders.pretrade import decide
from domain.orders.state import new_order
from domain.orders.types import Liquidity, OrderStatus, OrderType, Side, TimeInForce
from domain.positions.reservation import reserved_for
from domain.positions.types import Bucket
from tests.orders.factories import ACCOUNT_ID, NOW, PERPETUAL, SPOT, command, market, quote, trading_book


class World:
    """One account, one instrument, one exchange."""

    def __init__(self, instrument: Instrument, kind: AccountKind, cash: str) -> None:
        self.instrument = instrument
        self.book = trading_book(cash, kind)
        self.start = self.book.account.cash
        self.venue = PaperVenue({instrument.symbol: instrument})
        self.orders: dict[UUID, Order] = {}
        self.quote = quote(instrument.symbol)
        self.clock = 0
        self.tick("99.99", "100.01", "5")

    def tick(self, bid: str, ask: str, size: str) -> None:
        self.clock += NANOS_PER_SECOND
        self.quote = quote(self.instrument.symbol, bid, ask, bid_size=Decimal(size), ask_size=Decimal(size))
        at = Nanos(self.clock)
        tick = QuoteTick(
            self.instrument.symbol, at, self.quote.bid, self.quote.ask, self.quote.bid_size, self.quote.ask_size
        )
        self.report(self.venue.on_tick(tick, self.clock))

    def place(self, order: PlaceOrder) -> Order:
        decision = decide(order, self.instrument, market(self.quote), self.book, ())
        placed = new_order(order, self.instrument, "paper", decision, market(self.quote), None, NOW)
        self.orders[placed.id] = placed
        if placed.is_open:
            self.report(self.venue.submit(placed, Nanos(self.clock)))
        return placed

    def cancel(self, order: Order) -> None:
        self.report(self.venue.cancel(order, Nanos(self.clock)))

    def report(self, reports: list[Report]) -> Booking:
        now = NOW + timedelta(seconds=self.clock // NANOS_PER_SECOND)
        booking = Booking(self.orders, {ACCOUNT_ID: self.book}, {self.instrument.id: self.instrument}, set(), now)
        booking.apply(reports)
        assert booking.ignored == []
        # What pre-trade checks would see next.
        self.book.free = self.book.account.cash
        self.check()
        return booking

    def check(self) -> None:
        account, position = self.book.account, self.book.position(self.instrument.id, Bucket.NET)
        assert account.cash == self.start + sum((row.amount for row in account.transactions), ZERO)
        assert account.reserved == position.reserved == reserved_for(position, account.kind) >= ZERO
        for buys, total, margin in (
            (True, position.working_buy, position.working_buy_margin),
            (False, position.working_sell, position.working_sell_margin),
        ):
            mine = [order for order in self.orders.values() if (order.side is Side.BUY) is buys]
            assert total == sum((order.working_quantity for order in mine), ZERO)
            assert all(order.working_quantity == order.remaining_quantity for order in mine)
            assert margin == sum((order.reserved_margin for order in mine if order.is_open), ZERO)
        filled = sum((order.filled_quantity * order.side.sign for order in self.orders.values()), ZERO)
        assert position.quantity == filled
        if account.is_cash:
            assert position.quantity >= ZERO


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
steps = st.lists(st.one_of(placements, ticks, st.integers(0, 30)), max_size=40)


@pytest.mark.parametrize("kind", list(AccountKind))
@settings(max_examples=60, deadline=None)
@given(plan=steps)
def test_the_books_agree_with_the_orders_after_every_step(
    kind: AccountKind, plan: list[PlaceOrder | tuple[Decimal, int, int] | int]
) -> None:
    world = World(SPOT if kind is AccountKind.CASH else PERPETUAL, kind, "2000")
    for step in plan:
        if isinstance(step, PlaceOrder):
            world.place(step)
        elif isinstance(step, tuple):
            bid, spread, size = step
            world.tick(str(bid), str(bid + Decimal(spread) / 100), str(Decimal(size) / 10))
        elif world.orders:
            order = list(world.orders.values())[step % len(world.orders)]
            if order.is_open:
                world.cancel(order)
        world.check()
    for order in [order for order in world.orders.values() if order.is_open]:
        world.cancel(order)
    assert world.book.account.reserved == ZERO
    assert all(order.remaining_quantity == ZERO for order in world.orders.values())


def test_a_spot_buy_and_sale_move_notional_fee_and_nothing_else() -> None:
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


def test_a_derivative_moves_its_realised_pnl() -> None:
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
    reports = world.venue.on_tick(
        QuoteTick(SPOT.symbol, Nanos(0), Decimal("99.97"), Decimal("99.99"), Decimal(5), Decimal(5)), 0
    )
    assert any(isinstance(report, Filled) for report in reports)
    booking = Booking({order.id: order}, {ACCOUNT_ID: world.book}, {SPOT.id: SPOT}, set(), NOW)
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
