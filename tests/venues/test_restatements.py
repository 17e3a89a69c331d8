"""The venue's word on the terms of an order: what it makes of a change, what it changes unasked, and old words."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest

from domain.accounts.types import AccountKind
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.orders.model.commands import OrderLeg, PlaceBracket
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, PendingAction, RejectReason, Side
from domain.orders.venues.types import Acknowledged, Declined, ReplaceTerms, RequestKind, client_id_of
from tests.orders.factories import PERPETUAL, SPOT, command
from tests.support.loopback import EVERYTHING, PLAIN, LoopbackVenue
from tests.support.remote_world import Letter, RemoteWorld

SECOND = NANOS_PER_SECOND
REPLACE = frozenset({RequestKind.REPLACE})


@pytest.fixture
async def world() -> AsyncIterator[RemoteWorld]:
    made = RemoteWorld(SPOT, "10000", LoopbackVenue(capabilities=EVERYTHING))
    yield made
    made.there.faults.otherwise = None
    await made.clear_up()
    await made.check_truth()
    await made.check_ends()


async def working(world: RemoteWorld, quantity: str = "10", **others: Any) -> Order:
    order = world.place(command(**{"quantity": Decimal(quantity), "limit_price": Decimal(99)} | others))
    await world.run()
    assert order.status is OrderStatus.NEW
    return order


def details(world: RemoteWorld, order: Order) -> list[Any]:
    """The details of the events of an order."""
    events = [event for event in world.events if event.order_id == order.id]
    return [detail for event in events if (detail := orjson.loads(event.payload).get("detail")) is not None]


def fills(world: RemoteWorld, quantity: str) -> None:
    """The venue fills a quantity of a resting order; the reports are not delivered yet."""
    world.there.quote(world.instrument.symbol, "98", "98.5", quantity)
    world.there.quote(world.instrument.symbol, "99.99", "100.01", "5")


class TestChanges:
    async def test_the_venue_confirms_a_smaller_quantity_than_requested(self, world: RemoteWorld) -> None:
        order = await working(world)
        assert order.reserved == Decimal("990.99")
        world.there.faults.otherwise = lambda terms: replace(terms, quantity=Decimal(11))
        world.modify(order, quantity="12")
        assert (order.quantity, order.reserved) == (10, Decimal("1189.19"))
        await world.run()
        assert (order.quantity, order.remaining_quantity, order.pending_action) == (11, 11, None)
        assert order.reserved == world.book.account.reserved == Decimal("1090.09")
        fills(world, "11")
        await world.run()
        assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, 11)

    async def test_the_venue_confirms_another_price_than_requested(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.there.faults.otherwise = lambda terms: replace(terms, limit_price=Decimal("98.5"))
        world.modify(order, limit_price="98")
        await world.run()
        assert (order.limit_price, order.reserve_price) == (Decimal("98.5"), Decimal("98.5"))
        assert order.pending_action is None

    @pytest.mark.parametrize("order_of_mail", ["as it is", "reversed"])
    async def test_a_fill_above_the_requested_quantity_is_booked(self, world: RemoteWorld, order_of_mail: str) -> None:
        order = await working(world)
        fills(world, "8")
        world.there.faults.otherwise = lambda _: ReplaceTerms(quantity=Decimal(9), limit_price=Decimal(99))
        world.modify(order, quantity="7")
        await world.send()
        while world.mail:
            world.deliver(0 if order_of_mail == "as it is" else len(world.mail) - 1)
            assert order.is_open
        await world.clear_up()
        assert (order.status, order.quantity, order.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, 9, 8)
        assert order.reserved > 0
        fills(world, "1")
        await world.run()
        assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, 9)

    async def test_a_confirmation_without_terms_is_followed_by_one_question(self, world: RemoteWorld) -> None:
        order = await working(world)
        fills(world, "8")
        world.there.faults.otherwise = lambda _: ReplaceTerms(quantity=Decimal(9), limit_price=Decimal(99))
        await world.run()
        world.ask_change(order, quantity="9.5")
        world.report(world.books.replace(order, replace(order.pending_changes[0], quantity=Decimal(7)), world.now))
        world.there.faults.muted = True
        await world.run()
        world.there.faults.muted = False
        assert (order.is_open, order.quantity, order.pending_action) == (True, 10, PendingAction.REPLACE)
        world.clock += SECOND
        assert world.session.due(world.now) == [order.id]
        await world.clear_up()
        assert (order.quantity, order.filled_quantity, order.pending_action) == (9, 8, None)

    async def test_fills_show_a_larger_quantity_at_the_venue(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.there.faults.otherwise = lambda _: ReplaceTerms(quantity=Decimal(9), limit_price=Decimal(99))
        world.modify(order, quantity="7")
        world.there.faults.muted = True
        await world.run()
        world.there.faults.muted = False
        assert (order.quantity, order.pending_action) == (7, None)
        fills(world, "8")
        execution, state = world.mail
        world.mail.clear()
        world.take(execution)
        # It is not over: for how much it works is asked.
        assert (order.status, order.quantity, order.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, 8, 8)
        world.take(state)
        assert (order.quantity, order.remaining_quantity) == (9, 1)

    async def test_a_late_answer_does_not_confirm_the_next_change(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.modify(order, quantity="11")
        world.modify(order, quantity="12")
        await world.send()
        answer = next(item for item in world.mail if isinstance(item, Letter))
        world.mail.remove(answer)
        await world.run()
        world.mail.clear()
        assert [row.kind for row in world.session.outbox.requests()] == []
        world.modify(order, quantity="13")
        world.take(answer)
        assert (order.quantity, order.pending_action) == (12, PendingAction.REPLACE)
        world.take(replace(answer, answer=Declined(reason=RejectReason.VENUE_REJECTED, message="late")))
        assert order.pending_action is PendingAction.REPLACE
        await world.run()
        assert (order.quantity, order.pending_action) == (13, None)

    async def test_a_change_with_a_lost_answer_and_other_terms_is_reconciled(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.there.faults.otherwise = lambda terms: replace(terms, quantity=Decimal(11))
        world.modify(order, quantity="12")
        await world.send(lose_answers=True)
        world.mail.clear()
        await world.clear_up()
        assert (order.quantity, order.pending_action) == (11, None)
        assert world.kinds(order)[-1] == "REPLACED"
        assert "REPLACE_REJECTED" not in world.kinds(order)


class TestUnasked:
    @pytest.mark.parametrize("quantity", ["4", "9", "11", "25"])
    async def test_an_unsolicited_quantity_is_booked(self, world: RemoteWorld, quantity: str) -> None:
        order = await working(world)
        fills(world, "3")
        await world.run()
        reserved, version = order.reserved, order.version
        world.there.restate(client_id_of(order.id), quantity=Decimal(quantity))
        await world.run()
        assert (order.status, order.quantity) == (OrderStatus.PARTIALLY_FILLED, Decimal(quantity))
        assert (order.reserved > reserved) is (Decimal(quantity) > 10)
        assert order.version == version + 1
        assert (world.kinds(order)[-1], details(world, order)[-1]) == ("REPLACED", {"reason": "VENUE"})

    async def test_an_unsolicited_price_is_booked(self, world: RemoteWorld) -> None:
        order = await working(world)
        reserved = order.reserved
        world.there.restate(client_id_of(order.id), limit_price=Decimal("99.5"))
        await world.run()
        assert (order.limit_price, order.reserve_price) == (Decimal("99.5"), Decimal("99.5"))
        assert order.reserved > reserved

    async def test_an_unsolicited_stop_price_is_booked(self, world: RemoteWorld) -> None:
        order = await working(world, "1", type=OrderType.STOP, limit_price=None, stop_price=Decimal(110))
        assert order.reserve_price == Decimal("115.50")
        world.there.restate(client_id_of(order.id), stop_price=Decimal(120))
        await world.run()
        assert (order.stop_price, order.reserve_price) == (Decimal(120), Decimal("126.00"))

    async def test_a_stop_price_trailed_by_the_venue_is_booked(self, world: RemoteWorld) -> None:
        world.place(command(type=OrderType.MARKET, quantity=Decimal(1)))
        await world.run()
        terms = {"side": Side.SELL, "limit_price": None, "trailing_offset": Decimal(2), "quantity": Decimal(1)}
        order = await working(world, type=OrderType.TRAILING_STOP, **terms)
        version = order.version
        world.tick("104.99", "105.01")
        await world.run()
        assert (order.stop_price, order.version) == (Decimal("102.99"), version)
        assert details(world, order)[-1] == {"reason": "TRAILING"}

    async def test_an_unsolicited_change_keeps_the_text_of_the_venue(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.there.faults.muted = True
        world.there.restate(client_id_of(order.id), quantity=Decimal(9))
        said = replace(world.there.told(client_id_of(order.id)), message="partial decline")
        world.take(said)
        world.take(said)
        assert order.quantity == 9
        assert world.kinds(order) == ["NEW", "REPLACED"]
        assert details(world, order) == [{"reason": "VENUE", "message": "partial decline"}]

    async def test_an_unsolicited_change_during_a_pending_change_is_booked(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.modify(order, quantity="12")
        world.there.restate(client_id_of(order.id), quantity=Decimal(9))
        await world.run()
        assert (order.quantity, order.pending_action) == (12, None)
        assert world.kinds(order) == ["NEW", "REPLACED", "REPLACED"]

    async def test_a_lost_unsolicited_change_is_found_by_reconciliation(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.there.faults.muted = True
        world.there.restate(client_id_of(order.id), quantity=Decimal(9))
        world.there.faults.muted = False
        await world.run()
        assert order.quantity == 10
        await world.clear_up()
        assert order.quantity == 9

    async def test_a_reduction_reported_after_the_fill_of_the_rest_completes_the_order(
        self, world: RemoteWorld
    ) -> None:
        order = await working(world)
        world.there.restate(client_id_of(order.id), quantity=Decimal(6))
        fills(world, "6")
        restated, execution, *_ = world.mail
        world.mail.clear()
        world.take(execution)
        assert (order.status, order.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, 6)
        world.take(restated)
        assert (order.status, order.quantity, order.reserved) == (OrderStatus.FILLED, 6, 0)

    async def test_a_quantity_below_the_filled_quantity_leads_to_a_question(self, world: RemoteWorld) -> None:
        order = await working(world)
        fills(world, "6")
        await world.run()
        seen = world.there.told(client_id_of(order.id))
        world.take(replace(seen, quantity=Decimal(5), filled_quantity=Decimal(5), at=Nanos(seen.at + 1)))
        assert (order.is_open, order.quantity) == (True, 6)
        world.there._orders[client_id_of(order.id)] = replace(seen, at=Nanos(seen.at + 2))
        world.clock += SECOND
        assert world.session.due(world.now) == [order.id]
        await world.clear_up()
        assert (order.status, order.quantity) == (OrderStatus.PARTIALLY_FILLED, 10)


class TestOldWords:
    async def made_without_a_word(self, world: RemoteWorld) -> Order:
        """The venue has answered that a change from 10 to 12 is made, and no more."""
        order = await working(world)
        world.modify(order, quantity="12")
        world.there.faults.muted = True
        await world.run()
        world.there.faults.muted = False
        assert (order.quantity, order.pending_action) == (12, None)
        return order

    async def test_a_report_from_before_the_change_is_ignored(self, world: RemoteWorld) -> None:
        order = await self.made_without_a_word(world)
        seen = world.there.told(client_id_of(order.id))
        # Later than all that was heard, and yet older than the change.
        world.take(replace(seen, quantity=Decimal(10), at=Nanos(seen.at - 1)))
        assert (order.quantity, world.kinds(order)) == (12, ["NEW", "REPLACED"])
        world.clock += SECOND
        assert world.session.due(world.now) == [order.id]
        await world.clear_up()
        assert (order.quantity, world.kinds(order)) == (12, ["NEW", "REPLACED"])

    async def test_an_answer_requested_before_the_change_is_ignored(self, world: RemoteWorld) -> None:
        asked_at = world.now
        world.clock += SECOND
        order = await self.made_without_a_word(world)
        seen = world.there.told(client_id_of(order.id))
        old = replace(seen, quantity=Decimal(10), at=Nanos(seen.at - 1))
        world.report(world.session.told(order.id, old, [], world.now, asked_at))
        assert order.quantity == 12

    async def test_an_answer_requested_after_the_change_counts(self, world: RemoteWorld) -> None:
        order = await self.made_without_a_word(world)
        seen = world.there.told(client_id_of(order.id))
        world.there.faults.muted = True
        world.there.restate(client_id_of(order.id), quantity=Decimal(10))
        world.there.faults.muted = False
        back = replace(seen, quantity=Decimal(10))
        world.report(world.session.told(order.id, back, [], world.now))
        assert (order.quantity, details(world, order)[-1]) == (10, {"reason": "VENUE"})

    async def test_an_answer_older_than_a_report_does_not_undo_it(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.modify(order, quantity="12")
        (request,) = world.session.take_ready(world.now, 10, REPLACE)
        seen = world.there.told(client_id_of(order.id))
        world.there.restate(client_id_of(order.id), quantity=Decimal(11))
        await world.run()
        answer = Acknowledged(order=replace(seen, quantity=Decimal(12)))
        world.take(Letter(request, order.id, answer))
        assert (order.quantity, order.pending_action) == (11, None)


class TestGroups:
    async def test_held_exits_follow_the_restated_quantity_of_their_entry(self) -> None:
        world = RemoteWorld(SPOT, "10000", LoopbackVenue(capabilities=replace(EVERYTHING, brackets=False)))
        legs = OrderLeg(OrderType.LIMIT, limit_price=Decimal(105)), OrderLeg(OrderType.STOP, stop_price=Decimal(95))
        entry, profit, loss = world.bracket(PlaceBracket(command(quantity=Decimal(10), limit_price=Decimal(99)), *legs))
        await world.run()
        world.there.restate(client_id_of(entry.id), quantity=Decimal(8))
        await world.run()
        assert [order.quantity for order in (entry, profit, loss)] == [8, 8, 8]

    async def test_an_exit_that_grows_beyond_the_position_is_cancelled(self) -> None:
        can = replace(PLAIN, replace=True)
        world = RemoteWorld(PERPETUAL, "10000", LoopbackVenue(capabilities=can), AccountKind.MARGIN)
        world.place(command(symbol="COIN-PERP", type=OrderType.MARKET, quantity=Decimal(5)))
        await world.run()
        terms = {"side": Side.SELL, "reduce_only": True, "limit_price": Decimal(101), "quantity": Decimal(5)}
        out = world.place(command(symbol="COIN-PERP", **terms))
        await world.run()
        world.quote_here("101", "101.02")
        await world.run()
        assert out.venue_order_id is not None
        world.there.restate(client_id_of(out.id), quantity=Decimal(7))
        await world.run()
        assert world.there.requests("cancel") == [client_id_of(out.id)]
        assert (out.status, details(world, out)[-1]) == (OrderStatus.CANCELED, {"reason": "REDUCE_ONLY"})
