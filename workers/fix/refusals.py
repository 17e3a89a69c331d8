"""Refusals of requests as messages: each has the error, its code and the reason that FIX has for it."""

from adapters.fix import code_sets
from adapters.fix.message import Malformed, Message
from adapters.fix.reports import (
    Out,
    business_reject,
    cancel_reject,
    refused_order,
)
from adapters.fix.session import rejection
from adapters.fix.tags import BusinessReject
from domain.kernel.errors import BadInput, Conflict, DomainError, NotFound, Refused
from domain.kernel.time import utc_now
from domain.orders.model.order import Order
from domain.orders.model.types import PendingAction


def rejected(message: Message, fault: Malformed) -> Out:
    """The session's rejection of a message that cannot be read."""
    sent = rejection(message, fault)
    return sent.kind, sent.body


def not_now(message: Message, error: BaseException) -> Out:
    """The answer while the platform cannot take the request."""
    assert isinstance(error, DomainError)
    text = f"{error.code}: {error.message}"
    return business_reject(message, BusinessReject.APPLICATION_NOT_AVAILABLE, text)


def refused(message: Message, error: DomainError) -> Out:
    """The refusal of a new order, which left no event."""
    field = error.field if isinstance(error, BadInput | NotFound) else None
    reason = code_sets.OTHER
    if isinstance(error, Conflict):
        reason = code_sets.DUPLICATE_ORDER
    elif isinstance(error, NotFound) or field == "symbol":
        reason = code_sets.UNKNOWN_SYMBOL if field == "symbol" else code_sets.UNKNOWN_ACCOUNT
    return refused_order(message, reason, f"{error.code}: {error.message}", utc_now())


def refused_change(message: Message, order: Order, error: DomainError) -> Out:
    """The refusal of a cancel or replace."""
    reason = code_sets.OTHER
    if isinstance(error, Conflict):
        reason = code_sets.ALREADY_PENDING if order.is_open else code_sets.TOO_LATE
    code = error.reason if isinstance(error, Refused) else error.code
    return cancel_reject(message, order, reason, f"{code}: {error.message}", utc_now())


def cancel_repeated(message: Message, order: Order) -> Out:
    """The refusal of a cancel while one is pending, or after the order has ended."""
    if order.pending_action is PendingAction.CANCEL:
        text = "CONFLICT: A cancel of the order is pending."
        return cancel_reject(message, order, code_sets.ALREADY_PENDING, text, utc_now())
    return cancel_reject(message, order, code_sets.TOO_LATE, f"CONFLICT: The order is {order.status}.", utc_now())


def id_used(message: Message, order: Order) -> Out:
    """The refusal of a request whose ClOrdID was used before."""
    text = "CONFLICT: This ClOrdID was used before."
    return cancel_reject(message, order, code_sets.CXL_DUPLICATE, text, utc_now())
