"""Reads and writes of the event log: events are stored with the change, and sent to the bus after the commit.

The log is kept by month. The key (account, sequence) is one of each month's partition: numbers are given under the
account's lock, and two of the same number would meet there. A caller that gives a time range reads fewer months.

SQL: the event log, written with every change and read by ranges of many accounts.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts.events import channel, encode_events
from domain.accounts.types import AccountBook, AccountEvent
from domain.kernel.database import fetch
from domain.kernel.ids import made_at
from domain.kernel.partition_queries import Partitioned
from domain.kernel.rows import insertion, reader
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import Writing

MAX_EVENTS_PER_READ = 1_000
ACCOUNT_EVENTS = Partitioned(
    "account_events",
    (
        "ALTER TABLE {name} ADD PRIMARY KEY (account_id, sequence)",
        (
            "CREATE TRIGGER {name}_append_only BEFORE UPDATE OR DELETE ON {name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
        ),
        "CREATE TRIGGER {name}_keep BEFORE TRUNCATE ON {name} FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()",
        "ALTER TABLE {name} ENABLE ALWAYS TRIGGER {name}_append_only",
        "ALTER TABLE {name} ENABLE ALWAYS TRIGGER {name}_keep",
    ),
    has_rest=True,
)
# So much may the clocks of processes differ: an event is seldom older than the order that it is of.
_CLOCKS = timedelta(days=1)

INSERT_EVENTS = insertion(
    "account_events",
    {
        **dict.fromkeys(("account_id", "order_id"), "uuid"),
        **dict.fromkeys(("kind", "payload"), "text"),
        "sequence": "bigint",
        "at": "timestamptz",
    },
)
event_record = reader(*INSERT_EVENTS.columns)
EVENT_COLUMNS = "account_id, sequence, kind, at, order_id, payload"
_READ = f"""
SELECT {EVENT_COLUMNS} FROM account_events
WHERE account_id = $1 AND sequence > $2 AND sequence <= $3 ORDER BY sequence LIMIT $4
"""

_READ_OF_ORDERS = f"""
SELECT {EVENT_COLUMNS} FROM account_events
WHERE order_id = ANY($1::uuid[]) AND at >= $2 ORDER BY order_id, sequence
"""


async def write_events(work: Writing, books: Iterable[AccountBook], *, publish: bool = True) -> None:
    """Store the recorded events and, with ``publish``, send them to the bus after the commit."""
    by_account = {book.id: book.events for book in books if book.events}
    await work.write(INSERT_EVENTS, [event_record(event) for events in by_account.values() for event in events])
    for account_id, events in by_account.items() if publish else ():
        publish_events(work, account_id, events)


def publish_events(work: Writing, account_id: UUID, events: Iterable[AccountEvent]) -> None:
    """Send events of an account to the bus after the commit."""
    work.publish(channel(account_id), encode_events(events))


async def read_events(
    account_id: UUID, after: int, *, up_to: int = 2**62, limit: int = MAX_EVENTS_PER_READ
) -> list[AccountEvent]:
    """The next events after a sequence, in order; at most ``limit``, by default 1,000."""
    rows = await fetch(_READ, account_id, after, up_to, min(limit, MAX_EVENTS_PER_READ))
    return [AccountEvent(*row) for row in rows]


async def read_order_events(order_ids: Iterable[UUID]) -> dict[UUID, list[AccountEvent]]:
    """The events of orders, oldest first."""
    wanted = list(order_ids)
    found: dict[UUID, list[AccountEvent]] = {order_id: [] for order_id in wanted}
    for row in await fetch(_READ_OF_ORDERS, wanted, logged_since(wanted)):
        found[row["order_id"]].append(AccountEvent(*row))
    return found


def logged_since(order_ids: Collection[UUID]) -> datetime:
    """A time before the first event of any of these orders, whose ids tell when they were placed."""
    oldest = min(Nanos.now(), *map(made_at, order_ids)) if order_ids else 0
    return Nanos(oldest).to_datetime() - _CLOCKS


async def read_heads(account_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The newest sequence of each account."""
    rows = await fetch("SELECT id, event_sequence FROM accounts WHERE id = ANY($1::uuid[])", list(account_ids))
    return {row["id"]: row["event_sequence"] for row in rows}
