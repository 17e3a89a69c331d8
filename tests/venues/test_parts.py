"""The pure parts of the engine's half of a venue, one by one: fees, support, requests, comparison."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.kernel.ids import new_id
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.orders.books.executions import VenueFee, venue_fee
from domain.orders.exchange.execution_reports import Filled
from domain.orders.model import refusals
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
from domain.orders.venues.outbox import Outbox
from domain.orders.venues.reconciling import DifferenceKind, Ours, Theirs, compare
from domain.orders.venues.remote_order import Cause, Settled, Wanted
from domain.orders.venues.support import is_native_group, unsupported, waits_here
from domain.orders.venues.types import (
    RequestKind,
    VenueExecution,
    VenueOrder,
    VenuePosition,
    client_id_of,
)
from domain.positions.types import Bucket
from tests.orders.factories import INVERSE, SPOT, account, command
from tests.support.loopback import EVERYTHING, PLAIN

ONE, NO = Decimal(1), Decimal(0)
COIN_USD = replace(SPOT, symbol="COIN/USD")
ALL = frozenset(RequestKind)


def rates(source: str, target: str) -> Decimal | None:
    return Decimal(5) if (source, target) == ("VIP", "EUR") else None


class TestFees:
    @pytest.mark.parametrize(
        ("fee", "of", "expected"),
        [
            (None, None, None),
            ("0", None, "0"),
            ("0.25", "EUR", "0.25"),
            ("-0.25", "EUR", "-0.25"),
            # The instrument's money at the execution's rate.
            ("0.5", "USD", "0.45"),
            # What was traded, at what it was traded at.
            ("0.001", "COIN", "0.18"),
            ("0.1", "VIP", "0.5"),
            ("0.1", "ODD", None),
        ],
    )
    def test_a_fee_stated_by_the_venue_is_converted_to_the_account_currency(
        self, fee: str | None, of: str | None, expected: str | None
    ) -> None:
        report = filled(fee=None if fee is None else Decimal(fee), fee_currency=of)
        found = venue_fee(report, COIN_USD, account(currency="EUR"), Decimal("0.9"), rates)
        assert found.due == (None if expected is None else Decimal(expected))

    @pytest.mark.parametrize(
        ("fee", "of", "currency", "units"),
        [
            # The coin that is bought is delivered less the fee, or with the rebate.
            ("0.001", "COIN", "EUR", "0.001"),
            ("-0.001", "COIN", "USD", "-0.001"),
            # Cash pays what the account or the instrument counts in, and any third coin.
            ("0.001", "COIN", "COIN", "0"),
            ("0.5", "USD", "EUR", "0"),
            ("0.1", "VIP", "EUR", "0"),
            (None, None, "EUR", "0"),
        ],
    )
    def test_a_fee_in_units_of_the_instrument_reduces_the_position(
        self, fee: str | None, of: str | None, currency: str, units: str
    ) -> None:
        report = filled(fee=None if fee is None else Decimal(fee), fee_currency=of)
        found = venue_fee(report, COIN_USD, account(currency=currency), ONE, rates)
        assert found.withheld == Decimal(units)

    def test_a_fee_in_the_coin_of_an_inverse_contract_is_not_converted_at_its_price(self) -> None:
        instrument = replace(INVERSE, symbol="COIN/USD", currency="USD")
        report = filled(fee=ONE, fee_currency="COIN")
        assert venue_fee(report, instrument, account(currency="EUR"), ONE, rates) == VenueFee(None, is_foreign=True)

    @pytest.mark.parametrize(
        ("fee", "of", "is_foreign"), [("0.1", "VIP", True), ("1", "EUR", False), (None, None, False)]
    )
    def test_a_fee_in_a_third_currency_is_recorded(self, fee: str | None, of: str | None, is_foreign: bool) -> None:
        report = filled(fee=None if fee is None else Decimal(fee), fee_currency=of)
        assert venue_fee(report, COIN_USD, account(currency="EUR"), ONE, rates).is_foreign is is_foreign


def filled(**others: Any) -> Filled:
    return Filled(
        order_id=UUID(int=1),
        at=1,
        status=OrderStatus.FILLED,
        price=Decimal(200),
        quantity=ONE,
        liquidity=Liquidity.TAKER,
        number=1,
        filled_quantity=ONE,
        remaining=NO,
        last_in_event=True,
        **others,
    )


class TestSupport:
    def test_the_paper_exchange_behind_the_port_needs_no_help(self) -> None:
        stop = command(type=OrderType.STOP, stop_price=ONE, limit_price=None)
        assert not waits_here(stop, Contingency.NONE, EVERYTHING)
        assert is_native_group([command(), stop], Contingency.OCO, EVERYTHING)

    def test_a_stop_on_another_trigger_price_is_not_native(self) -> None:
        venue = replace(EVERYTHING, trigger_prices=frozenset({TriggerPrice.LAST}))
        stop = command(type=OrderType.STOP, stop_price=ONE, limit_price=None)
        assert waits_here(stop, Contingency.NONE, venue)
        assert not waits_here(replace(stop, trigger_price=TriggerPrice.LAST), Contingency.NONE, venue)

    def test_a_trailing_stop_with_another_offset_type_is_not_native(self) -> None:
        venue = replace(EVERYTHING, offset_kinds=frozenset({OffsetKind.BASIS_POINTS}))
        trail = command(type=OrderType.TRAILING_STOP, trailing_offset=ONE, limit_price=None)
        assert waits_here(trail, Contingency.NONE, venue)
        native = replace(trail, trailing_offset_kind=OffsetKind.BASIS_POINTS)
        assert not waits_here(native, Contingency.NONE, venue)

    def test_a_group_with_an_order_that_is_not_native_is_emulated(self) -> None:
        venue = replace(EVERYTHING, order_types=EVERYTHING.order_types - {OrderType.STOP})
        stop = command(type=OrderType.STOP, stop_price=ONE, limit_price=None)
        assert not is_native_group([command(), stop], Contingency.OCO, venue)

    @pytest.mark.parametrize(
        ("asked", "message"),
        [
            ({}, None),
            ({"time_in_force": TimeInForce.DAY}, None),
            ({"type": OrderType.TRAILING_STOP, "trailing_offset": ONE, "limit_price": None}, None),
            ({"reduce_only": True}, None),
            ({"time_in_force": TimeInForce.FOK}, "The venue far takes no FOK orders."),
            ({"type": OrderType.MARKET_TO_LIMIT}, "The venue far takes no MARKET_TO_LIMIT orders."),
            ({"post_only": True}, "The venue far takes no post-only orders."),
        ],
    )
    def test_an_order_that_cannot_be_emulated_is_unsupported(self, asked: dict[str, Any], message: str | None) -> None:
        found = unsupported(command(**asked), PLAIN, "far")
        assert (None if found is None else found.message) == message

    def test_a_venue_without_limit_orders_cannot_take_triggered_ones(self) -> None:
        venue = replace(PLAIN, order_types=frozenset({OrderType.MARKET}))
        stop = command(type=OrderType.STOP_LIMIT, stop_price=ONE)
        assert unsupported(stop, venue, "far") == refusals.venue_takes_no("far", "LIMIT")


class TestOutbox:
    def test_an_order_has_one_request_in_flight_and_each_is_sent_once(self) -> None:
        box, order, other = Outbox(), new_id(), new_id()
        for kind, about in ((RequestKind.SUBMIT, order), (RequestKind.REPLACE, order), (RequestKind.SUBMIT, other)):
            box.add(Wanted(kind=kind, order_id=about), UUID(int=1), Nanos(0))
        ready = box.take_ready(Nanos(5), 10, ALL)
        assert [(row.kind, row.order_id, row.sent_at) for row in ready] == [
            (RequestKind.SUBMIT, order, 5),
            (RequestKind.SUBMIT, other, 5),
        ]
        assert box.take_ready(Nanos(6), 10, ALL) == []
        box.settle(Settled(order_id=order, kind=RequestKind.SUBMIT))
        (replaced,) = box.take_ready(Nanos(7), 10, ALL)
        assert replaced.kind is RequestKind.REPLACE
        box.settle(Settled(order_id=order))
        assert len(box) == 1

    def test_the_stored_outbox_is_the_remaining_requests(self) -> None:
        box, order = Outbox(), new_id()
        request = box.add(Wanted(kind=RequestKind.SUBMIT, order_id=order), UUID(int=1), Nanos(0))
        box.take_ready(Nanos(1), 1, ALL)
        first = box.take_writes()
        assert (first.added, first.changed, first.removed) == ([request], {}, [])
        assert request.sent_at == 1
        box.add(Wanted(kind=RequestKind.CANCEL, order_id=order, cause=Cause.GROUP), UUID(int=1), Nanos(2))
        box.settle(Settled(order_id=order))
        last = box.take_writes()
        assert (last.added, last.changed, last.removed) == ([], {}, [request])
        assert not box.has_writes

    def test_only_cancels_are_sent_without_a_report_stream(self) -> None:
        box, order = Outbox(), new_id()
        box.add(Wanted(kind=RequestKind.SUBMIT, order_id=order), UUID(int=1), Nanos(0))
        box.add(Wanted(kind=RequestKind.CANCEL, order_id=new_id()), UUID(int=1), Nanos(0))
        ready = box.take_ready(Nanos(1), 10, frozenset({RequestKind.CANCEL}))
        assert [row.kind for row in ready] == [RequestKind.CANCEL]
        assert box.withdraw(order)
        assert not box.withdraw(order)

    def test_a_group_is_sent_as_one_and_each_order_is_answered(self) -> None:
        box, ids = Outbox(), (new_id(), new_id())
        box.add(Wanted(kind=RequestKind.SUBMIT, order_id=ids[0], group=ids), UUID(int=1), Nanos(0))
        box.add(Wanted(kind=RequestKind.CANCEL, order_id=ids[1]), UUID(int=1), Nanos(0))
        assert len(box.take_ready(Nanos(1), 10, ALL)) == 1
        box.settle(Settled(order_id=ids[0], kind=RequestKind.SUBMIT))
        assert box.take_ready(Nanos(1), 10, ALL) == []
        box.settle(Settled(order_id=ids[1], kind=RequestKind.SUBMIT))
        assert [row.kind for row in box.take_ready(Nanos(1), 10, ALL)] == [RequestKind.CANCEL]

    def test_questions_are_asked_at_growing_intervals(self) -> None:
        box, order = Outbox(), new_id()
        request = box.add(Wanted(kind=RequestKind.SUBMIT, order_id=order), UUID(int=1), Nanos(0))
        box.take_ready(Nanos(0), 1, ALL)
        box.landed(request.id, Nanos(0))
        asked = [at for at in range(100) if box.due(Nanos(at * NANOS_PER_SECOND))]
        assert asked == [1, 2, 4, 8, 16, 32, 62, 92]


class TestComparing:
    def test_a_failed_question_reconciles_nothing(self) -> None:
        ours = Ours(there=[new_id()], known={}, positions={("COIN", Bucket.NET): ONE})
        findings = compare(ours, Theirs(open_orders=None, executions=None, positions=None))
        assert (findings.reports, findings.ask, findings.differences, findings.compared) == ([], [], [], [])

    def test_fills_precede_orders_and_unlisted_orders_are_queried(self) -> None:
        known, missing = new_id(), new_id()
        order, fill = an_order(client_id_of(known)), a_fill(client_id_of(known))
        ours = Ours(there=[known, missing], known={known: True, missing: True}, positions={})
        findings = compare(ours, Theirs(open_orders=[order], executions=[fill], positions=[]))
        assert (findings.reports, findings.ask, findings.differences) == ([fill, order], [missing], [])

    def test_foreign_orders_are_reported(self) -> None:
        over = new_id()
        theirs = Theirs(
            open_orders=[an_order(None), an_order(client_id_of(new_id())), an_order(client_id_of(over))],
            executions=[a_fill(None)],
            positions=None,
        )
        findings = compare(Ours(there=[], known={over: False}, positions={}), theirs)
        assert [row.kind for row in findings.differences] == [
            DifferenceKind.FOREIGN_EXECUTION,
            DifferenceKind.FOREIGN_ORDER,
            DifferenceKind.FOREIGN_ORDER,
            DifferenceKind.ORDER_OVER_HERE,
        ]
        assert (findings.reports, findings.ask) == ([], [])

    def test_a_position_difference_is_reported_when_seen_twice(self) -> None:
        key = ("COIN", Bucket.NET)
        theirs = Theirs(
            open_orders=None, executions=None, positions=[VenuePosition(symbol="COIN", quantity=Decimal(2))]
        )
        first = compare(Ours(there=[], known={}, positions={key: ONE}), theirs)
        assert (first.differences, first.suspects) == ([], {key: (1, 2)})
        moved = compare(Ours(there=[], known={}, positions={key: NO}, suspected=first.suspects), theirs)
        assert (moved.differences, moved.suspects) == ([], {key: (0, 2)})
        again = compare(Ours(there=[], known={}, positions={key: NO}, suspected=moved.suspects), theirs)
        (difference,) = again.differences
        assert (difference.kind, difference.subject, difference.ours, difference.theirs) == (
            DifferenceKind.POSITION,
            "COIN",
            "0",
            "2",
        )


def an_order(client_order_id: str | None) -> VenueOrder:
    return VenueOrder(
        client_order_id=client_order_id,
        venue_order_id="V1",
        symbol="COIN",
        side=Side.BUY,
        status=OrderStatus.NEW,
        filled_quantity=NO,
        at=Nanos(1),
    )


def a_fill(client_order_id: str | None) -> VenueExecution:
    return VenueExecution(
        client_order_id=client_order_id,
        venue_order_id="V1",
        venue_execution_id="1",
        symbol="COIN",
        side=Side.BUY,
        price=ONE,
        quantity=ONE,
        liquidity=Liquidity.TAKER,
        at=Nanos(1),
    )
