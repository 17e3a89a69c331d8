"""The code sets of FIX 4.4 and the words of this API for them, as tables. Pure.

A value that is in no table is refused with its tag: nothing is guessed.
"""

from collections.abc import Mapping
from typing import TypeVar

from adapters.fix.message import Malformed
from adapters.fix.tags import SessionReject
from domain.orders.model.order import Order
from domain.orders.model.types import (
    Liquidity,
    OffsetKind,
    OrderEventKind,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionEffect,
    RejectReason,
    Side,
    TimeInForce,
)

Word = TypeVar("Word")

SIDES: Mapping[str, Side] = {"1": Side.BUY, "2": Side.SELL}
# A trailing stop is a pegged order with the instruction "trailing stop peg".
ORDER_TYPES: Mapping[str, OrderType] = {
    "1": OrderType.MARKET,
    "2": OrderType.LIMIT,
    "3": OrderType.STOP,
    "4": OrderType.STOP_LIMIT,
    "J": OrderType.MARKET_IF_TOUCHED,
    "K": OrderType.MARKET_TO_LIMIT,
    "P": OrderType.TRAILING_STOP,
}
TIMES_IN_FORCE: Mapping[str, TimeInForce] = {
    "0": TimeInForce.DAY,
    "1": TimeInForce.GTC,
    "3": TimeInForce.IOC,
    "4": TimeInForce.FOK,
    "6": TimeInForce.GTD,
}
POSITION_EFFECTS: Mapping[str, PositionEffect] = {"O": PositionEffect.OPEN, "C": PositionEffect.CLOSE}
OFFSET_KINDS: Mapping[str, OffsetKind] = {
    "0": OffsetKind.PRICE,
    "1": OffsetKind.BASIS_POINTS,
    "2": OffsetKind.TICKS,
}
LIQUIDITY: Mapping[str, Liquidity] = {"1": Liquidity.MAKER, "2": Liquidity.TAKER}
# ExecInst (18): what may be combined, with blanks between.
POST_ONLY, REDUCE_ONLY, TRAILING = "6", "E", "a"

STATUSES: Mapping[OrderStatus, str] = {
    OrderStatus.HELD: "A",
    OrderStatus.PENDING_NEW: "A",
    OrderStatus.NEW: "0",
    OrderStatus.PARTIALLY_FILLED: "1",
    OrderStatus.FILLED: "2",
    OrderStatus.CANCELED: "4",
    OrderStatus.REJECTED: "8",
    OrderStatus.EXPIRED: "C",
}
PENDING: Mapping[PendingAction, str] = {PendingAction.CANCEL: "6", PendingAction.REPLACE: "E"}
TRADE, TRADE_CORRECT, TRADE_CANCEL, RESTATED, STATUS, REPLACED = "F", "G", "H", "D", "I", "5"
# ExecType (150) of an event. Refused cancels and replaces are messages of their own.
EXEC_TYPES: Mapping[OrderEventKind, str] = {
    OrderEventKind.REJECTED: "8",
    OrderEventKind.PENDING_NEW: "A",
    OrderEventKind.NEW: "0",
    OrderEventKind.HELD: "A",
    OrderEventKind.RELEASED: RESTATED,
    OrderEventKind.TRIGGERED: RESTATED,
    OrderEventKind.TRADE: TRADE,
    OrderEventKind.PENDING_REPLACE: "E",
    OrderEventKind.REPLACED: REPLACED,
    OrderEventKind.PENDING_CANCEL: "6",
    OrderEventKind.CANCELED: "4",
    OrderEventKind.EXPIRED: "C",
    OrderEventKind.TRADE_IMPORTED: TRADE,
    OrderEventKind.TRADE_CORRECTED: TRADE_CORRECT,
    OrderEventKind.TRADE_BUSTED: TRADE_CANCEL,
}
# CxlRejResponseTo (434).
TO_CANCEL, TO_REPLACE = "1", "2"
CANCEL_REJECTS: Mapping[OrderEventKind, str] = {
    OrderEventKind.CANCEL_REJECTED: TO_CANCEL,
    OrderEventKind.REPLACE_REJECTED: TO_REPLACE,
}

UNKNOWN_SYMBOL, UNKNOWN_ORDER, DUPLICATE_ORDER, UNKNOWN_ACCOUNT, OTHER = "1", "5", "6", "15", "99"
# OrdRejReason (103) of our reasons; the reason itself is in Text (58).
ORDER_REJECT_REASONS: Mapping[RejectReason, str] = {
    RejectReason.INSUFFICIENT_FUNDS: "3",
    RejectReason.INSUFFICIENT_POSITION: "3",
    RejectReason.RISK_RULE: "3",
    RejectReason.ACCOUNT_NOT_ACTIVE: OTHER,
    RejectReason.TRADING_HALTED: OTHER,
    RejectReason.INSTRUMENT_NOT_TRADABLE: OTHER,
    RejectReason.MARKET_CLOSED: "2",
    RejectReason.NO_MARKET_PRICE: OTHER,
    RejectReason.STALE_PRICE: OTHER,
    RejectReason.INVALID_TICK: OTHER,
    RejectReason.INVALID_LOT: "13",
    RejectReason.QUANTITY_OUT_OF_RANGE: "13",
    RejectReason.PRICE_OUT_OF_LIMITS: OTHER,
    RejectReason.NOT_SHORTABLE: OTHER,
    RejectReason.POST_ONLY_WOULD_CROSS: OTHER,
    RejectReason.REDUCE_ONLY_WOULD_INCREASE: OTHER,
    RejectReason.UNSUPPORTED_BY_VENUE: "11",
    RejectReason.VENUE_REJECTED: "0",
    RejectReason.GROUP_REJECTED: OTHER,
}
# CxlRejReason (102).
TOO_LATE, CXL_UNKNOWN_ORDER, ALREADY_PENDING, CXL_DUPLICATE = "0", "1", "3", "6"

# The reason that a counterparty's OrdRejReason has among ours: the rest is VENUE_REJECTED.
REASONS_OF_VENUES: Mapping[str, RejectReason] = {
    "1": RejectReason.INSTRUMENT_NOT_TRADABLE,
    "2": RejectReason.MARKET_CLOSED,
    "11": RejectReason.UNSUPPORTED_BY_VENUE,
    "13": RejectReason.QUANTITY_OUT_OF_RANGE,
}
# OrdStatus of a counterparty's order; pending ones are read from its quantities.
STATUSES_OF_VENUES: Mapping[str, OrderStatus] = {
    "0": OrderStatus.NEW,
    "1": OrderStatus.PARTIALLY_FILLED,
    "2": OrderStatus.FILLED,
    "3": OrderStatus.EXPIRED,
    "4": OrderStatus.CANCELED,
    "5": OrderStatus.NEW,
    "7": OrderStatus.NEW,
    "8": OrderStatus.REJECTED,
    "9": OrderStatus.NEW,
    "C": OrderStatus.EXPIRED,
}


def meaning(table: Mapping[str, Word], tag: int, value: str) -> Word:
    """Our word of a value.

    Raises:
        Malformed: there is none.
    """
    if value not in table:
        raise Malformed(SessionReject.VALUE_INCORRECT, tag, f"Value is incorrect or not supported: {tag}={value[:20]}")
    return table[value]


def spelling(table: Mapping[str, Word], word: Word) -> str | None:
    """The value of FIX for one of our words; None when it has none."""
    return next((value for value, one in table.items() if one == word), None)


def order_status(order: Order) -> str:
    """OrdStatus (39): a pending request takes precedence, as in the specification's table."""
    if order.is_open and order.pending_action is not None:
        return PENDING[order.pending_action]
    return STATUSES[order.status]
