"""Exits are never blocked: what can only reduce a position passes whatever limits positions, losses, size and funds."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.access.types import Role
from domain.accounts.types import AccountKind, AccountState, PositionMode
from domain.kernel.numbers import ZERO
from domain.market.types import FeeSchedule, Instrument, SettlementCycle
from domain.orders.books.booking import ReportBooking
from domain.orders.deciding.grouping import decide_group, oco_orders
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.trading_book import TradingBook
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.model.commands import PlaceOco, PlaceOrder
from domain.orders.model.types import OrderStatus, OrderType, PositionEffect, RejectReason, Side
from domain.positions.closable import frozen
from domain.positions.exposure import reserved_for
from domain.positions.service import free_funds
from domain.positions.types import Bucket, PositionBook
from domain.risk.kinds import KINDS
from domain.risk.types import RiskAction, RiskLimits, RiskRule, RiskRuleKind, RiskScope, TradingHalt
from tests.orders.factories import ACCOUNT_ID, NOW, PERPETUAL, SPOT, command, group_request, market, quote, trading_book
from tests.support.world import World

# Of each kind of rule the tightest limit that there is.
RULES = [
    RiskRule(
        id=UUID(int=number),
        name=kind.value,
        kind=kind,
        scope=RiskScope.GLOBAL,
        account_id=None,
        symbol=None,
        strategy=None,
        threshold=Decimal(10**9) if kind is RiskRuleKind.MIN_MARGIN_RATIO else ZERO,
        window_seconds=60 if KINDS[kind].window else None,
        action=RiskAction.REJECT,
        enabled=True,
        created_at=NOW,
        updated_at=NOW,
        version=1,
    )
    for number, kind in enumerate(RiskRuleKind)
    if KINDS[kind].exits_pass and kind is not RiskRuleKind.SELF_TRADE
]
HALTS = [
    TradingHalt(UUID(int=place), scope, account, symbol, strategy, "stop", "risk", Role.RISK_MANAGER, NOW)
    for place, (scope, account, symbol, strategy) in enumerate(
        [
            (RiskScope.GLOBAL, None, None, None),
            (RiskScope.ACCOUNT, ACCOUNT_ID, None, None),
            (RiskScope.INSTRUMENT, None, "COIN-PERP", None),
            (RiskScope.STRATEGY, None, None, "trend"),
        ]
    )
]
SMALL = replace(PERPETUAL, max_quantity=Decimal(10), min_notional=Decimal(10**6), min_quantity=Decimal(5))
EXITS: list[dict[str, Any]] = [
    {"type": OrderType.MARKET, "quantity": "90"},
    {"type": OrderType.LIMIT, "quantity": "90", "limit_price": "110"},
    {"type": OrderType.STOP, "quantity": "90", "stop_price": "95"},
    {"type": OrderType.STOP_LIMIT, "quantity": "90", "stop_price": "95", "limit_price": "94"},
    {"type": OrderType.TRAILING_STOP, "quantity": "90", "trailing_offset": "5"},
    {"type": OrderType.MARKET_IF_TOUCHED, "quantity": "90", "stop_price": "110"},
    {"type": OrderType.MARKET, "quantity": "1"},
    {"type": OrderType.MARKET, "quantity": "500"},
]


def exit_order(**others: Any) -> PlaceOrder:
    """A reduce-only sell; numbers as text."""
    numbers = {"quantity", "limit_price", "stop_price", "trailing_offset"}
    given_terms = {name: Decimal(value) if name in numbers else value for name, value in others.items()}
    terms = {"symbol": "COIN-PERP", "side": Side.SELL, "reduce_only": True, "strategy": "trend", "limit_price": None}
    return command(**(terms | given_terms))


def holder(
    quantity: str = "90",
    free: str = "100",
    limits: RiskLimits | None = None,
    bucket: Bucket = Bucket.NET,
    **others: Any,
) -> tuple[TradingBook, PositionBook]:
    """A margin account that holds so many perpetuals at 100 and has so much left."""
    book = trading_book("1000", AccountKind.MARGIN, **others)
    book.free = Decimal(free)
    book.limits = limits or RiskLimits()
    position = book.position(PERPETUAL.id, bucket)
    position.quantity, position.average_price = Decimal(quantity), Decimal(100)
    return book, position


@pytest.mark.parametrize("terms", EXITS)
@pytest.mark.parametrize("instrument", [PERPETUAL, SMALL])
@pytest.mark.parametrize("state", [AccountState.ACTIVE, AccountState.REDUCE_ONLY, AccountState.HALTED])
def test_an_exit_passes_every_rule_beside_other_exits_of_the_whole_position(
    terms: dict[str, Any], instrument: Instrument, state: AccountState
) -> None:
    book, _ = holder(free="-5000", limits=RiskLimits(tuple(RULES), tuple(HALTS)), state=state)
    first = exit_order(type=OrderType.LIMIT, quantity="90", limit_price="110")
    for wanted in (first, first, exit_order(**terms)):
        decision = decide(wanted, instrument, market(quote("COIN-PERP")), book)
        assert (decision.accepted, decision.violations, decision.is_exit) == (True, (), True), decision.message
        assert decision.reserved == decision.reservation.fee > ZERO
        assert decision.reservation.margin == ZERO


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.kind.value)
def test_each_position_rule_refuses_an_order_that_may_open(rule: RiskRule) -> None:
    book, _ = holder(limits=RiskLimits((rule,)), free="100000")
    flips = exit_order(type=OrderType.MARKET, quantity="91", reduce_only=False)
    assert decide(flips, PERPETUAL, market(quote("COIN-PERP")), book).reason is RejectReason.RISK_RULE


@pytest.mark.parametrize("halt", HALTS, ids=lambda halt: halt.scope.value)
def test_each_halt_refuses_an_order_that_may_open(halt: TradingHalt) -> None:
    book, _ = holder(limits=RiskLimits((), (halt,)), free="100000")
    flips = exit_order(type=OrderType.MARKET, quantity="91", reduce_only=False)
    assert decide(flips, PERPETUAL, market(quote("COIN-PERP")), book).reason is RejectReason.TRADING_HALTED


def test_exits_reserve_only_their_fees_and_freeze_the_position_once() -> None:
    book, position = holder()
    for _ in range(3):
        assert decide(
            exit_order(type=OrderType.LIMIT, quantity="90", limit_price="110"), PERPETUAL, market(), book
        ).accepted
    assert book.account.reserved == position.reserved == 3 * Decimal("9.9")
    assert (position.working_sell, position.exit_sell, position.working_sell_margin) == (270, 270, 0)
    assert frozen(position, PERPETUAL) == 90


def test_an_oco_of_two_exits_needs_no_funds_in_any_state() -> None:
    book, position = holder(free="-1", limits=RiskLimits(tuple(RULES), tuple(HALTS)), state=AccountState.REDUCE_ONLY)
    assert decide(exit_order(type=OrderType.STOP, quantity="90", stop_price="90"), PERPETUAL, market(), book).accepted
    legs = PlaceOco(
        exit_order(type=OrderType.LIMIT, quantity="90", limit_price="110"),
        exit_order(type=OrderType.STOP, quantity="90", stop_price="95"),
    )
    orders = decide_group(group_request(*oco_orders(legs), PERPETUAL, market(quote("COIN-PERP")), book)).orders
    assert [order.status for order in orders] == [OrderStatus.PENDING_NEW] * 2
    assert (position.exit_sell, position.working_sell_margin) == (180, ZERO)
    assert [order.reserved_fee for order in orders] == [Decimal("9.9"), ZERO]


def test_closing_and_reduce_only_orders_pass_in_a_hedging_account() -> None:
    for effect in ({"position_effect": PositionEffect.CLOSE, "reduce_only": False}, {"reduce_only": True}):
        book, position = holder(
            free="-1",
            bucket=Bucket.LONG,
            position_mode=PositionMode.HEDGING,
            state=AccountState.REDUCE_ONLY,
            limits=RiskLimits(tuple(RULES), tuple(HALTS)),
        )
        for terms in EXITS[:6]:
            decision = decide(exit_order(**(terms | effect)), PERPETUAL, market(quote("COIN-PERP")), book)
            assert decision.accepted, decision.message
            assert (decision.reservation.bucket, decision.reservation.margin) == (Bucket.LONG, ZERO)
        assert frozen(position, PERPETUAL) == 90
    more = exit_order(type=OrderType.MARKET, quantity="91", position_effect=PositionEffect.CLOSE, reduce_only=False)
    assert decide(more, PERPETUAL, market(), book).reason is RejectReason.INSUFFICIENT_POSITION


def test_exits_of_a_cash_account_may_add_up_to_more_than_the_position() -> None:
    book = trading_book("0")
    position = book.position(SPOT.id, Bucket.NET)
    position.quantity, position.average_price = Decimal(10), Decimal(100)
    sell = command(side=Side.SELL, quantity=Decimal(10), limit_price=Decimal(110), reduce_only=True)
    stop = command(type=OrderType.STOP, side=Side.SELL, quantity=Decimal(10), stop_price=Decimal(95), reduce_only=True)
    assert [decide(row, SPOT, market(), book).reason for row in (sell, stop)] == [None, None]
    # What does not say that it only reduces must be there: it would go on when the position is gone.
    plain_sell = replace(sell, reduce_only=False)
    assert decide(plain_sell, SPOT, market(), book).reason is RejectReason.INSUFFICIENT_POSITION
    assert book.account.reserved == ZERO


def test_exits_share_the_unfrozen_part_of_a_position() -> None:
    exit_limit = exit_order(type=OrderType.LIMIT, quantity="60", limit_price="110")
    book, position = holder()
    position.held_quantity = Decimal(30)
    assert decide(exit_limit, PERPETUAL, market(), book).accepted
    assert decide(exit_limit, PERPETUAL, market(), book).reason is RejectReason.INSUFFICIENT_POSITION
    today = replace(SPOT, settlement_cycle=SettlementCycle.T1)
    cash = trading_book("0")
    bought = cash.position(SPOT.id, Bucket.NET)
    bought.quantity, bought.today_quantity = Decimal(10), Decimal(4)
    sell = command(side=Side.SELL, quantity=Decimal(6), limit_price=Decimal(110), reduce_only=True)
    assert decide(sell, today, market(), cash).accepted
    assert decide(sell, today, market(), cash).reason is RejectReason.INSUFFICIENT_POSITION


def test_an_exit_passes_without_the_prices_that_it_does_not_need() -> None:
    book, _ = holder(free="0")
    # Another position of the account has no price.
    book.free = None
    assert decide(exit_order(type=OrderType.MARKET, quantity="90"), PERPETUAL, market(), book).accepted
    stale = market(stale=True)
    stop = exit_order(type=OrderType.STOP, quantity="90", stop_price="95")
    assert decide(stop, PERPETUAL, stale, book).accepted
    assert decide(exit_order(type=OrderType.MARKET, quantity="90"), PERPETUAL, stale, book).reason is (
        RejectReason.STALE_PRICE
    )


def test_an_exit_may_close_an_odd_lot_whole_beside_other_exits() -> None:
    lots = replace(PERPETUAL, lot_size=Decimal(100))
    for quantity, side in (("130", Side.SELL), ("-130", Side.BUY)):
        book, _ = holder(quantity)
        for _ in range(2):
            assert decide(exit_order(type=OrderType.MARKET, quantity="130", side=side), lots, market(), book).accepted
        part = exit_order(type=OrderType.MARKET, quantity="30", side=side)
        assert decide(part, lots, market(), book).reason is RejectReason.INVALID_LOT


@pytest.mark.parametrize(
    ("held", "free", "orders", "accepted"),
    [
        # Long 5 at 100 with equity 200 leaves 150: SELL 25 ends at short 20, whose margin is 200.
        ("5", "150", [("SELL", "25")], [True]),
        ("5", "150", [("SELL", "25.001")], [False]),
        ("-5", "150", [("BUY", "25")], [True]),
        ("-5", "149.999999", [("BUY", "25")], [False]),
        # A flip that ends no larger than it began needs nothing.
        ("5", "0", [("SELL", "10")], [True]),
        ("5", "0", [("SELL", "10.001")], [False]),
        # Both sides count at the worse one.
        ("0", "100", [("SELL", "10"), ("BUY", "10"), ("BUY", "0.001")], [True, True, False]),
        ("5", "150", [("SELL", "25"), ("BUY", "15"), ("BUY", "0.001"), ("SELL", "0.001")], [True, True, False, False]),
        # An exit that works beside may be first: what the other sells opens then.
        ("5", "50", [("EXIT", "5"), ("SELL", "10"), ("SELL", "0.001")], [True, True, False]),
        ("5", "49.999", [("EXIT", "5"), ("SELL", "10")], [True, False]),
    ],
)
def test_a_flip_needs_margin_for_what_it_opens_less_what_it_frees(
    held: str, free: str, orders: Sequence[tuple[str, str]], accepted: list[bool]
) -> None:
    costless = replace(PERPETUAL, fees=FeeSchedule())
    book, position = holder(held, free)
    answers = []
    for side, quantity in orders:
        wanted = exit_order(
            type=OrderType.LIMIT,
            limit_price="100",
            side=Side.BUY if side == "BUY" else Side.SELL,
            quantity=quantity,
            reduce_only=side == "EXIT",
        )
        answers.append(decide(wanted, costless, market(quote("COIN-PERP", "99", "101")), book).accepted)
    assert answers == accepted
    assert book.account.reserved == reserved_for(position, AccountKind.MARGIN) <= Decimal(free)


sizes = st.decimals("0.001", "200", places=3)
beside = st.lists(
    st.tuples(st.sampled_from([Side.BUY, Side.SELL]), sizes, st.booleans()),
    max_size=4,
)


@settings(max_examples=200, deadline=None)
@given(
    held=st.decimals("-100", "100", places=3).filter(bool),
    works=beside,
    share=st.decimals("0.001", "2", places=3),
    kind=st.sampled_from([terms["type"] for terms in EXITS]),
    state=st.sampled_from([AccountState.ACTIVE, AccountState.REDUCE_ONLY, AccountState.HALTED]),
    free=st.none() | st.decimals("-1000", "1000", places=2),
)
def test_an_exit_always_passes_and_reserves_its_fee_alone(
    held: Decimal,
    works: list[tuple[Side, Decimal, bool]],
    share: Decimal,
    kind: OrderType,
    state: AccountState,
    free: Decimal | None,
) -> None:
    book, position = holder(str(held), "1000000")
    there = market(quote("COIN-PERP"))
    for side, quantity, only_reduces in works:
        order = exit_order(
            type=OrderType.LIMIT, limit_price="100", side=side, quantity=quantity, reduce_only=only_reduces
        )
        decide(order, PERPETUAL, there, book)
    book.limits, book.account.state, book.free = RiskLimits(tuple(RULES), tuple(HALTS)), state, free
    before = book.account.reserved
    terms = next(dict(row) for row in EXITS if row["type"] is kind)
    sells = held > ZERO
    if not sells and "stop_price" in terms:
        terms["stop_price"] = str(200 - Decimal(terms["stop_price"]))
    quantity = max(Decimal("0.001"), (abs(held) * share).quantize(Decimal("0.001")))
    wanted = exit_order(**(terms | {"quantity": quantity, "side": Side.SELL if sells else Side.BUY}))
    decision = decide(wanted, PERPETUAL, there, book)
    assert decision.accepted, decision.message
    assert decision.reservation.margin == ZERO
    opening = position.working_sell - position.exit_sell if sells else position.working_buy - position.exit_buy
    if opening <= abs(held):
        # Else the others may open more when the exit comes first: that is theirs to pay for.
        assert book.account.reserved - before == decision.reservation.fee
    assert book.account.reserved == reserved_for(position, AccountKind.MARGIN)


class FundedWorld(World):
    """A ``World`` whose decisions see the account's available funds at the present market."""

    def report(self, reports: Sequence[ExecutionReport]) -> ReportBooking:
        booking = super().report(reports)
        self.book.free = free_funds(
            self.book.account, self.book.positions.values(), {self.instrument.id: self.instrument}, lambda _: self.quote
        )
        return booking


moves = st.lists(
    st.tuples(
        st.sampled_from(["place", "place", "place", "cancel", "quote"]),
        st.sampled_from([Side.BUY, Side.SELL]),
        st.sampled_from(["99", "100", "101"]),
        st.integers(1, 60),
        st.booleans(),
    ),
    max_size=25,
)


# The exit may fill before the sale that rests, which then opens one unit more than it had to pay for.
EXIT_BESIDE_A_FLIP = [
    ("place", Side.BUY, "100", 7, False),
    ("quote", Side.BUY, "99", 6, False),
    ("place", Side.SELL, "99", 27, False),
    ("place", Side.SELL, "99", 1, True),
    ("quote", Side.BUY, "99", 21, False),
]


@settings(max_examples=150, deadline=None)
@given(moves)
@example([("place", Side.BUY, "99", 1, False)] * 11 + EXIT_BESIDE_A_FLIP)
def test_accepted_orders_at_a_constant_price_never_cause_debt_or_stale_reservations(
    steps: list[tuple[str, Side, str, int, bool]],
) -> None:
    costless = replace(PERPETUAL, fees=FeeSchedule(), lot_size=Decimal(1), min_quantity=Decimal(1))
    world = FundedWorld(costless, AccountKind.MARGIN, "200")
    world.tick("100", "100", "1000")
    lacking = ZERO
    for kind, side, price, quantity, only_reduces in steps:
        if kind == "place":
            # What is left of a limit beyond the market rests, and fills at that limit: the order's own loss.
            at = {"BUY": min, "SELL": max}[side.value](Decimal(price), Decimal(100))
            terms = {"side": side, "quantity": quantity, "limit_price": at, "reduce_only": only_reduces}
            world.place(exit_order(type=OrderType.LIMIT, **terms))
        elif kind == "cancel" and (working := [order for order in world.orders.values() if order.is_open]):
            world.cancel(working[quantity % len(working)])
        elif kind == "quote":
            # What rests trades, and the price is what it was.
            world.tick("100", "100", str(quantity))
        # ``World.report`` checks that what is reserved follows from the orders that work, each time.
        assert world.book.free is not None
        assert world.book.available is not None
        # Fills take no more than was reserved: what is missing after them was missing before.
        assert world.book.free >= lacking
        # An exit is never blocked: what it closes, the orders beside it may open the other way, and they pay for it.
        if any(order.only_reduces for order in world.orders.values()):
            lacking = min(lacking, world.book.available)
        else:
            assert world.book.available >= ZERO
