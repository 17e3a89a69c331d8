"""Reports to clients: an order's event, or its state, as the body of a message. Pure."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from adapters.fix import code_sets
from adapters.fix.client_order_ids import Names, is_answer_to_replace
from adapters.fix.message import Message, one_line, write_time
from adapters.fix.session import Body
from adapters.fix.tags import BusinessReject, MsgType, Tag
from domain.kernel.numbers import ZERO, plain
from domain.orders.model.order import Execution, Order, OrderEvent
from domain.orders.model.types import OrderEventKind, OrderStatus, PositionEffect

_NONE = "NONE"
_FILLS = frozenset({OrderEventKind.TRADE, OrderEventKind.TRADE_IMPORTED, OrderEventKind.TRADE_CORRECTED})
_REFERS = frozenset({OrderEventKind.TRADE_CORRECTED, OrderEventKind.TRADE_BUSTED})
_OTHER_RESTATEMENT = "99"
_ABSOLUTE = "3"
Out = tuple[str, Body]
_Optional = Iterable[tuple[int, str | None]]


def report_of(event: OrderEvent, names: Names) -> Out:
    """The message that reports an event: an ExecutionReport (8) or an OrderCancelReject (9)."""
    kind = OrderEventKind(event.kind)
    if kind in code_sets.CANCEL_REJECTS:
        return _refused_request(event, names, code_sets.CANCEL_REJECTS[kind])
    kept = code_sets.EXEC_TYPES[kind]
    is_restated = kept == code_sets.RESTATED or (kept == code_sets.REPLACED and not is_answer_to_replace(event))
    exec_type = code_sets.RESTATED if is_restated else kept
    execution = event.execution
    traded = execution if kind in _FILLS else None
    detail = event.detail or {}
    fields: _Optional = (
        (Tag.EXEC_ID, _execution_id(event)),
        (Tag.EXEC_TYPE, exec_type),
        *_names(names),
        *_state(event.order),
        *(_fill(traded) if traded is not None else ()),
        (Tag.EXEC_REF_ID, detail.get("executionId") if kind in _REFERS else None),
        (Tag.EXEC_RESTATEMENT_REASON, _OTHER_RESTATEMENT if is_restated else None),
        *_refusal(event.order),
        (Tag.TEXT, _text(event, is_restated=is_restated)),
        (Tag.TRANSACT_TIME, write_time(traded.at.to_datetime() if traded is not None else event.at)),
    )
    return MsgType.EXECUTION_REPORT, _given(fields)


def status_report(order: Order, names: Names, now: datetime, extra: _Optional = ()) -> Out:
    """The answer to a question about an order: an ExecutionReport of its state."""
    fields: _Optional = (
        (Tag.EXEC_ID, "0"),
        (Tag.EXEC_TYPE, code_sets.STATUS),
        *_names(names),
        *_state(order),
        *_refusal(order),
        (Tag.TEXT, one_line(order.reject_message) if order.reject_message else None),
        (Tag.TRANSACT_TIME, write_time(now)),
        *extra,
    )
    return MsgType.EXECUTION_REPORT, _given(fields)


def refused_order(message: Message, reason: str, text: str, now: datetime, *, is_question: bool = False) -> Out:
    """The answer to an order that was not taken, or to a question about one that is not there: nothing is stored."""
    quantity = message.get(Tag.ORDER_QTY) or "0"
    return MsgType.EXECUTION_REPORT, _given(
        (
            (Tag.ORDER_ID, message.get(Tag.ORDER_ID) or _NONE),
            (Tag.EXEC_ID, "0" if is_question else f"{_NONE}-{message.text(Tag.MSG_SEQ_NUM)}"),
            (Tag.EXEC_TYPE, code_sets.STATUS if is_question else "8"),
            (Tag.ORD_STATUS, "8"),
            (Tag.CL_ORD_ID, message.get(Tag.CL_ORD_ID)),
            (Tag.ORD_STATUS_REQ_ID, message.get(Tag.ORD_STATUS_REQ_ID)),
            (Tag.ACCOUNT, message.get(Tag.ACCOUNT)),
            (Tag.SYMBOL, message.get(Tag.SYMBOL) or "[N/A]"),
            (Tag.SIDE, message.get(Tag.SIDE) or "1"),
            (Tag.ORDER_QTY, quantity),
            (Tag.LEAVES_QTY, "0"),
            (Tag.CUM_QTY, "0"),
            (Tag.AVG_PX, "0"),
            (Tag.ORD_REJ_REASON, reason),
            (Tag.TEXT, one_line(text)),
            (Tag.TRANSACT_TIME, write_time(now)),
        )
    )


def cancel_reject(message: Message, order: Order | None, reason: str, text: str, now: datetime) -> Out:
    """The answer to a cancel or replace that was not taken."""
    is_replace = message.type == MsgType.ORDER_CANCEL_REPLACE_REQUEST
    return MsgType.ORDER_CANCEL_REJECT, _given(
        (
            (Tag.ORDER_ID, str(order.id) if order is not None else message.get(Tag.ORDER_ID) or _NONE),
            (Tag.CL_ORD_ID, message.get(Tag.CL_ORD_ID)),
            (Tag.ORIG_CL_ORD_ID, message.get(Tag.ORIG_CL_ORD_ID) or (order.client_order_id if order else _NONE)),
            (Tag.ORD_STATUS, code_sets.order_status(order) if order is not None else "8"),
            (Tag.ACCOUNT, str(order.account_id) if order is not None else message.get(Tag.ACCOUNT)),
            (Tag.TRANSACT_TIME, write_time(now)),
            (Tag.CXL_REJ_RESPONSE_TO, code_sets.TO_REPLACE if is_replace else code_sets.TO_CANCEL),
            (Tag.CXL_REJ_REASON, reason),
            (Tag.TEXT, one_line(text)),
        )
    )


def mass_cancel_report(message: Message, found: int | None, text: str | None, now: datetime) -> Out:
    """The answer to a mass cancel: how many orders are being cancelled, or with None that it was refused."""
    asked = message.text(Tag.MASS_CANCEL_REQUEST_TYPE)
    return MsgType.ORDER_MASS_CANCEL_REPORT, _given(
        (
            (Tag.CL_ORD_ID, message.get(Tag.CL_ORD_ID)),
            (Tag.ORDER_ID, f"{_NONE}-{message.text(Tag.MSG_SEQ_NUM)}"),
            (Tag.MASS_CANCEL_REQUEST_TYPE, asked),
            (Tag.MASS_CANCEL_RESPONSE, "0" if found is None else asked),
            (Tag.MASS_CANCEL_REJECT_REASON, "99" if found is None else None),
            (Tag.TOTAL_AFFECTED_ORDERS, None if found is None else str(found)),
            (Tag.ACCOUNT, message.get(Tag.ACCOUNT)),
            (Tag.SYMBOL, message.get(Tag.SYMBOL)),
            (Tag.TRANSACT_TIME, write_time(now)),
            (Tag.TEXT, one_line(text) if text else None),
        )
    )


def business_reject(message: Message, reason: BusinessReject, text: str) -> Out:
    """The refusal of a message that is sound and cannot be served."""
    return MsgType.BUSINESS_MESSAGE_REJECT, _given(
        (
            (Tag.REF_SEQ_NUM, message.get(Tag.MSG_SEQ_NUM)),
            (Tag.REF_MSG_TYPE, message.type),
            (Tag.BUSINESS_REJECT_REF_ID, message.get(Tag.CL_ORD_ID)),
            (Tag.BUSINESS_REJECT_REASON, str(reason.value)),
            (Tag.TEXT, one_line(text)),
        )
    )


def _refused_request(event: OrderEvent, names: Names, to: str) -> Out:
    order, detail = event.order, event.detail or {}
    text = ": ".join(str(part) for part in (detail.get("reason"), detail.get("message")) if part)
    return MsgType.ORDER_CANCEL_REJECT, _given(
        (
            (Tag.ORDER_ID, str(order.id)),
            (Tag.CL_ORD_ID, names.client_order_id),
            (Tag.ORIG_CL_ORD_ID, names.original_id or names.client_order_id),
            (Tag.ORD_STATUS, code_sets.order_status(order)),
            (Tag.ACCOUNT, str(order.account_id)),
            (Tag.TRANSACT_TIME, write_time(event.at)),
            (Tag.CXL_REJ_RESPONSE_TO, to),
            (Tag.CXL_REJ_REASON, code_sets.TOO_LATE if not order.is_open else code_sets.OTHER),
            (Tag.TEXT, one_line(text) if text else None),
        )
    )


def _execution_id(event: OrderEvent) -> str:
    """The execution's id, and for other events their place in the account's log; unique for ever."""
    if event.execution is not None and event.kind != OrderEventKind.TRADE_BUSTED:
        return str(event.execution.id)
    return f"{event.account_id}-{event.sequence}"


def _names(names: Names) -> _Optional:
    return ((Tag.CL_ORD_ID, names.client_order_id), (Tag.ORIG_CL_ORD_ID, names.original_id))


def _state(order: Order) -> _Optional:
    instructions = (
        code_sets.POST_ONLY if order.post_only else "",
        code_sets.REDUCE_ONLY if order.reduce_only else "",
        code_sets.TRAILING if order.trailing_offset is not None else "",
    )
    effect = order.position_effect
    return (
        (Tag.ORDER_ID, str(order.id)),
        (Tag.ORD_STATUS, code_sets.order_status(order)),
        (Tag.ACCOUNT, str(order.account_id)),
        (Tag.SYMBOL, order.symbol),
        (Tag.SIDE, code_sets.spelling(code_sets.SIDES, order.side)),
        (Tag.ORDER_QTY, plain(order.quantity)),
        (Tag.ORD_TYPE, code_sets.spelling(code_sets.ORDER_TYPES, order.type)),
        (Tag.PRICE, _number(order.limit_price)),
        (Tag.STOP_PX, _number(order.stop_price)),
        (Tag.PEG_OFFSET_VALUE, _number(order.trailing_offset)),
        (Tag.TIME_IN_FORCE, code_sets.spelling(code_sets.TIMES_IN_FORCE, order.time_in_force)),
        (Tag.EXPIRE_TIME, write_time(order.expires_at) if order.expires_at is not None else None),
        (Tag.EXEC_INST, " ".join(filter(None, instructions)) or None),
        (
            Tag.POSITION_EFFECT,
            None if effect is PositionEffect.AUTO else code_sets.spelling(code_sets.POSITION_EFFECTS, effect),
        ),
        (Tag.LEAVES_QTY, plain(order.remaining_quantity)),
        (Tag.CUM_QTY, plain(order.filled_quantity)),
        (Tag.AVG_PX, plain(order.average_price if order.average_price is not None else ZERO)),
    )


def _fill(execution: Execution) -> _Optional:
    return (
        (Tag.LAST_QTY, plain(execution.quantity)),
        (Tag.LAST_PX, plain(execution.price)),
        (Tag.LAST_LIQUIDITY_IND, code_sets.spelling(code_sets.LIQUIDITY, execution.liquidity)),
        (Tag.COMMISSION, plain(execution.fee + execution.tax)),
        (Tag.COMM_TYPE, _ABSOLUTE),
    )


def _refusal(order: Order) -> _Optional:
    if order.status is not OrderStatus.REJECTED or order.reject_reason is None:
        return ()
    return ((Tag.ORD_REJ_REASON, code_sets.ORDER_REJECT_REASONS[order.reject_reason]),)


def _text(event: OrderEvent, *, is_restated: bool) -> str | None:
    order, detail = event.order, event.detail or {}
    if order.reject_reason is not None and event.kind == OrderEventKind.REJECTED:
        return one_line(f"{order.reject_reason}: {order.reject_message}")
    parts = (event.kind if is_restated else None, detail.get("cause"), detail.get("reason"), detail.get("message"))
    text = ": ".join(str(part) for part in parts if part)
    return one_line(text) if text and text != "REQUESTED" else None


def _number(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _given(fields: _Optional) -> Body:
    return tuple((int(tag), value) for tag, value in fields if value is not None)
