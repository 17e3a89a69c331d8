"""Orders as messages to a counterparty, and its reports as values of the port. Pure.

An order's ClOrdID is its id at venues. Each cancel and replace has an id of its own that begins with it, so that every
report names its order without a look-up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from adapters.fix import code_sets
from adapters.fix.message import Message, one_line, write_time
from adapters.fix.session import Body
from adapters.fix.tags import Tag
from adapters.venues.fix.terms import CounterpartyTerms
from domain.kernel.numbers import ZERO, plain
from domain.kernel.time import Nanos
from domain.orders.model.types import Liquidity, OrderStatus, OrderType, RejectReason, Side, TimeInForce
from domain.orders.venues.types import (
    Declined,
    NewOrder,
    OrderRef,
    ReplaceTerms,
    VenueCorrection,
    VenueExecution,
    VenueOrder,
    order_id_of,
)

_ID_DIGITS = 32
_ALL_ORDERS = "7"
_AUTOMATED = "1"
_ABSOLUTE = "3"
# Reports that change what was executed: they are kept.
CORRECTIONS = frozenset({code_sets.TRADE_CORRECT, code_sets.TRADE_CANCEL})
KEPT = CORRECTIONS | {code_sets.TRADE}
# A counterparty that has not decided yet says no more than that it has heard.
_UNDECIDED = "A"


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """The terms that every message about an order repeats; ``client_order_id`` is its present ClOrdID."""

    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    client_order_id: str


def request_id(client_order_id: str, number: int) -> str:
    """The ClOrdID of a cancel or replace; ``number`` is never used twice."""
    return f"{client_order_id}-{number:x}"


def order_of(message: Message) -> str | None:
    """The id at venues of the order that a message is about; None when it is none of ours."""
    for tag in (Tag.CL_ORD_ID, Tag.ORIG_CL_ORD_ID):
        head = (message.get(tag) or "")[:_ID_DIGITS]
        if order_id_of(head) is not None:
            return head
    return None


def new_order(order: NewOrder, terms: CounterpartyTerms, now: datetime) -> Body:
    """A NewOrderSingle (D)."""
    return _given(
        (
            (Tag.CL_ORD_ID, order.client_order_id),
            (Tag.ACCOUNT, terms.account or None),
            (Tag.HANDL_INST, _AUTOMATED),
            (Tag.SYMBOL, terms.theirs(order.symbol)),
            (Tag.SIDE, code_sets.spelling(code_sets.SIDES, order.side)),
            (Tag.TRANSACT_TIME, write_time(now)),
            (Tag.ORDER_QTY, plain(order.quantity)),
            (Tag.ORD_TYPE, code_sets.spelling(code_sets.ORDER_TYPES, order.type)),
            (Tag.PRICE, _number(order.limit_price)),
            (Tag.STOP_PX, _number(order.stop_price)),
            (Tag.TIME_IN_FORCE, code_sets.spelling(code_sets.TIMES_IN_FORCE, order.time_in_force)),
            (Tag.EXPIRE_TIME, _time(order.expires_at)),
            (Tag.EXEC_INST, code_sets.POST_ONLY if order.post_only else None),
        )
    )


def cancel_request(order: OrderRef, known: KnownOrder, request: str, terms: CounterpartyTerms, now: datetime) -> Body:
    """An OrderCancelRequest (F)."""
    return _given(
        (
            (Tag.ORIG_CL_ORD_ID, known.client_order_id),
            (Tag.ORDER_ID, order.venue_order_id),
            (Tag.CL_ORD_ID, request),
            (Tag.ACCOUNT, terms.account or None),
            (Tag.SYMBOL, terms.theirs(order.symbol)),
            (Tag.SIDE, code_sets.spelling(code_sets.SIDES, known.side)),
            (Tag.ORDER_QTY, plain(known.quantity)),
            (Tag.TRANSACT_TIME, write_time(now)),
        )
    )


def replace_request(
    order: OrderRef, known: KnownOrder, request: str, change: ReplaceTerms, terms: CounterpartyTerms, now: datetime
) -> Body:
    """An OrderCancelReplaceRequest (G): all terms of the order, changed or not."""
    return _given(
        (
            (Tag.ORDER_ID, order.venue_order_id),
            (Tag.ORIG_CL_ORD_ID, known.client_order_id),
            (Tag.CL_ORD_ID, request),
            (Tag.ACCOUNT, terms.account or None),
            (Tag.HANDL_INST, _AUTOMATED),
            (Tag.SYMBOL, terms.theirs(order.symbol)),
            (Tag.SIDE, code_sets.spelling(code_sets.SIDES, known.side)),
            (Tag.TRANSACT_TIME, write_time(now)),
            (Tag.ORDER_QTY, plain(change.quantity)),
            (Tag.ORD_TYPE, code_sets.spelling(code_sets.ORDER_TYPES, known.type)),
            (Tag.PRICE, _number(change.limit_price)),
            (Tag.STOP_PX, _number(change.stop_price)),
            (Tag.TIME_IN_FORCE, code_sets.spelling(code_sets.TIMES_IN_FORCE, known.time_in_force)),
            (Tag.EXPIRE_TIME, _time(change.expires_at)),
        )
    )


def status_request(order: OrderRef, known: KnownOrder, request: str, terms: CounterpartyTerms) -> Body:
    """An OrderStatusRequest (H)."""
    return _given(
        (
            (Tag.ORDER_ID, order.venue_order_id),
            (Tag.CL_ORD_ID, known.client_order_id),
            (Tag.ORD_STATUS_REQ_ID, request),
            (Tag.ACCOUNT, terms.account or None),
            (Tag.SYMBOL, terms.theirs(order.symbol)),
            (Tag.SIDE, code_sets.spelling(code_sets.SIDES, known.side)),
        )
    )


def mass_status_request(request: str) -> Body:
    """An OrderMassStatusRequest (AF) about all orders."""
    return _given(((Tag.MASS_STATUS_REQ_ID, request), (Tag.MASS_STATUS_REQ_TYPE, _ALL_ORDERS)))


def venue_order(message: Message, terms: CounterpartyTerms) -> VenueOrder | None:
    """The state of an order in an ExecutionReport; None where it says nothing yet.

    Raises:
        Malformed: a field is missing or not readable.
    """
    filled, status = message.decimal(Tag.CUM_QTY) or ZERO, message.text(Tag.ORD_STATUS)
    if status == _UNDECIDED and message.text(Tag.EXEC_TYPE) != code_sets.STATUS:
        return None
    known = code_sets.STATUSES_OF_VENUES.get(status)
    if known is None:
        # A request is under way there: the order works on.
        known = OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.NEW
    is_end = known in (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED)
    return VenueOrder(
        client_order_id=order_of(message),
        venue_order_id=message.text(Tag.ORDER_ID),
        symbol=terms.ours(message.text(Tag.SYMBOL)),
        side=code_sets.meaning(code_sets.SIDES, Tag.SIDE, message.text(Tag.SIDE)),
        status=known,
        filled_quantity=filled,
        at=_at(message),
        # Some report what is left of an order that has ended, which is nothing.
        quantity=message.decimal(Tag.ORDER_QTY) or None,
        limit_price=message.decimal(Tag.PRICE) or None,
        stop_price=message.decimal(Tag.STOP_PX) or None,
        message=one_line(message.get(Tag.TEXT) or "") if is_end and message.get(Tag.TEXT) else None,
    )


def venue_execution(message: Message, terms: CounterpartyTerms) -> VenueExecution:
    """The fill in an ExecutionReport.

    Raises:
        Malformed: a field is missing or not readable.
    """
    price, quantity = message.decimal(Tag.LAST_PX), message.decimal(Tag.LAST_QTY)
    message.text(Tag.LAST_PX)
    message.text(Tag.LAST_QTY)
    assert price is not None
    assert quantity is not None
    currency = message.get(Tag.COMM_CURRENCY)
    has_fee = currency is not None and message.get(Tag.COMM_TYPE) == _ABSOLUTE
    return VenueExecution(
        client_order_id=order_of(message),
        venue_order_id=message.text(Tag.ORDER_ID),
        venue_execution_id=message.text(Tag.EXEC_ID),
        symbol=terms.ours(message.text(Tag.SYMBOL)),
        side=code_sets.meaning(code_sets.SIDES, Tag.SIDE, message.text(Tag.SIDE)),
        price=price,
        quantity=quantity,
        liquidity=code_sets.LIQUIDITY.get(message.get(Tag.LAST_LIQUIDITY_IND) or "2", Liquidity.TAKER),
        at=_at(message),
        fee=message.decimal(Tag.COMMISSION) if has_fee else None,
        fee_currency=currency if has_fee else None,
    )


def declined(message: Message) -> Declined:
    """The refusal of a request, with the counterparty's words."""
    reason = code_sets.REASONS_OF_VENUES.get(message.get(Tag.ORD_REJ_REASON) or "", RejectReason.VENUE_REJECTED)
    return Declined(reason=reason, message=one_line(message.get(Tag.TEXT) or "The counterparty refused it."))


def venue_correction(message: Message) -> VenueCorrection:
    """The bust (ExecType H) or correction (G) of a fill in an ExecutionReport.

    Raises:
        Malformed: a field is missing or not readable.
    """
    price = quantity = None
    text = message.get(Tag.TEXT)
    if message.get(Tag.EXEC_TYPE) == code_sets.TRADE_CORRECT:
        message.text(Tag.LAST_PX)
        message.text(Tag.LAST_QTY)
        price, quantity = message.decimal(Tag.LAST_PX), message.decimal(Tag.LAST_QTY)
    return VenueCorrection(
        client_order_id=order_of(message),
        venue_order_id=message.text(Tag.ORDER_ID),
        venue_execution_id=message.text(Tag.EXEC_ID),
        corrected_id=message.text(Tag.EXEC_REF_ID),
        at=_at(message),
        price=price,
        quantity=quantity,
        message=one_line(text) if text else None,
    )


def fills(messages: Iterable[Message]) -> list[Message]:
    """The fills among kept reports, those that were busted or corrected later included."""
    return [message for message in messages if message.get(Tag.EXEC_TYPE) == code_sets.TRADE]


def _at(message: Message) -> Nanos:
    at = message.time(Tag.TRANSACT_TIME) or message.time(Tag.SENDING_TIME)
    return Nanos.of(at) if at is not None else Nanos(0)


def _number(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _time(value: Nanos | None) -> str | None:
    return None if value is None else write_time(Nanos(value).to_datetime())


def _given(fields: Iterable[tuple[int, str | None]]) -> Body:
    return tuple((int(tag), value) for tag, value in fields if value is not None)
