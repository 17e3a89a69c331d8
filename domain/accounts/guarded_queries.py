"""Writing accounts in one statement that proves their versions: for decisions made without a lock.

SQL: the hot path of placing orders; a guard that the ORM cannot express.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from domain.accounts.event_queries import INSERT_EVENTS, event_record, publish_events
from domain.accounts.events import FIGURES, ROLES, WORDS
from domain.accounts.types import AccountBook, AccountEvent
from domain.kernel.guarded_work import GuardedWork
from domain.kernel.rows import Record, Write, encode_rows, update

# Locks the accounts in id order; raises a serialization failure unless they and the topics have these versions still.
_GUARD = "SELECT * FROM lock_current_accounts($1::uuid[], $2::bigint[], '{}', $3::text[], $4::bigint[])"
# The same, and writes what is pending of orders, if their rows are those that were read.
_GUARD_WITH_ORDERS = (
    "SELECT g.account_id, (g.account).event_sequence "
    "FROM change_orders_as_read($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::json) AS g"
)
# What orders change of an account. Acknowledgements may have raised its event sequence since it was read.
_UPDATE = update(
    "accounts",
    {"id": "uuid", "reserved": "numeric", "event_sequence": "bigint", "book_version": "bigint"},
    keys=("id",),
    added=("event_sequence", "book_version"),
)


def _insertion(**computed: str) -> Write:
    """Storing events, with some columns ``computed`` from the guard's answer."""
    values = ", ".join(computed.get(name, f"n.{name}") for name in INSERT_EVENTS.columns)
    return Write(
        INSERT_EVENTS.table,
        f"INSERT INTO {INSERT_EVENTS.table} ({', '.join(INSERT_EVENTS.columns)}) SELECT {values} "
        "FROM {rows} JOIN guard ON guard.account_id = n.account_id",
        INSERT_EVENTS.columns,
    )


# Here the sequence of an event is its place among those that the account gets now.
_SEQUENCE = "guard.event_sequence + n.sequence"
_INSERT = _insertion(sequence=_SEQUENCE)
# And the figures of the account are those under the lock, as ``account_snapshot`` writes them.
_SNAPSHOT = ", ".join(
    (
        "'state', (g.account).state",
        *(f"'{name}', nullif(trim_scale((g.account).{name}), 0)::text" for name in FIGURES),
        *(f"'{name}', (g.account).{name}" for name in (*ROLES, *WORDS)),
    )
)
_ACCOUNT = ',"account":'
_INSERT_UNDER_LOCK = _insertion(
    sequence=_SEQUENCE, payload=f"left(n.payload, -1) || '{_ACCOUNT}' || guard.figures || '}}'"
)
# Decisions look at no event sequence, so the version of the account stays.
_UPDATE_SEQUENCE = update(
    "accounts", {"id": "uuid", "event_sequence": "bigint"}, keys=("id",), added=("event_sequence",)
)


def _numbered(event: AccountEvent, sequence: int, payload: str) -> AccountEvent:
    # Three times as fast as ``replace``.
    return AccountEvent(event.account_id, sequence, event.kind, event.at, event.order_id, payload)


async def write_books(
    work: GuardedWork, books: Sequence[AccountBook], versions: Mapping[str, int], orders: Sequence[Record] = ()
) -> None:
    """Commit ``work`` with the changes of accounts; their versions and the ``versions`` of topics must still hold.

    ``orders`` are changes of their orders with the stamps of the rows, which must not have changed either.

    The events are published when ``work`` finishes, with the numbers that they got; the books then equal the stored
    rows.

    Raises:
        OutdatedReads: a version has changed; nothing was written.
        StaleVersions: a unique key is taken; nothing was written.
        Unavailable: the database is away; the outcome is unknown.
    """
    ordered = sorted(books, key=lambda book: book.id)
    changed = [book for book in ordered if book.events]
    before = {book.id: book.event_sequence - len(book.events) for book in ordered}
    await work.write(
        _UPDATE,
        [
            {"id": book.id, "reserved": book.reserved, "event_sequence": len(book.events), "book_version": 1}
            for book in changed
        ],
    )
    await work.write(
        _INSERT,
        [
            {**event_record(event), "sequence": event.sequence - before[book.id]}
            for book in changed
            for event in book.events
        ],
    )
    ids, held = [book.id for book in ordered], [book.version for book in ordered]
    topics = (list(versions), list(versions.values()))
    if orders:
        rows = await work.commit(_GUARD_WITH_ORDERS, ids, held, *topics, encode_rows(orders))
    else:
        rows = await work.commit(_GUARD, ids, held, *topics)
    stored = {row["account_id"]: row["event_sequence"] for row in rows}
    for book in changed:
        first = stored[book.id]
        shift = first - before[book.id]
        events = list(book.events)
        if shift:
            events = [_numbered(event, event.sequence + shift, event.payload) for event in events]
        book.event_sequence, book.version = first + len(events), book.version + 1
        book.events.clear()
        publish_events(work, book.id, events)


async def write_events_under_lock(
    work: GuardedWork, events: Mapping[UUID, Sequence[AccountEvent]], guard: str, *arguments: object
) -> None:
    """Commit ``work`` with events of accounts that were not read and change in nothing else.

    ``events`` are by account. Their sequences count from 1 in each account, and their payloads have no figures of it:
    both come from the rows that ``guard``, a function that takes ``arguments``, locks and returns. The events are
    published when ``work`` finishes.

    Raises:
        StaleVersions: the guard did not hold; nothing was written.
        Unavailable: the database is away; the outcome is unknown.
    """
    await work.write(
        _UPDATE_SEQUENCE, [{"id": account_id, "event_sequence": len(own)} for account_id, own in events.items()]
    )
    await work.write(_INSERT_UNDER_LOCK, [event_record(event) for own in events.values() for event in own])
    query = (
        "SELECT g.account_id, (g.account).event_sequence, "
        f"json_strip_nulls(json_build_object({_SNAPSHOT}))::text AS figures FROM {guard} AS g"
    )
    for row in await work.commit(query, *arguments):
        account_id, first, figures = row
        stored = [
            _numbered(event, first + event.sequence, f"{event.payload[:-1]}{_ACCOUNT}{figures}}}")
            for event in events[account_id]
        ]
        publish_events(work, account_id, stored)
