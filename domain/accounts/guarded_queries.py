"""Writing accounts in one statement that proves their versions: for decisions made without a lock.

SQL: the hot path of placing orders; a guard that the ORM cannot express.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from domain.accounts.event_queries import INSERT_EVENTS, event_record, publish_events
from domain.accounts.types import AccountBook
from domain.kernel.guarded_work import GuardedWork
from domain.kernel.rows import Write

# Locks the accounts in id order; raises a serialization failure unless they and the topics have these versions still.
_GUARD = "SELECT * FROM lock_current_accounts($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[])"
# What orders change of an account. Acknowledgements may have raised its event sequence since it was read.
_UPDATE = Write(
    "accounts",
    "UPDATE accounts AS a SET reserved = n.reserved, event_sequence = a.event_sequence + n.events, "
    "book_version = a.book_version + 1 FROM {rows} WHERE a.id = n.id",
    {"id": "uuid", "reserved": "numeric", "events": "bigint"},
)
# Here the sequence of an event is its place among those that the account gets now.
_INSERT = Write(
    INSERT_EVENTS.table,
    f"INSERT INTO {INSERT_EVENTS.table} ({', '.join(INSERT_EVENTS.columns)}) SELECT "
    + ", ".join(
        "guard.event_sequence + n.sequence" if name == "sequence" else f"n.{name}" for name in INSERT_EVENTS.columns
    )
    + " FROM {rows} JOIN guard ON guard.account_id = n.account_id",
    INSERT_EVENTS.columns,
)


async def write_books(
    work: GuardedWork, books: Sequence[AccountBook], versions: Mapping[str, int], *, with_orders: bool = False
) -> None:
    """Commit ``work`` with the changes of accounts; their versions and the ``versions`` of topics must still hold.

    ``with_orders``: none of their orders may have changed either, not even by an acknowledgement.

    The events are published when ``work`` finishes, with the numbers that they got; the books then equal the stored
    rows.

    Raises:
        StaleVersions: a version has changed; nothing was written.
        Unavailable: the database is away; the outcome is unknown.
    """
    ordered = sorted(books, key=lambda book: book.id)
    changed = [book for book in ordered if book.events]
    before = {book.id: book.event_sequence - len(book.events) for book in ordered}
    await work.write(
        _UPDATE, [{"id": book.id, "reserved": book.reserved, "events": len(book.events)} for book in changed]
    )
    await work.write(
        _INSERT,
        [
            {**event_record(event), "sequence": event.sequence - before[book.id]}
            for book in changed
            for event in book.events
        ],
    )
    rows = await work.commit(
        _GUARD,
        [book.id for book in ordered],
        [book.version for book in ordered],
        [before[book.id] if with_orders else None for book in ordered],
        list(versions),
        list(versions.values()),
    )
    stored = {row["account_id"]: row["event_sequence"] for row in rows}
    for book in changed:
        first = stored[book.id]
        events = [replace(event, sequence=event.sequence - before[book.id] + first) for event in book.events]
        book.event_sequence, book.version = first + len(events), book.version + 1
        book.events.clear()
        publish_events(work, book.id, events)
