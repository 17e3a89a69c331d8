"""Events of an account of every kind, as a reader of the whole log sees them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from domain.accounts.events import read_figures
from domain.accounts.types import AccountEvent, AccountState
from domain.orders.model.events import read_order_event
from domain.orders.model.order import OrderEvent

# The kind of event that a correction of balances leaves.
BALANCES_REFRESHED = "BALANCES_REFRESHED"


class AccountEventKind(StrEnum):
    """Kinds of events of an account: first those of orders, then the others."""

    REJECTED = "REJECTED"
    PENDING_NEW = "PENDING_NEW"
    NEW = "NEW"
    HELD = "HELD"
    RELEASED = "RELEASED"
    TRIGGERED = "TRIGGERED"
    TRADE = "TRADE"
    PENDING_REPLACE = "PENDING_REPLACE"
    REPLACED = "REPLACED"
    REPLACE_REJECTED = "REPLACE_REJECTED"
    PENDING_CANCEL = "PENDING_CANCEL"
    CANCELED = "CANCELED"
    CANCEL_REJECTED = "CANCEL_REJECTED"
    EXPIRED = "EXPIRED"
    TRADE_CORRECTED = "TRADE_CORRECTED"
    TRADE_BUSTED = "TRADE_BUSTED"
    TRADE_IMPORTED = "TRADE_IMPORTED"
    ACCOUNT_OPENED = "ACCOUNT_OPENED"
    CASH_MOVED = "CASH_MOVED"
    CASH_IMPORTED = "CASH_IMPORTED"
    HISTORY_IMPORTED = "HISTORY_IMPORTED"
    STATE_CHANGED = "STATE_CHANGED"
    DAY_ROLLED = "DAY_ROLLED"
    FUNDED = "FUNDED"
    POSITION_FROZEN = "POSITION_FROZEN"
    POSITION_UNFROZEN = "POSITION_UNFROZEN"
    BALANCES_REFRESHED = "BALANCES_REFRESHED"


@dataclass(frozen=True, slots=True)
class AccountChange:
    """One event with the account's figures right after it; ``order_event`` where it is about an order."""

    account_id: UUID
    sequence: int
    kind: AccountEventKind
    at: datetime
    state: AccountState
    cash: Decimal
    reserved: Decimal
    by: str | None
    reason: str | None
    transaction_id: UUID | None
    order_event: OrderEvent | None


def read_account_change(event: AccountEvent) -> AccountChange:
    """The change in an event of an account."""
    parts: Mapping[str, Any] = orjson.loads(event.payload)
    detail, moved = parts.get("detail") or {}, parts.get("transaction")
    figures, order_event = read_figures(parts), read_order_event(event)
    return AccountChange(
        account_id=event.account_id,
        sequence=event.sequence,
        kind=AccountEventKind(event.kind),
        at=event.at,
        state=figures["state"],
        cash=figures["cash"],
        reserved=figures["reserved"],
        by=order_event.by if order_event is not None else parts.get("by") or detail.get("by"),
        reason=parts.get("reason") or detail.get("reason"),
        transaction_id=UUID(moved["id"]) if moved is not None else None,
        order_event=order_event,
    )
