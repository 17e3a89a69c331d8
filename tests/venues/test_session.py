"""Requests, answers and words of a venue in the orders that they can come in: a matrix of races, and what is asked."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.orders.model import refusals
from domain.orders.model.commands import OrderLeg, PlaceBracket
from domain.orders.model.order import Order
from domain.orders.model.types import Liquidity, OrderStatus, OrderType, PendingAction, RejectReason, Side, TimeInForce
from domain.orders.venues.types import (
    Declined,
    OrderRef,
    RequestDeclined,
    RequestKind,
    VenueExecution,
    VenueOrder,
    client_id_of,
)
from tests.orders.factories import NOW, SPOT, command
from tests.support.loopback import EVERYTHING, LoopbackVenue
from tests.support.remote_world import Letter, RemoteWorld

SECOND = NANOS_PER_SECOND


@pytest.fixture
async def world() -> AsyncIterator[RemoteWorld]:
    made = RemoteWorld(SPOT, "10000", LoopbackVenue(capabilities=EVERYTHING))
    yield made
    await made.clear_up()
    await made.check_truth()
    await made.check_ends()


def resting(world: RemoteWorld, quantity: str = "5", **others: Any) -> Order:
    return world.place(command(quantity=Decimal(quantity), limit_price=Decimal(99), **others))


async def working(world: RemoteWorld, quantity: str = "5", **others: Any) -> Order:
    order = resting(world, quantity, **others)
    await world.run()
    assert order.status is OrderStatus.NEW
    return order


def letter(world: RemoteWorld) -> int:
    """The position of the answer in the mailbox."""
    return next(place for place, item in enumerate(world.mail) if isinstance(item, Letter))


def state(order: Order) -> tuple[str, str, str | None]:
    return (order.status.value, str(order.filled_quantity), order.pending_action)


class TestSubmitting:
    async def test_an_order_is_sent_once(self, world: RemoteWorld) -> None:
        order = resting(world)
        assert await world.send() == 1
        assert await world.send() == 0
        await world.run()
        assert world.there.requests("submit") == [client_id_of(order.id)]

    async def test_a_fill_before_the_answer_is_booked(self, world: RemoteWorld) -> None:
        order = resting(world)
        await world.send()
        answer = world.mail.pop(letter(world))
        world.tick("98", "98.5", "2")
        while world.mail:
            world.deliver(len(world.mail) - 1)
        assert state(order) == ("PARTIALLY_FILLED", "2", None)
        world.take(answer)
        assert state(order) == ("PARTIALLY_FILLED", "2", None)
        assert world.kinds(order) == ["NEW", "TRADE"]
        assert order.venue_order_id == "V1"

    async def test_a_refused_order_is_rejected(self, world: RemoteWorld) -> None:
        order = world.place(command(quantity=Decimal(1), limit_price=Decimal(99)))
        (request,) = world.session.take_ready(world.now, 10, frozenset(RequestKind))
        world.take(Letter(request, order.id, Declined(reason=RejectReason.VENUE_REJECTED, message="too much")))
        assert (order.status, order.reject_reason, order.reject_message) == (
            OrderStatus.REJECTED,
            RejectReason.VENUE_REJECTED,
            "too much",
        )
        assert len(world.session.outbox) == 0

    async def test_a_refusal_after_the_acknowledgement_is_booked(self, world: RemoteWorld) -> None:
        order = resting(world)
        await world.send()
        world.mail.clear()
        refusal = RequestDeclined(
            client_order_id=client_id_of(order.id),
            kind=RequestKind.SUBMIT,
            reason=RejectReason.INSUFFICIENT_FUNDS,
            message="no money",
            at=Nanos(1),
        )
        world.take(refusal)
        world.take(refusal)
        assert (order.status, order.reject_reason) == (OrderStatus.REJECTED, RejectReason.INSUFFICIENT_FUNDS)
        assert world.kinds(order) == ["REJECTED"]
        # For the books of the fixture's end: nothing came of it there either.
        world.there.forget(client_id_of(order.id))
        world.there._exchange("COIN").cancel(client_id_of(order.id), 1)

    async def test_a_lost_answer_is_queried(self, world: RemoteWorld) -> None:
        order = resting(world)
        await world.send(lose_answers=True)
        world.mail.clear()
        assert world.session.due(world.now) == []
        world.clock += SECOND
        assert world.session.due(world.now) == [order.id]
        assert world.session.due(world.now) == []
        await world.clear_up()
        assert (order.status, order.venue_order_id) == (OrderStatus.NEW, "V1")
        assert world.there.requests("submit") == [client_id_of(order.id)]

    async def test_a_lost_request_is_never_sent_again(self, world: RemoteWorld) -> None:
        order = resting(world)
        world.there.faults.lost_requests = 1
        await world.send()
        await world.run()
        start = world.clock
        ref = world.session.venue.ref(order.id)
        assert ref is not None
        assert await world.there.order(ref) is None
        # The venue may merely not know it yet.
        world.report(world.session.told(order.id, None, [], world.now))
        world.clock = start + 10 * SECOND - 1
        world.report(world.session.told(order.id, None, [], world.now))
        assert order.status is OrderStatus.PENDING_NEW
        world.clock += 1
        world.report(world.session.told(order.id, None, [], world.now))
        assert (order.status, order.reject_message) == (OrderStatus.REJECTED, refusals.unknown_at_venue().message)
        assert (order.reserved, world.there.calls) == (0, [])


class TestCanceling:
    async def test_a_fill_that_precedes_the_cancel_wins(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.there.quote("COIN", "98", "98.5", "5")
        world.cancel(order)
        assert order.pending_action is PendingAction.CANCEL
        await world.run()
        assert state(order) == ("FILLED", "5", None)

    async def test_a_fill_during_the_cancel_is_booked(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.there.quote("COIN", "98", "98.5", "2")
        world.cancel(order)
        await world.send()
        # The cancel's report overtakes the fill: the order ends only with it.
        for place in range(len(world.mail) - 1, -1, -1):
            world.deliver(place)
        assert state(order) == ("CANCELED", "2", None)
        assert world.kinds(order) == ["NEW", "TRADE", "CANCELED"]

    async def test_a_cancel_confirmation_waits_for_missing_fills(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.there.faults.muted = True
        world.there.quote("COIN", "98", "98.5", "2")
        world.there.faults.muted = False
        world.cancel(order)
        await world.run()
        assert state(order) == ("NEW", "0", "CANCEL")
        await world.clear_up()
        assert state(order) == ("CANCELED", "2", None)
        assert world.kinds(order) == ["NEW", "TRADE", "CANCELED"]

    async def test_a_refused_cancel_leaves_the_order_working(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.cancel(order)
        (request,) = world.session.take_ready(world.now, 10, frozenset(RequestKind))
        world.take(Letter(request, order.id, Declined(reason=RejectReason.VENUE_REJECTED, message="too late")))
        assert state(order) == ("NEW", "0", None)
        assert world.kinds(order)[-1] == "CANCEL_REJECTED"

    async def test_a_cancel_that_is_not_carried_out_is_repeated_five_times(self, world: RemoteWorld) -> None:
        order = await working(world)
        ref = world.session.venue.ref(order.id)
        assert ref is not None
        world.cancel(order)
        for attempt in range(1, 6):
            (request,) = world.session.take_ready(world.now, 10, frozenset(RequestKind))
            assert (request.kind, request.attempts) == (RequestKind.CANCEL, attempt)
            world.session.outbox.landed(request.id, world.now)
            world.clock += 10 * SECOND
            world.report(world.session.told(order.id, await world.there.order(ref), [], world.now))
        assert state(order) == ("NEW", "0", None)
        assert world.kinds(order)[-1] == "CANCEL_REJECTED"
        assert await world.send() == 0


class TestChanging:
    async def test_a_confirmed_change_is_booked(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.modify(order, quantity="4", limit_price="98")
        assert (order.quantity, order.pending_action) == (5, PendingAction.REPLACE)
        await world.run()
        assert (order.quantity, order.limit_price, order.pending_action) == (4, 98, None)
        assert world.kinds(order) == ["NEW", "REPLACED"]

    async def test_a_fill_during_the_change_is_booked(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.modify(order, quantity="4")
        world.there.quote("COIN", "98", "98.5", "2")
        await world.run()
        # Changed where the market is, it takes what is shown there.
        assert (state(order), order.quantity) == (("FILLED", "4", None), 4)

    async def test_a_change_to_the_filled_quantity_completes_the_order(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.modify(order, quantity="2")
        await world.send()
        for item in list(world.mail):
            world.take(item)
        world.mail.clear()
        world.tick("98", "98.5", "2")
        await world.run()
        assert (state(order), order.quantity) == (("FILLED", "2", None), 2)

    async def test_a_lost_answer_to_a_change_is_queried(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.modify(order, limit_price="98")
        await world.send(lose_answers=True)
        world.mail.clear()
        await world.clear_up()
        assert (order.limit_price, order.pending_action) == (98, None)
        assert world.there.requests("replace") == [client_id_of(order.id)]

    async def test_a_lost_change_request_is_dropped(self, world: RemoteWorld) -> None:
        order = await working(world)
        world.modify(order, limit_price="98")
        world.there.faults.lost_requests = 1
        await world.clear_up()
        assert (order.limit_price, order.pending_action) == (99, None)
        assert world.kinds(order) == ["NEW", "REPLACE_REJECTED"]
        assert world.there.requests("replace") == []

    async def test_the_end_of_the_replaced_venue_order_does_not_end_the_order(self, world: RemoteWorld) -> None:
        order = await working(world)
        old = replace(world.there.told(client_id_of(order.id)), status=OrderStatus.CANCELED, at=Nanos(2**62))
        remote = world.session.venue.find(order.id)
        assert remote is not None
        remote.venue_order_id = "V1-new"
        world.take(old)
        assert order.status is OrderStatus.NEW
        remote.venue_order_id = "V1"

    async def test_an_engine_expiry_waits_for_earlier_requests(self) -> None:
        can = replace(EVERYTHING, times_in_force=frozenset({TimeInForce.GTC}))
        world = RemoteWorld(SPOT, "10000", LoopbackVenue(capabilities=can))
        first, second, third = (NOW + timedelta(seconds=seconds) for seconds in (1000, 2000, 3000))
        order = await working(world, time_in_force=TimeInForce.GTD, expires_at=first)
        # With nothing under way it is done here, and nobody is asked.
        world.modify(order, expires_at=second)
        assert (order.expires_at, order.pending_action, world.there.requests("replace")) == (second, None, [])
        world.modify(order, limit_price="98")
        world.modify(order, expires_at=third)
        assert (order.expires_at, len(order.pending_changes)) == (second, 2)
        await world.run()
        assert (order.limit_price, order.expires_at, order.pending_action) == (98, third, None)
        world.report(world.books.on_clock(world.nanos_of(third) - 1))
        await world.run()
        assert order.status is OrderStatus.NEW
        world.report(world.books.on_clock(world.nanos_of(third)))
        await world.run()
        assert order.status is OrderStatus.EXPIRED

    async def test_an_order_has_one_request_in_flight(self, world: RemoteWorld) -> None:
        order = resting(world)
        world.ask_cancel(order)
        await world.send()
        world.modify(order, limit_price="98")
        world.cancel(order)
        assert await world.send() == 0
        await world.run()
        assert order.status is OrderStatus.CANCELED
        assert [kind for kind, _ in world.there.calls] == ["submit", "replace", "cancel"]


class TestWords:
    async def test_a_repeated_report_is_booked_once(self, world: RemoteWorld) -> None:
        order = resting(world)
        world.there.faults.doubled = True
        await world.run()
        world.tick("98", "98.5", "2")
        for item in list(world.mail):
            world.take(item)
        await world.run()
        assert (state(order), world.kinds(order)) == (("PARTIALLY_FILLED", "2", None), ["NEW", "TRADE"])

    async def test_a_late_fill_is_booked_and_keeps_the_status(self, world: RemoteWorld) -> None:
        order = await working(world)
        seen = world.there.told(client_id_of(order.id))
        world.take(replace(seen, status=OrderStatus.CANCELED))
        assert order.status is OrderStatus.CANCELED
        world.there.quote("COIN", "98", "98.5", "2")
        await world.run()
        assert state(order) == ("CANCELED", "2", None)
        await world.there.cancel(world_ref(order))

    async def test_a_fill_above_the_order_quantity_is_booked(self, world: RemoteWorld) -> None:
        order = await working(world, "1")
        world.there.quote("COIN", "98", "98.5", "1")
        extra = replace(world.there._fills[0], venue_execution_id="COIN-2", quantity=Decimal("0.5"))
        world.there._fills.append(extra)
        world.there.say(extra, extra)
        await world.run()
        assert state(order) == ("FILLED", "1.5", None)

    async def test_an_older_report_does_not_undo_a_newer_one(self, world: RemoteWorld) -> None:
        order = await working(world)
        before = world.there.told(client_id_of(order.id))
        world.modify(order, quantity="4")
        await world.run()
        world.take(before)
        assert (order.quantity, order.status) == (4, OrderStatus.NEW)

    async def test_an_immediate_order_ended_by_the_venue_is_cancelled(self, world: RemoteWorld) -> None:
        order = resting(world, time_in_force=TimeInForce.IOC)
        await world.run()
        assert order.status is OrderStatus.CANCELED
        event = world.events[-1]
        assert '"reason":"IMMEDIATE_OR_CANCEL"' in event.payload

    async def test_reports_on_foreign_orders_are_ignored(self, world: RemoteWorld) -> None:
        strange = VenueOrder(
            client_order_id=None,
            venue_order_id="V9",
            symbol="COIN",
            side=Side.BUY,
            status=OrderStatus.NEW,
            filled_quantity=Decimal(0),
            at=Nanos(1),
        )
        fill = VenueExecution(
            client_order_id="somebody",
            venue_order_id="V9",
            venue_execution_id="COIN-9",
            symbol="COIN",
            side=Side.BUY,
            price=Decimal(100),
            quantity=Decimal(1),
            liquidity=Liquidity.TAKER,
            at=Nanos(1),
        )
        events = len(world.events)
        world.take(strange)
        world.take(fill)
        assert (len(world.events), world.orders) == (events, {})


class TestNativeOrders:
    async def test_a_native_stop_is_sent_and_triggers_at_the_venue(self, world: RemoteWorld) -> None:
        bought = world.place(command(type=OrderType.MARKET, quantity=Decimal(2)))
        await world.run()
        stop = world.place(
            command(type=OrderType.STOP, side=Side.SELL, quantity=Decimal(2), stop_price=Decimal(95), limit_price=None)
        )
        await world.run()
        assert (bought.status, stop.venue_order_id) == (OrderStatus.FILLED, "V2")
        world.tick("94", "94.1")
        await world.run()
        assert (stop.status, stop.triggered_at is not None) == (OrderStatus.FILLED, True)
        assert world.kinds(stop) == ["NEW", "TRIGGERED", "TRADE"]

    def bracket(self, world: RemoteWorld) -> list[Order]:
        return world.bracket(
            PlaceBracket(
                command(quantity=Decimal(2), limit_price=Decimal(99)),
                OrderLeg(OrderType.LIMIT, limit_price=Decimal(105)),
                OrderLeg(OrderType.STOP, stop_price=Decimal(95)),
            )
        )

    async def test_a_native_bracket_is_sent_as_one_group(self, world: RemoteWorld) -> None:
        entry, profit, loss = self.bracket(world)
        await world.run()
        assert [order.status for order in (entry, profit, loss)] == [
            OrderStatus.NEW,
            OrderStatus.HELD,
            OrderStatus.HELD,
        ]
        assert [order.venue_order_id for order in (entry, profit, loss)] == ["V1", "V2", "V3"]
        world.restart()
        world.tick("98.8", "98.9", "1")
        await world.run()
        assert [(order.status, order.quantity) for order in (profit, loss)] == [(OrderStatus.NEW, 1)] * 2
        world.tick("98.8", "98.9", "5")
        await world.run()
        assert [order.quantity for order in (profit, loss)] == [2, 2]
        world.tick("105", "105.1")
        await world.run()
        assert [order.status for order in (entry, profit, loss)] == [
            OrderStatus.FILLED,
            OrderStatus.FILLED,
            OrderStatus.CANCELED,
        ]
        assert [kind for kind, _ in world.there.calls] == ["submit"]

    async def test_a_fill_of_an_exit_before_its_acknowledgement_is_booked(self, world: RemoteWorld) -> None:
        _, profit, _ = self.bracket(world)
        await world.run()
        world.tick("98.8", "98.9")
        world.tick("105", "105.1")
        for fill in [item for item in world.mail if isinstance(item, VenueExecution)]:
            world.take(fill)
        assert state(profit) == ("FILLED", "2", None)

    async def test_an_exit_that_the_venue_has_smaller_completes_at_that_quantity(self, world: RemoteWorld) -> None:
        entry, profit, loss = self.bracket(world)
        await world.send()
        world.tick("98.8", "98.9", "1")
        world.tick("105", "105.1", "1")
        # Nothing of it was heard: here the exit is still for all of the entry.
        world.restart()
        assert profit.quantity == 2
        await world.clear_up()
        assert (state(profit), profit.quantity) == (("FILLED", "1", None), 1)
        assert (state(entry), loss.status) == (("CANCELED", "1", None), OrderStatus.CANCELED)

    async def test_a_partly_answered_group_is_completed_after_an_engine_crash(self, world: RemoteWorld) -> None:
        entry, profit, loss = self.bracket(world)
        await world.send()
        world.take(world.there.told(client_id_of(profit.id)))
        world.restart()
        await world.clear_up()
        assert [order.venue_order_id for order in (entry, profit, loss)] == ["V1", "V2", "V3"]
        assert world.there.requests("submit") == [client_id_of(entry.id)]


def world_ref(order: Order) -> OrderRef:
    return OrderRef(client_order_id=client_id_of(order.id), symbol=order.symbol)
