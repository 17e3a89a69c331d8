"""The effect of a change of an open order, its reservation while pending, and its refusal."""

from copy import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.accounts.types import AccountKind, AccountState
from domain.kernel.errors import BadInput
from domain.kernel.numbers import ZERO
from domain.orders.deciding.modify_rules import as_changed
from domain.orders.exchange.execution_reports import Restated, RestateReason
from domain.orders.model.commands import ModifyOrder, OrderKey
from domain.orders.model.order import Order
from domain.orders.model.order_validation import check_change
from domain.orders.model.types import (
    Contingency,
    OffsetKind,
    OrderStatus,
    OrderType,
    PendingAction,
    RejectReason,
    Side,
    TimeInForce,
)
from tests.orders.factories import NOW, PERPETUAL, SPOT, command
from tests.support.world import World

LATER = NOW + timedelta(hours=1)


def resting(world: World, **others: Any) -> Order:
    """A limit order to buy two at 99, changed by the given terms."""
    order = world.place(command(**({"quantity": Decimal(2), "limit_price": Decimal(99)} | others)))
    assert order.status is OrderStatus.NEW
    return order


def state(world: World, order: Order) -> tuple[Any, ...]:
    """All that a refused change must leave alone."""
    account = world.book.account
    position = next(iter(world.book.positions.values()))
    sums = (position.working_buy, position.working_sell, position.working_buy_margin, position.working_fees)
    return copy(order), account.cash, account.reserved, account.event_sequence, sums, position.reserved


@pytest.fixture
def world() -> World:
    return World(SPOT, AccountKind.CASH, "1000")


def test_a_pending_change_reserves_the_larger_amount_until_the_venue_answers(world: World) -> None:
    order = resting(world)
    assert world.book.account.reserved == Decimal("198.20")
    change = world.ask_change(order, quantity="5", limit_price="98").change
    assert world.book.account.reserved == Decimal("490.490")
    assert (order.quantity, order.limit_price, order.reserved_quantity) == (Decimal(2), Decimal(99), Decimal(5))
    world.report(world.books.replace(order, change, world.now))
    assert (order.quantity, order.limit_price, order.pending_action) == (Decimal(5), Decimal(98), None)
    assert world.book.account.reserved == Decimal("490.490")
    change = world.ask_change(order, quantity="1").change
    assert world.book.account.reserved == Decimal("490.490")
    world.report(world.books.replace(order, change, world.now))
    assert world.book.account.reserved == Decimal("98.10")
    assert world.kinds(order) == ["NEW", "REPLACED", "REPLACED"]


def test_a_change_of_price_and_quantity_reserves_the_larger_of_both_terms(world: World) -> None:
    order = resting(world)
    world.ask_change(order, quantity="1", limit_price="99.50")
    assert world.book.account.reserved == Decimal("198.20")


def test_a_refused_change_releases_its_reservation(world: World) -> None:
    order = resting(world, post_only=True)
    change = world.ask_change(order, limit_price="100.01").change
    assert world.book.account.reserved == Decimal("200.22")
    world.report(world.books.replace(order, change, world.now))
    assert (order.limit_price, order.pending_action, order.pending_changes) == (Decimal(99), None, ())
    assert world.book.account.reserved == Decimal("198.20")
    assert world.kinds(order) == ["NEW", "REPLACE_REJECTED"]


def test_changes_of_one_order_queue_and_add_up(world: World) -> None:
    order = resting(world)
    first = world.ask_change(order, quantity="3").change
    second = world.ask_change(order, limit_price="98").change
    assert as_changed(order).quantity == Decimal(3)
    assert (second.quantity, second.quantity_after, second.reserve_price_after) == (None, Decimal(3), Decimal(98))
    world.report(world.books.replace(order, first, world.now))
    assert order.pending_action is PendingAction.REPLACE
    world.report(world.books.replace(order, second, world.now))
    assert (order.quantity, order.limit_price, order.pending_action) == (Decimal(3), Decimal(98), None)
    assert world.book.account.reserved == Decimal("294.29")


def test_a_quantity_equal_to_what_is_filled_completes_the_order(world: World) -> None:
    order = world.place(command(quantity=Decimal(8), limit_price=Decimal("100.01")))
    assert (order.status, order.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, Decimal(5))
    world.modify(order, quantity="5")
    assert (order.status, order.closed_at is not None, order.remaining_quantity) == (OrderStatus.FILLED, True, ZERO)
    assert world.book.account.reserved == ZERO


def test_a_limit_moved_into_the_market_fills_at_once(world: World) -> None:
    order = resting(world)
    world.modify(order, limit_price="100.01")
    assert (order.status, order.average_price) == (OrderStatus.FILLED, Decimal("100.01"))
    assert world.kinds(order) == ["NEW", "REPLACED", "TRADE"]


def test_a_resting_market_to_limit_order_may_be_moved(world: World) -> None:
    order = world.place(command(type=OrderType.MARKET_TO_LIMIT, quantity=Decimal(8), limit_price=None))
    assert (order.status, order.limit_price) == (OrderStatus.PARTIALLY_FILLED, Decimal("100.01"))
    world.modify(order, limit_price="99")
    assert (order.limit_price, order.reserve_price) == (Decimal(99), Decimal(99))
    assert world.book.account.reserved == Decimal("297.30")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"quantity": "20"}, RejectReason.INSUFFICIENT_FUNDS),
        ({"quantity": "2.0005"}, RejectReason.INVALID_LOT),
        ({"quantity": "1.0005"}, RejectReason.INVALID_LOT),
        ({"limit_price": "99.005"}, RejectReason.INVALID_TICK),
        ({"limit_price": "-1"}, RejectReason.INVALID_TICK),
    ],
)
def test_a_change_that_business_rules_refuse_changes_nothing(
    world: World, fields: dict[str, str], reason: RejectReason
) -> None:
    order = resting(world)
    before = state(world, order)
    decision = world.ask_change(order, **fields)
    assert decision.refusal is not None
    assert decision.refusal[0] is reason
    assert state(world, order) == before


def test_reducing_an_order_is_never_refused_for_funds_or_risk(world: World) -> None:
    order = resting(world)
    world.book.account.state = AccountState.HALTED
    assert world.ask_change(order, quantity="1").refusal is None
    refusal = world.ask_change(order, limit_price="98").refusal
    assert refusal is not None
    assert refusal[0] is RejectReason.ACCOUNT_NOT_ACTIVE


def test_a_sale_can_grow_by_the_unsold_part_of_the_position() -> None:
    world = World(SPOT, AccountKind.CASH, "1000")
    world.place(command(type=OrderType.MARKET, quantity=Decimal(3)))
    sale = world.place(command(side=Side.SELL, quantity=Decimal(1), limit_price=Decimal(105)))
    assert world.ask_change(sale, quantity="3").refusal is None
    refusal = world.ask_change(sale, quantity="3.001").refusal
    assert refusal is not None
    assert refusal[0] is RejectReason.INSUFFICIENT_POSITION


def test_an_exit_on_margin_grows_without_funds() -> None:
    world = World(PERPETUAL, AccountKind.MARGIN, "31")
    world.place(command(type=OrderType.MARKET, quantity=Decimal(2)))
    sale = world.place(command(side=Side.SELL, quantity=Decimal(1), limit_price=Decimal(105)))
    world.book.free = ZERO
    assert world.ask_change(sale, quantity="2").refusal is None


def test_a_change_to_equal_terms_changes_nothing_and_says_so(world: World) -> None:
    order = resting(world)
    before = state(world, order)
    with pytest.raises(BadInput, match="already") as caught:
        world.ask_change(order, quantity="2", limit_price="99.00")
    assert caught.value.field == "input"
    assert state(world, order) == before


def test_unchanged_terms_are_not_sent_to_the_venue(world: World) -> None:
    order = resting(world)
    change = world.ask_change(order, quantity="1", limit_price="99").change
    assert (change.quantity, change.limit_price) == (Decimal(1), None)


def trailing(order: Order) -> None:
    order.type, order.trailing_offset_kind = OrderType.TRAILING_STOP, OffsetKind.PRICE


def in_ticks(order: Order) -> None:
    order.type, order.trailing_offset_kind = OrderType.TRAILING_STOP, OffsetKind.TICKS


def in_basis_points(order: Order) -> None:
    order.type, order.trailing_offset_kind = OrderType.TRAILING_STOP, OffsetKind.BASIS_POINTS


def triggered(order: Order) -> None:
    order.type, order.triggered_at = OrderType.STOP_LIMIT, NOW


def triggered_trail(order: Order) -> None:
    trailing(order)
    order.triggered_at = NOW


def partly_filled(order: Order) -> None:
    order.filled_quantity = Decimal(1)


def an_exit(order: Order) -> None:
    order.contingency = Contingency.OUO


def without_limit(order: Order) -> None:
    order.type, order.limit_price = OrderType.STOP, None


def until_a_date(order: Order) -> None:
    order.time_in_force, order.expires_at = TimeInForce.GTD, LATER


@pytest.mark.parametrize(
    ("make", "field", "fields"),
    [
        (None, "input", {}),
        (None, "quantity", {"quantity": Decimal(0)}),
        (None, "quantity", {"quantity": Decimal(-1)}),
        (None, "quantity", {"quantity": Decimal("NaN")}),
        (None, "limitPrice", {"limit_price": Decimal("1e18")}),
        (partly_filled, "quantity", {"quantity": Decimal("0.999")}),
        (an_exit, "quantity", {"quantity": Decimal(1)}),
        (without_limit, "limitPrice", {"limit_price": Decimal(1)}),
        (None, "stopPrice", {"stop_price": Decimal(1)}),
        (triggered, "stopPrice", {"stop_price": Decimal(1)}),
        (None, "trailingOffset", {"trailing_offset": Decimal(1)}),
        (triggered_trail, "trailingOffset", {"trailing_offset": Decimal(1)}),
        (trailing, "trailingOffset", {"trailing_offset": Decimal(0)}),
        (in_ticks, "trailingOffset", {"trailing_offset": Decimal("1.5")}),
        (in_basis_points, "trailingOffset", {"trailing_offset": Decimal(10_000)}),
        (None, "expiresAt", {"expires_at": LATER}),
        (until_a_date, "expiresAt", {"expires_at": NOW}),
    ],
)
def test_a_malformed_change_names_its_field(world: World, make: Any, field: str, fields: dict[str, Any]) -> None:
    order = resting(world)
    if make is not None:
        make(order)
    with pytest.raises(BadInput) as caught:
        check_change(ModifyOrder(OrderKey(id=order.id), **fields), order, NOW)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("make", "fields"),
    [
        (partly_filled, {"quantity": Decimal(1)}),
        (an_exit, {"limit_price": Decimal(1)}),
        (until_a_date, {"expires_at": LATER}),
        (in_ticks, {"trailing_offset": Decimal(3), "stop_price": Decimal(90)}),
    ],
)
def test_a_well_formed_change_passes(world: World, make: Any, fields: dict[str, Any]) -> None:
    order = resting(world)
    make(order)
    check_change(ModifyOrder(OrderKey(id=order.id), **fields), order, NOW)


def test_a_change_keeps_the_new_expiry_of_a_gtd_order(world: World) -> None:
    order = resting(world, time_in_force=TimeInForce.GTD, expires_at=LATER)
    sooner = LATER - timedelta(minutes=30)
    world.modify(order, expires_at=sooner)
    assert (order.expires_at, order.works_until) == (sooner, sooner)


def test_changing_a_stop_changes_its_reservation() -> None:
    world = World(SPOT, AccountKind.CASH, "1000")
    order = world.place(command(type=OrderType.STOP, limit_price=None, stop_price=Decimal(110), quantity=Decimal(1)))
    assert order.reserve_price == Decimal("115.50")
    world.modify(order, stop_price="120")
    assert (order.stop_price, order.reserve_price) == (Decimal(120), Decimal("126.00"))


def test_an_unsolicited_restatement_is_booked_while_a_change_is_pending(world: World) -> None:
    order = resting(world, quantity=Decimal(4))
    world.ask_change(order, quantity="6")
    cut = Restated(
        order_id=order.id,
        at=1,
        status=OrderStatus.NEW,
        quantity=Decimal(3),
        limit_price=Decimal(99),
        stop_price=None,
        reason=RestateReason.REDUCE_ONLY,
    )
    world.report([cut])
    assert (order.quantity, order.pending_action) == (Decimal(3), PendingAction.REPLACE)
    assert order.reserved_quantity == Decimal(6)
