"""The events of an account, pure: numbered without gaps, each with a snapshot of the account.

An event is numbered under the account's lock. ``event_queries`` stores it in the transaction of the change.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from domain.access.types import Role
from domain.accounts.types import AccountBook, AccountEvent, AccountState
from domain.kernel.ids import read_id
from domain.kernel.numbers import plain

# Kinds of events beyond those of orders.
ACCOUNT_OPENED = "ACCOUNT_OPENED"
CASH_MOVED = "CASH_MOVED"
CASH_IMPORTED = "CASH_IMPORTED"
HISTORY_IMPORTED = "HISTORY_IMPORTED"
STATE_CHANGED = "STATE_CHANGED"
DAY_ROLLED = "DAY_ROLLED"
FUNDED = "FUNDED"


# The version of the form in which new events are written; each version that was ever written stays readable.
VERSION = 2


def channel(account_id: UUID) -> str:
    """The bus channel that carries the events of an account."""
    return f"account:{account_id}"


def account_snapshot(book: AccountBook) -> dict[str, Any]:
    """The figures of an account in the form that events store."""
    return {
        "id": str(book.id),
        "state": book.state.value,
        "cash": plain(book.cash),
        "reserved": plain(book.reserved),
        "realizedPnl": plain(book.realized_pnl),
        "feesPaid": plain(book.fees_paid),
        "dayOpeningEquity": plain(book.day_opening_equity),
        "dayTransfers": plain(book.day_transfers),
        "peakEquity": plain(book.peak_equity),
        "reduceOnlyRole": book.reduce_only_role,
        "haltedRole": book.halted_role,
        "stateBy": book.state_by,
        "stateReason": book.state_reason,
    }


def apply_account_snapshot(book: AccountBook, snapshot: dict[str, Any]) -> None:
    """Set the figures of ``book`` to those of an event's snapshot."""
    book.state = AccountState(snapshot["state"])
    book.cash = Decimal(snapshot["cash"])
    book.reserved = Decimal(snapshot["reserved"])
    book.realized_pnl = Decimal(snapshot["realizedPnl"])
    book.fees_paid = Decimal(snapshot["feesPaid"])
    book.day_opening_equity = Decimal(snapshot["dayOpeningEquity"])
    book.day_transfers = Decimal(snapshot["dayTransfers"])
    book.peak_equity = Decimal(snapshot["peakEquity"])
    # Events of before roles were kept have none of these.
    book.reduce_only_role = _role(snapshot.get("reduceOnlyRole"))
    book.halted_role = _role(snapshot.get("haltedRole"))
    book.state_by = snapshot.get("stateBy")
    book.state_reason = snapshot.get("stateReason")


def _role(name: str | None) -> Role | None:
    return None if name is None else Role(name)


def record(
    book: AccountBook, kind: str, at: datetime, parts: dict[str, Any], order_id: UUID | None = None
) -> AccountEvent:
    """Number an event of ``book`` and keep it for writing; every event carries the account's own figures."""
    book.event_sequence += 1
    parts["account"] = account_snapshot(book)
    event = AccountEvent(book.id, book.event_sequence, kind, at, order_id, payload_of(parts))
    book.events.append(event)
    return event


def payload_of(parts: dict[str, Any]) -> str:
    """The text of an event's parts."""
    parts["version"] = VERSION
    return orjson.dumps(parts, default=_identifier).decode()


def version_of(parts: Mapping[str, Any]) -> int:
    """The version of an event payload's form; a payload without one has the first."""
    version: int = parts.get("version", 1)
    return version


def _identifier(value: object) -> str:
    # asyncpg's are of a subclass, which orjson does not know.
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be part of an event")


def encode_events(events: Iterable[AccountEvent]) -> bytes:
    """The form in which events travel over the bus."""
    return orjson.dumps(
        [
            [event.sequence, event.kind, event.at, str(event.order_id) if event.order_id else None, event.payload]
            for event in events
        ]
    )


def decode_events(account_id: UUID, message: bytes) -> list[AccountEvent]:
    """The events of a message of ``encode_events``."""
    return [
        AccountEvent(
            account_id, sequence, kind, datetime.fromisoformat(at), read_id(order_id) if order_id else None, payload
        )
        for sequence, kind, at, order_id, payload in orjson.loads(message)
    ]
