"""The tables between FIX and our words, and the names that an order has in a session."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from adapters.fix import code_sets
from adapters.fix.client_order_ids import Names, names_of, newest_id
from adapters.fix.message import Malformed, Message
from adapters.fix.reports import report_of, status_report
from adapters.fix.requests import read_new_order, read_replace
from adapters.fix.session import Body
from adapters.fix.tags import SessionReject
from domain.orders.model.commands import ModifyOrder, OrderKey
from domain.orders.model.order import Order, OrderEvent, terms_of
from domain.orders.model.types import (
    OrderEventKind,
    OrderStatus,
    OrderType,
    PendingAction,
    RejectReason,
    Side,
    TimeInForce,
)
from domain.system.fix.stored import StoredRequest
from tests.orders.factories import command

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
ACCOUNT = uuid4()
REQUIRED = {11: "A1", 55: "BTC", 54: "1", 60: "20260302-14:30:00", 40: "2", 38: "1.5", 44: "90"}


def make_order(**others: Any) -> Order:
    """A working limit order to buy one at 100."""
    nothing: dict[str, Any] = dict.fromkeys(item.name for item in fields(Order))
    given = {"id": uuid4(), "account_id": ACCOUNT, "client_order_id": "A1", "symbol": "COIN", "version": 1}
    state = {"status": OrderStatus.NEW, "filled_quantity": Decimal(0), "created_at": NOW, "updated_at": NOW}
    return Order(**(nothing | terms_of(command()) | given | state | others))


def message(kind: str = "D", **others: str | None) -> Message:
    given = REQUIRED | {int(tag.removeprefix("t")): value for tag, value in others.items()}
    return Message(((35, kind), (34, "2"), *((tag, value) for tag, value in given.items() if value is not None)))


def test_each_enum_value_has_a_fix_value() -> None:
    assert set(code_sets.STATUSES) == set(OrderStatus)
    assert set(code_sets.ORDER_REJECT_REASONS) == set(RejectReason)
    assert set(code_sets.EXEC_TYPES) | set(code_sets.CANCEL_REJECTS) == set(OrderEventKind)
    assert set(code_sets.TIMES_IN_FORCE.values()) == set(TimeInForce)
    assert set(code_sets.SIDES.values()) == set(Side)
    without = set(OrderType) - set(code_sets.ORDER_TYPES.values())
    assert without == {OrderType.TRAILING_STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED}


def test_a_new_order_single_becomes_a_command() -> None:
    order = read_new_order(message(t59="6", t126="20260303-00:00:00.5", t18="6 E", t54="2"), ACCOUNT)
    assert (order.client_order_id, order.symbol, order.side, order.type) == ("A1", "BTC", Side.SELL, OrderType.LIMIT)
    assert (order.quantity, order.limit_price) == (Decimal("1.5"), Decimal(90))
    assert (order.post_only, order.reduce_only, order.time_in_force) == (True, True, TimeInForce.GTD)
    assert order.expires_at == datetime(2026, 3, 3, 0, 0, 0, 500000, tzinfo=UTC)


def test_a_trailing_stop_is_decoded() -> None:
    order = read_new_order(message(t40="P", t18="a", t211="-2.5", t836="1", t44=None), ACCOUNT)
    assert (order.type, order.trailing_offset) == (OrderType.TRAILING_STOP, Decimal("2.5"))
    assert order.trailing_offset_kind == "BASIS_POINTS"


@pytest.mark.parametrize(
    ("given", "tag"),
    [
        ({"t11": None}, 11),
        ({"t11": "x" * 65}, 11),
        ({"t11": "é"}, 11),
        ({"t55": None}, 55),
        ({"t54": "5"}, 54),
        ({"t40": "P"}, 18),
        ({"t18": "a"}, 18),
        ({"t18": "G"}, 18),
        ({"t40": "P", "t18": "a"}, 211),
        ({"t59": "2"}, 59),
        ({"t126": "soon"}, 126),
        ({"t77": "R"}, 77),
        ({"t44": "9O"}, 44),
    ],
)
def test_an_unreadable_field_names_its_tag(given: dict[str, str | None], tag: int) -> None:
    with pytest.raises(Malformed) as caught:
        read_new_order(message(**given), ACCOUNT)
    assert caught.value.tag == tag


@pytest.mark.parametrize("tag", [1, 11, 38, 40, 44, 54, 55, 59, 60, 99])
def test_a_repeated_term_is_refused_also_with_the_same_value(tag: int) -> None:
    fields = dict(message(t1=str(ACCOUNT), t99="1").fields)
    for value in (fields.get(tag, "1"), "2"):
        with pytest.raises(Malformed) as caught:
            read_new_order(Message((*fields.items(), (tag, fields.get(tag, "1")), (tag, value))), ACCOUNT)
        assert (caught.value.tag, caught.value.reason) == (tag, SessionReject.TAG_MORE_THAN_ONCE)


def test_fields_of_repeating_groups_may_repeat() -> None:
    parties = ((453, "2"), (448, "a"), (447, "D"), (452, "1"), (448, "b"), (447, "D"), (452, "3"))
    assert read_new_order(Message((*message().fields, *parties)), ACCOUNT).client_order_id == "A1"


def test_a_replace_request_becomes_the_differing_terms() -> None:
    order_id = uuid4()
    shown = ModifyOrder(OrderKey(order_id), quantity=Decimal("1.5"), limit_price=Decimal(89))
    command = read_replace(message("G", t41="A0")).command(order_id, shown)
    assert command == ModifyOrder(OrderKey(order_id), limit_price=Decimal(90))


def event(order: Order, sequence: int, kind: OrderEventKind, version: int, **detail: str) -> OrderEvent:
    return OrderEvent(order.account_id, sequence, kind, NOW, replace(order, version=version), None, detail or None)


def request(order: Order, kind: str, name: str, version: int | None) -> StoredRequest:
    return StoredRequest(
        client_order_id=name, original_id="", kind=kind, order_id=order.id, version=version, created_at=NOW
    )


def test_a_replaced_order_has_the_client_order_id_of_its_request() -> None:
    """Two replacements at once, one of which somebody else asked for through the API, then a cancel."""
    order, kind = make_order(client_order_id="A1"), OrderEventKind
    events = [
        event(order, 1, kind.PENDING_NEW, 1),
        event(order, 2, kind.NEW, 1),
        event(order, 3, kind.PENDING_REPLACE, 2),
        event(order, 4, kind.PENDING_REPLACE, 3),
        event(order, 5, kind.TRADE, 4),
        event(order, 6, kind.REPLACED, 5, reason="REQUESTED"),
        event(order, 7, kind.REPLACED, 6, reason="VENUE"),
        event(order, 8, kind.REPLACED, 7, reason="REQUESTED"),
        event(order, 9, kind.PENDING_CANCEL, 8),
        event(order, 10, kind.CANCEL_REJECTED, 9),
        event(order, 11, kind.PENDING_CANCEL, 10),
        event(order, 12, kind.CANCELED, 11),
    ]
    requests = [
        request(order, "G", "A2", 3),
        request(order, "F", "C1", 8),
        request(order, "F", "C2", 10),
        request(order, "F", "NEVER", None),
    ]
    plain, replaced = Names("A1"), Names("A2")
    assert list(names_of(events, requests).values()) == [
        *[plain] * 3,
        Names("A2", "A1"),
        *[plain] * 3,
        Names("A2", "A1"),
        *[Names("C1", "A2")] * 2,
        *[Names("C2", "A2")] * 2,
    ]
    assert newest_id(events[:7], requests) == "A1"
    assert newest_id(events, requests) == replaced.client_order_id


def value(body: Body, tag: int) -> str | None:
    return dict(body).get(tag)


@pytest.mark.parametrize(
    ("status", "pending", "shown"),
    [
        (OrderStatus.HELD, None, "A"),
        (OrderStatus.NEW, None, "0"),
        (OrderStatus.NEW, PendingAction.REPLACE, "E"),
        (OrderStatus.PARTIALLY_FILLED, PendingAction.CANCEL, "6"),
        (OrderStatus.EXPIRED, None, "C"),
    ],
)
def test_a_pending_request_precedes_the_order_status(
    status: OrderStatus, pending: PendingAction | None, shown: str
) -> None:
    closed = NOW if status is OrderStatus.EXPIRED else None
    order = make_order(status=status, pending_action=pending, closed_at=closed)
    _, body = status_report(order, Names("A1"), NOW)
    assert (value(body, 39), value(body, 150), value(body, 151)) == (shown, "I", "0" if closed else "1")


def test_unsolicited_changes_are_restatements() -> None:
    order = make_order()
    for kind, detail, shown in (
        (OrderEventKind.REPLACED, "REQUESTED", "5"),
        (OrderEventKind.REPLACED, "TRAILING", "D"),
        (OrderEventKind.TRIGGERED, None, "D"),
    ):
        told = event(order, 3, kind, 2, **({"reason": detail} if detail else {}))
        _, body = report_of(told, Names("A1"))
        assert (value(body, 150), value(body, 378)) == (shown, "99" if shown == "D" else None)


def test_a_text_cannot_forge_a_field() -> None:
    order = make_order(status=OrderStatus.REJECTED, reject_reason=RejectReason.VENUE_REJECTED, closed_at=NOW)
    order.reject_message = "no\x0117=forged\n"
    _, body = report_of(event(order, 2, OrderEventKind.REJECTED, 1), Names("A1"))
    assert value(body, 58) == "VENUE_REJECTED: no 17=forged"
    assert value(body, 103) == "0"
