"""Requests of clients about orders, read from their messages. Pure.

A missing or unreadable field raises ``Malformed``, which names the tag; the rules of orders are checked elsewhere.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from adapters.fix import code_sets
from adapters.fix.message import Malformed, Message
from adapters.fix.tags import SessionReject, Tag
from domain.orders.model.commands import CancelOrders, ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.types import OffsetKind, OrderType, PositionEffect, Side, TimeInForce

MAX_ID = 64
_MASS_CANCELS = frozenset({"1", "7"})


@dataclass(frozen=True, slots=True)
class OrderReference:
    """The order that a request is about: by our id, or by a ClOrdID of it, within an account if one is named."""

    account_id: UUID | None
    order_id: UUID | None
    client_order_id: str | None


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """A request to cancel (F) an order. ``client_order_id`` is the request's own id."""

    client_order_id: str
    order: OrderReference


@dataclass(frozen=True, slots=True)
class ReplaceRequest:
    """A request to replace (G) an order: the terms are those of the whole order, changed or not."""

    client_order_id: str
    order: OrderReference
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    trailing_offset: Decimal | None
    expires_at: datetime | None

    def command(self, order_id: UUID, shown: ModifyOrder) -> ModifyOrder:
        """The change of an order whose terms are ``shown``: what is the same is not asked for."""
        asked = {
            "quantity": self.quantity,
            "limit_price": self.limit_price,
            "stop_price": self.stop_price,
            "trailing_offset": self.trailing_offset,
            "expires_at": self.expires_at,
        }
        changed = {name: value for name, value in asked.items() if value is not None and value != getattr(shown, name)}
        return ModifyOrder(OrderKey(order_id), **changed)  # type: ignore[arg-type]  # by name, from the same table


def read_account(message: Message) -> UUID | None:
    """The account that a message names; None when it names none.

    Raises:
        Malformed: it is no id of an account.
    """
    value = message.get(Tag.ACCOUNT)
    return None if value is None else _uuid(value, Tag.ACCOUNT)


def read_new_order(message: Message, account_id: UUID) -> PlaceOrder:
    """A NewOrderSingle (D) as our command.

    Raises:
        Malformed: a field is missing or not readable.
    """
    message.check(Tag.CL_ORD_ID, Tag.SYMBOL, Tag.SIDE, Tag.TRANSACT_TIME, Tag.ORD_TYPE, Tag.ORDER_QTY)
    message.time(Tag.TRANSACT_TIME)
    kind = code_sets.meaning(code_sets.ORDER_TYPES, Tag.ORD_TYPE, message.text(Tag.ORD_TYPE))
    instructions = (message.get(Tag.EXEC_INST) or "").split(" ")
    for instruction in instructions:
        if instruction not in ("", code_sets.POST_ONLY, code_sets.REDUCE_ONLY, code_sets.TRAILING):
            raise _unsupported(Tag.EXEC_INST, instruction)
    trails = kind is OrderType.TRAILING_STOP
    if trails is not (code_sets.TRAILING in instructions):
        raise _unsupported(Tag.EXEC_INST, message.get(Tag.EXEC_INST) or "")
    offset, offset_kind = _offset(message) if trails else (None, OffsetKind.PRICE)
    effect = message.get(Tag.POSITION_EFFECT)
    return PlaceOrder(
        account_id=account_id,
        client_order_id=read_id(message, Tag.CL_ORD_ID),
        symbol=read_id(message, Tag.SYMBOL),
        side=code_sets.meaning(code_sets.SIDES, Tag.SIDE, message.text(Tag.SIDE)),
        type=kind,
        quantity=_quantity(message),
        limit_price=message.decimal(Tag.PRICE),
        stop_price=message.decimal(Tag.STOP_PX),
        trailing_offset=offset,
        trailing_offset_kind=offset_kind,
        time_in_force=_time_in_force(message),
        expires_at=message.time(Tag.EXPIRE_TIME),
        post_only=code_sets.POST_ONLY in instructions,
        reduce_only=code_sets.REDUCE_ONLY in instructions,
        position_effect=PositionEffect.AUTO
        if effect is None
        else code_sets.meaning(code_sets.POSITION_EFFECTS, Tag.POSITION_EFFECT, effect),
    )


def read_reference(message: Message, tag: int = Tag.ORIG_CL_ORD_ID) -> OrderReference:
    """The order that a message is about: OrderID (37) where it is given, else a ClOrdID in ``tag``.

    Raises:
        Malformed: it names none.
    """
    given = message.get(Tag.ORDER_ID)
    order_id = None if given in (None, "NONE") else _uuid(given or "", Tag.ORDER_ID)
    client_order_id = read_id(message, tag) if order_id is None or message.get(tag) is not None else None
    return OrderReference(read_account(message), order_id, client_order_id)


def read_cancel(message: Message) -> CancelRequest:
    """An OrderCancelRequest (F).

    Raises:
        Malformed: a field is missing or not readable.
    """
    message.check(Tag.CL_ORD_ID, Tag.SYMBOL, Tag.SIDE, Tag.TRANSACT_TIME)
    message.time(Tag.TRANSACT_TIME)
    return CancelRequest(read_id(message, Tag.CL_ORD_ID), read_reference(message))


def read_replace(message: Message) -> ReplaceRequest:
    """An OrderCancelReplaceRequest (G).

    Raises:
        Malformed: a field is missing or not readable.
    """
    message.check(Tag.CL_ORD_ID, Tag.SYMBOL, Tag.SIDE, Tag.TRANSACT_TIME, Tag.ORD_TYPE, Tag.ORDER_QTY)
    message.time(Tag.TRANSACT_TIME)
    kind = code_sets.meaning(code_sets.ORDER_TYPES, Tag.ORD_TYPE, message.text(Tag.ORD_TYPE))
    return ReplaceRequest(
        client_order_id=read_id(message, Tag.CL_ORD_ID),
        order=read_reference(message),
        symbol=read_id(message, Tag.SYMBOL),
        side=code_sets.meaning(code_sets.SIDES, Tag.SIDE, message.text(Tag.SIDE)),
        type=kind,
        quantity=_quantity(message),
        limit_price=message.decimal(Tag.PRICE),
        stop_price=message.decimal(Tag.STOP_PX),
        trailing_offset=_offset(message)[0] if kind is OrderType.TRAILING_STOP else None,
        expires_at=message.time(Tag.EXPIRE_TIME),
    )


def read_mass_cancel(message: Message, account_id: UUID) -> CancelOrders | None:
    """An OrderMassCancelRequest (q): of an instrument (1) or of all orders (7); None for another range.

    Raises:
        Malformed: a field is missing or not readable.
    """
    message.check(Tag.CL_ORD_ID, Tag.MASS_CANCEL_REQUEST_TYPE, Tag.TRANSACT_TIME)
    read_id(message, Tag.CL_ORD_ID)
    wanted = message.text(Tag.MASS_CANCEL_REQUEST_TYPE)
    if wanted not in _MASS_CANCELS:
        return None
    side = message.get(Tag.SIDE)
    return CancelOrders(
        account_id,
        symbol=read_id(message, Tag.SYMBOL) if wanted == "1" else None,
        side=None if side is None else code_sets.meaning(code_sets.SIDES, Tag.SIDE, side),
    )


def read_id(message: Message, tag: int) -> str:
    """An id or a symbol: printable ASCII, since it is sent back.

    Raises:
        Malformed: it is missing, longer than 64 characters, or holds something else.
    """
    value = message.text(tag)
    if not (0 < len(value) <= MAX_ID and value.isascii() and value.isprintable()):
        text = f"Not 1 to {MAX_ID} printable characters of ASCII: {tag}"
        raise Malformed(SessionReject.INCORRECT_DATA_FORMAT, tag, text)
    return value


def _quantity(message: Message) -> Decimal:
    quantity = message.decimal(Tag.ORDER_QTY)
    assert quantity is not None
    return quantity


def _time_in_force(message: Message) -> TimeInForce:
    value = message.get(Tag.TIME_IN_FORCE)
    return TimeInForce.DAY if value is None else code_sets.meaning(code_sets.TIMES_IN_FORCE, Tag.TIME_IN_FORCE, value)


def _offset(message: Message) -> tuple[Decimal, OffsetKind]:
    message.text(Tag.PEG_OFFSET_VALUE)
    offset = message.decimal(Tag.PEG_OFFSET_VALUE)
    assert offset is not None
    kind = code_sets.meaning(code_sets.OFFSET_KINDS, Tag.PEG_OFFSET_TYPE, message.get(Tag.PEG_OFFSET_TYPE) or "0")
    # A peg of a sell stands below the market, and may be written so.
    return abs(offset), kind


def _uuid(value: str, tag: int) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise Malformed(SessionReject.VALUE_INCORRECT, tag, f"Not an id of ours: {tag}") from None


def _unsupported(tag: int, value: str) -> Malformed:
    text = f"Value is incorrect or not supported: {tag}={value[:20]}"
    return Malformed(SessionReject.VALUE_INCORRECT, tag, text)
