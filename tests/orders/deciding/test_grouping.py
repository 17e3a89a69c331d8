"""Brackets and OCOs from their placing to their end: who waits, who holds what back, who goes with whom."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.numbers import ZERO
from domain.orders.deciding.grouping import bracket_orders, group_digest, oco_orders
from domain.orders.model.commands import OrderLeg, PlaceBracket, PlaceOco, PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import (
    Contingency,
    OrderStatus,
    OrderType,
    PositionEffect,
    RejectReason,
    Side,
    TimeInForce,
)
from domain.positions.closable import frozen
from domain.positions.types import Bucket, PositionBook
from tests.orders.factories import PERPETUAL, SPOT, command
from tests.support.world import World

S = OrderStatus


def profit(price: str = "110", **others: Any) -> OrderLeg:
    return OrderLeg(**({"type": OrderType.LIMIT, "limit_price": Decimal(price)} | others))


def stop(price: str = "90", **others: Any) -> OrderLeg:
    return OrderLeg(**({"type": OrderType.STOP, "stop_price": Decimal(price)} | others))


def bracket(entry: PlaceOrder | None = None, **legs: Any) -> PlaceBracket:
    """Buy four at 99, out at 110 or 90."""
    entry = entry or command(quantity=Decimal(4), limit_price=Decimal(99))
    return PlaceBracket(entry, **({"take_profit": profit(), "stop_loss": stop()} | legs))


def sale(price: str, quantity: str = "2", **others: Any) -> PlaceOrder:
    return command(side=Side.SELL, quantity=Decimal(quantity), limit_price=Decimal(price), **others)


def stop_sale(price: str, quantity: str = "2") -> PlaceOrder:
    return command(
        side=Side.SELL,
        type=OrderType.STOP,
        quantity=Decimal(quantity),
        limit_price=None,
        stop_price=Decimal(price),
    )


def statuses(orders: list[Order]) -> list[OrderStatus]:
    return [order.status for order in orders]


def held(world: World) -> PositionBook:
    return world.book.position(world.instrument.id, Bucket.NET)


@pytest.fixture
def world() -> World:
    return World(SPOT, AccountKind.CASH, "1000")


class TestBracket:
    def test_held_exits_reserve_nothing(self, world: World) -> None:
        entry, target, loss = orders = world.bracket(bracket())
        assert statuses(orders) == [S.NEW, S.HELD, S.HELD]
        assert [order.contingency for order in orders] == [Contingency.OTO, Contingency.OUO, Contingency.OUO]
        assert entry.parent_id is None
        assert target.parent_id == loss.parent_id == entry.id
        assert entry.group_id == target.group_id == loss.group_id is not None
        assert (target.side, target.quantity, target.reduce_only) == (Side.SELL, Decimal(4), True)
        assert target.position_effect is PositionEffect.CLOSE
        assert (target.reserved, loss.reserved, world.book.account.reserved) == (ZERO, ZERO, Decimal("396.40"))
        assert (held(world).working_sell, target.reserved_quantity) == (ZERO, ZERO)

    def test_the_first_fill_of_the_entry_releases_the_exits_and_they_grow_with_it(self, world: World) -> None:
        entry, target, loss = world.bracket(bracket())
        world.tick("98.5", "99", "1")
        assert statuses([entry, target, loss]) == [S.PARTIALLY_FILLED, S.NEW, S.NEW]
        assert [order.quantity for order in (entry, target, loss)] == [4, 1, 1]
        assert world.kinds(target) == ["RELEASED", "NEW"]
        world.tick("98.5", "99", "3")
        assert statuses([entry, target, loss]) == [S.FILLED, S.NEW, S.NEW]
        assert [order.quantity for order in (target, loss)] == [4, 4]
        assert world.kinds(loss) == ["RELEASED", "NEW", "REPLACED"]

    def test_two_exits_freeze_the_position_once(self, world: World) -> None:
        world.place(command(type=OrderType.MARKET, quantity=Decimal(1)))
        _, target, loss = world.bracket(bracket())
        world.tick("98.5", "99", "4")
        assert held(world).quantity == Decimal(5)
        assert (held(world).working_sell, frozen(held(world), SPOT)) == (Decimal(4), Decimal(4))
        assert (target.reserved_quantity, loss.reserved_quantity) == (Decimal(4), ZERO)
        other = world.place(sale("120", "1"))
        assert other.status is S.NEW

    def test_an_exit_on_margin_needs_no_margin(self) -> None:
        world = World(PERPETUAL, AccountKind.MARGIN, "1000")
        world.bracket(bracket())
        world.tick("98.5", "99", "4")
        # The fee of one exit, as taker: both never fill.
        assert world.book.account.reserved == Decimal(4) * Decimal(110) * Decimal("0.001")

    def test_cancelling_one_exit_leaves_the_reservation_of_the_other(self, world: World) -> None:
        _, target, loss = world.bracket(bracket())
        world.tick("98.5", "99", "4")
        world.cancel(target)
        assert statuses([target, loss]) == [S.CANCELED, S.NEW]
        assert (target.reserved_quantity, loss.reserved_quantity) == (ZERO, Decimal(4))

    def test_a_partial_exit_shrinks_the_other_and_a_complete_one_cancels_it(self, world: World) -> None:
        _, target, loss = world.bracket(bracket())
        world.tick("98.5", "99", "4")
        world.tick("110", "110.01", "1")
        assert statuses([target, loss]) == [S.PARTIALLY_FILLED, S.NEW]
        assert (loss.quantity, target.remaining_quantity) == (Decimal(3), Decimal(3))
        assert held(world).working_sell == Decimal(3)
        world.tick("89.99", "90.01", "3")
        assert statuses([target, loss]) == [S.CANCELED, S.FILLED]
        assert (held(world).quantity, held(world).working_sell, world.book.account.reserved) == (ZERO, ZERO, ZERO)

    def test_cancelling_the_entry_cancels_the_exits(self, world: World) -> None:
        orders = world.bracket(bracket())
        world.cancel(orders[0])
        assert statuses(orders) == [S.CANCELED] * 3
        assert [order.reserved for order in orders] == [ZERO] * 3
        assert world.book.account.reserved == ZERO

    def test_an_entry_that_fills_on_arrival_releases_at_once(self, world: World) -> None:
        entry = command(type=OrderType.MARKET, quantity=Decimal(4))
        orders = world.bracket(bracket(entry))
        assert statuses(orders) == [S.FILLED, S.NEW, S.NEW]
        assert [world.kinds(order) for order in orders] == [
            ["NEW", "TRADE"],
            ["RELEASED", "NEW"],
            ["RELEASED", "NEW"],
        ]

    def test_an_entry_that_the_venue_refuses_refuses_the_group(self, world: World) -> None:
        entry = command(quantity=Decimal(4), limit_price=Decimal("100.01"), post_only=True)
        orders = world.bracket(bracket(entry))
        assert statuses(orders) == [S.REJECTED] * 3
        assert [order.reject_reason for order in orders] == [
            RejectReason.POST_ONLY_WOULD_CROSS,
            RejectReason.GROUP_REJECTED,
            RejectReason.GROUP_REJECTED,
        ]
        assert world.book.account.reserved == ZERO

    @pytest.mark.parametrize(
        ("changes", "reasons"),
        [
            ({"entry": {"quantity": Decimal(100)}}, ["INSUFFICIENT_FUNDS", "GROUP_REJECTED", "GROUP_REJECTED"]),
            ({"take_profit": profit("110.001")}, ["GROUP_REJECTED", "INVALID_TICK", "GROUP_REJECTED"]),
            ({"stop_loss": stop("89.999")}, ["GROUP_REJECTED", "GROUP_REJECTED", "INVALID_TICK"]),
        ],
    )
    def test_a_business_refusal_of_one_order_rejects_the_whole_bracket(
        self, world: World, changes: dict[str, Any], reasons: list[str]
    ) -> None:
        given = dict(changes)
        entry = replace(command(quantity=Decimal(4), limit_price=Decimal(99)), **given.pop("entry", {}))
        orders = world.bracket(bracket(entry, **given))
        assert statuses(orders) == [S.REJECTED] * 3
        assert [order.reject_reason for order in orders] == reasons
        assert (world.book.account.reserved, held(world).working_buy) == (ZERO, ZERO)

    def test_a_bracket_may_have_one_exit(self, world: World) -> None:
        orders = world.bracket(bracket(take_profit=None))
        world.tick("98.5", "99", "4")
        assert statuses(orders) == [S.FILLED, S.NEW]
        world.tick("89", "89.5", "4")
        assert statuses(orders) == [S.FILLED, S.FILLED]

    def test_changing_the_quantity_of_the_entry_changes_the_held_exits(self, world: World) -> None:
        entry, target, loss = world.bracket(bracket())
        world.modify(entry, quantity="5")
        assert [order.quantity for order in (entry, target, loss)] == [5, 5, 5]
        world.modify(target, limit_price="112")
        assert (target.limit_price, target.status) == (Decimal(112), S.HELD)
        assert world.book.account.reserved == Decimal("495.50")


class TestOco:
    @pytest.fixture
    def world(self, world: World) -> World:
        world.place(command(type=OrderType.MARKET, quantity=Decimal(2)))
        return world

    def test_both_orders_of_an_oco_freeze_the_position_once(self, world: World) -> None:
        orders = world.oco(PlaceOco(sale("110"), stop_sale("90")))
        assert statuses(orders) == [S.NEW, S.NEW]
        assert [order.contingency for order in orders] == [Contingency.OCO, Contingency.OCO]
        assert held(world).working_sell == Decimal(2)
        assert [order.reserved_quantity for order in orders] == [Decimal(2), ZERO]

    def test_any_fill_of_one_cancels_the_other(self, world: World) -> None:
        first, second = world.oco(PlaceOco(sale("110"), stop_sale("90")))
        world.tick("110", "110.01", "1")
        assert statuses([first, second]) == [S.PARTIALLY_FILLED, S.CANCELED]
        assert held(world).working_sell == Decimal(1)
        world.tick("110", "110.01", "1")
        assert (first.status, held(world).quantity) == (S.FILLED, ZERO)

    def test_cancelling_one_cancels_the_other(self, world: World) -> None:
        first, second = world.oco(PlaceOco(sale("110"), stop_sale("90")))
        world.cancel(second)
        assert statuses([first, second]) == [S.CANCELED, S.CANCELED]
        assert held(world).working_sell == ZERO

    def test_two_buys_of_an_oco_reserve_the_larger_amount_once(self, world: World) -> None:
        dip = command(quantity=Decimal(2), limit_price=Decimal(95))
        breakout = command(type=OrderType.STOP_LIMIT, limit_price=Decimal(106), stop_price=Decimal(105))
        before = world.book.account.cash
        first, second = world.oco(PlaceOco(dip, breakout))
        assert world.book.account.reserved == Decimal("190.190")
        assert (first.reserved, second.reserved) == (Decimal("190.190"), ZERO)
        world.modify(second, quantity="3")
        assert world.book.account.reserved == Decimal(318) + Decimal("0.32")
        assert world.book.account.cash == before

    def test_an_oco_may_have_a_buy_and_a_sale(self, world: World) -> None:
        orders = world.oco(PlaceOco(sale("110"), command(limit_price=Decimal(95))))
        assert statuses(orders) == [S.NEW, S.NEW]
        assert (held(world).working_sell, held(world).working_buy) == (Decimal(2), Decimal(1))

    def test_an_oco_above_the_available_funds_or_units_is_refused_whole(self, world: World) -> None:
        orders = world.oco(PlaceOco(sale("110"), stop_sale("90", "2.001")))
        assert [order.reject_reason for order in orders] == ["GROUP_REJECTED", "INSUFFICIENT_POSITION"]
        assert held(world).working_sell == ZERO

    def test_a_venue_rejection_of_one_order_cancels_the_other(self, world: World) -> None:
        orders = world.oco(PlaceOco(sale("110"), stop_sale("100")))
        assert statuses(orders) == [S.CANCELED, S.REJECTED]
        assert held(world).working_sell == ZERO

    def test_an_order_that_fills_on_arrival_cancels_the_other(self, world: World) -> None:
        orders = world.oco(PlaceOco(sale("99"), stop_sale("90")))
        assert orders[0].status is S.FILLED
        assert orders[1].status in (S.CANCELED, S.REJECTED)
        assert (held(world).quantity, held(world).working_sell) == (ZERO, ZERO)


def test_different_groups_have_different_digests() -> None:
    def digest(given: PlaceBracket) -> bytes:
        return group_digest(*bracket_orders(given))

    assert digest(bracket()) == digest(bracket(take_profit=profit("110.00")))
    assert digest(bracket()) == digest(bracket(take_profit=profit(client_order_id="x")))
    different = [
        bracket(take_profit=None),
        bracket(stop_loss=None),
        bracket(take_profit=profit("111")),
        bracket(stop_loss=stop(time_in_force=TimeInForce.DAY)),
    ]
    digests = {digest(each) for each in different} | {group_digest(*oco_orders(PlaceOco(sale("110"), sale("111"))))}
    assert len(digests | {digest(bracket())}) == 6
