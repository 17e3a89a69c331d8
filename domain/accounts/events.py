"""The event log of an account: gapless, ordered, each with a snapshot of what changed.

Events are numbered under the account's lock, stored in the same transaction as the change, and sent to the bus after
the commit as a hint.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from domain.accounts.types import AccountBook, AccountEvent, AccountState
from domain.kernel.database import fetch
from domain.kernel.numbers import plain
from domain.kernel.rows import insertion, reader
from domain.kernel.unit_of_work import UnitOfWork

# Kinds of events beyond those of orders.
ACCOUNT_OPENED = "ACCOUNT_OPENED"
CASH_MOVED = "CASH_MOVED"
STATE_CHANGED = "STATE_CHANGED"
DAY_ROLLED = "DAY_ROLLED"
MAX_EVENTS_PER_READ = 1_000

_INSERT = insertion(
    "account_events",
    {
        **dict.fromkeys(("account_id", "order_id"), "uuid"),
        **dict.fromkeys(("kind", "payload"), "text"),
        "sequence": "bigint",
        "at": "timestamptz",
    },
)
_as_stored = reader(*_INSERT.columns)
_READ = """
SELECT account_id, sequence, kind, at, order_id, payload FROM account_events
WHERE account_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT $4
"""

_READ_OF_ORDERS = """
SELECT account_id, sequence, kind, at, order_id, payload FROM account_events
WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, sequence
"""


def channel(account_id: UUID) -> str:
    """The bus channel that carries the events of an account."""
    return f"account:{account_id}"


def account_snapshot(book: AccountBook) -> dict[str, Any]:
    """The figures of an account as events store them."""
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
    }


def apply_account_snapshot(book: AccountBook, snapshot: dict[str, Any]) -> None:
    """Set the figures of ``book`` to what an event says they became."""
    book.state = AccountState(snapshot["state"])
    book.cash = Decimal(snapshot["cash"])
    book.reserved = Decimal(snapshot["reserved"])
    book.realized_pnl = Decimal(snapshot["realizedPnl"])
    book.fees_paid = Decimal(snapshot["feesPaid"])
    book.day_opening_equity = Decimal(snapshot["dayOpeningEquity"])
    book.day_transfers = Decimal(snapshot["dayTransfers"])
    book.peak_equity = Decimal(snapshot["peakEquity"])


def record(
    book: AccountBook, kind: str, at: datetime, parts: dict[str, Any], order_id: UUID | None = None
) -> AccountEvent:
    """Number an event of ``book`` and keep it for writing; the account's own figures are always part of it."""
    book.event_sequence += 1
    parts["account"] = account_snapshot(book)
    payload = orjson.dumps(parts, default=_identifier).decode()
    event = AccountEvent(book.id, book.event_sequence, kind, at, order_id, payload)
    book.events.append(event)
    return event


def _identifier(value: object) -> str:
    # asyncpg's are of a subclass, which orjson does not know.
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be part of an event")


async def write_events(work: UnitOfWork, books: Iterable[AccountBook]) -> None:
    """Store what ``record`` kept, and send it to the bus after the commit."""
    by_account = {book.id: book.events for book in books if book.events}
    await work.write(_INSERT, [_as_stored(event) for events in by_account.values() for event in events])
    for account_id, events in by_account.items():
        work.publish(channel(account_id), encode_events(events))


def encode_events(events: Iterable[AccountEvent]) -> bytes:
    """The form in which events travel over the bus."""
    return orjson.dumps(
        [
            [event.sequence, event.kind, event.at, str(event.order_id) if event.order_id else None, event.payload]
            for event in events
        ]
    )


def decode_events(account_id: UUID, message: bytes) -> list[AccountEvent]:
    """What ``encode_events`` made."""
    return [
        AccountEvent(
            account_id, sequence, kind, datetime.fromisoformat(at), UUID(order_id) if order_id else None, payload
        )
        for sequence, kind, at, order_id, payload in orjson.loads(message)
    ]


async def read_events(
    account_id: UUID, after: int, *, up_to: int = 2**62, limit: int = MAX_EVENTS_PER_READ
) -> list[AccountEvent]:
    """The next events after a sequence, in order; at most ``limit`` (1,000 unless told)."""
    rows = await fetch(_READ, account_id, after, up_to, min(limit, MAX_EVENTS_PER_READ))
    return [AccountEvent(*row) for row in rows]


async def read_order_events(order_ids: Iterable[UUID]) -> dict[UUID, list[AccountEvent]]:
    """The events of orders, oldest first."""
    wanted = list(order_ids)
    found: dict[UUID, list[AccountEvent]] = {order_id: [] for order_id in wanted}
    for row in await fetch(_READ_OF_ORDERS, wanted):
        found[row["order_id"]].append(AccountEvent(*row))
    return found


async def read_heads(account_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The newest sequence of each account."""
    rows = await fetch("SELECT id, event_sequence FROM accounts WHERE id = ANY($1::uuid[])", list(account_ids))
    return {row["id"]: row["event_sequence"] for row in rows}
