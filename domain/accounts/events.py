"""The events of an account, pure: numbered without gaps, each with a snapshot of the account.

An event is numbered under the account's lock. ``event_queries`` stores it in the transaction of the change.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from domain.access.types import Role
from domain.accounts.types import AccountBook, AccountEvent, AccountState
from domain.kernel.errors import NewerForm
from domain.kernel.ids import read_id
from domain.kernel.numbers import plain
from domain.kernel.records import Member, recorder

# Kinds of events beyond those of orders.
ACCOUNT_OPENED = "ACCOUNT_OPENED"
CASH_MOVED = "CASH_MOVED"
CASH_IMPORTED = "CASH_IMPORTED"
HISTORY_IMPORTED = "HISTORY_IMPORTED"
STATE_CHANGED = "STATE_CHANGED"
DAY_ROLLED = "DAY_ROLLED"
FUNDED = "FUNDED"


# The version of the form in which new events are written; each version that was ever written stays readable.
VERSION = 3


def channel(account_id: UUID) -> str:
    """The bus channel that carries the events of an account."""
    return f"account:{account_id}"


# The figures of an account, zero where they are left out, and what else is told of it, None where it is left out.
FIGURES = ("cash", "reserved", "realized_pnl", "fees_paid", "day_opening_equity", "day_transfers", "peak_equity")
ROLES = ("reduce_only_role", "halted_role")
WORDS = ("state_by", "state_reason")
# Snapshot of an account in the form that events store.
account_snapshot: Callable[[AccountBook], dict[str, Any]] = recorder(
    [
        Member("state", counts_zero=True),
        *(Member(name, counts_zero=False, convert=plain) for name in FIGURES),
        *(Member(name, counts_zero=True) for name in (*ROLES, *WORDS)),
    ]
)
# The names in forms before version 3, which left out no zero. They never change.
_NAMES_BEFORE_3 = {
    "state": "state",
    "cash": "cash",
    "reserved": "reserved",
    "realizedPnl": "realized_pnl",
    "feesPaid": "fees_paid",
    "dayOpeningEquity": "day_opening_equity",
    "dayTransfers": "day_transfers",
    "peakEquity": "peak_equity",
    "reduceOnlyRole": "reduce_only_role",
    "haltedRole": "halted_role",
    "stateBy": "state_by",
    "stateReason": "state_reason",
}


def read_figures(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of the account in an event, by the attributes of ``AccountBook``."""
    form = parts["account"]
    if version_of(parts) < 3:
        form = {name: form[was] for was, name in _NAMES_BEFORE_3.items() if was in form}
    figures: dict[str, Any] = {"state": AccountState(form["state"])}
    for name in FIGURES:
        figures[name] = Decimal(form.get(name, 0))
    for name in ROLES:
        role = form.get(name)
        figures[name] = None if role is None else Role(role)
    for name in WORDS:
        figures[name] = form.get(name)
    return figures


def apply_figures(book: AccountBook, parts: Mapping[str, Any]) -> None:
    """Set the figures of ``book`` to those of an event."""
    for name, value in read_figures(parts).items():
        setattr(book, name, value)


def record(
    book: AccountBook,
    kind: str,
    at: datetime,
    parts: dict[str, Any],
    order_id: UUID | None = None,
    figures: Any = None,
) -> AccountEvent:
    """Number an event of ``book`` and keep it for writing; every event carries the account's own figures.

    ``figures`` is their snapshot, where it has been made.
    """
    book.event_sequence += 1
    parts["account"] = account_snapshot(book) if figures is None else figures
    event = AccountEvent(book.id, book.event_sequence, kind, at, order_id, payload_of(parts))
    book.events.append(event)
    return event


def payload_of(parts: dict[str, Any]) -> str:
    """The text of an event's parts."""
    parts["version"] = VERSION
    return orjson.dumps(parts, default=_identifier).decode()


def version_of(parts: Mapping[str, Any]) -> int:
    """The version of an event payload's form; a payload without one has the first.

    Raises:
        NewerForm: it is of a later release.
    """
    version: int = parts.get("version", 1)
    if version > VERSION:
        raise NewerForm("This server is about to be replaced by a newer one; connect again.")
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
