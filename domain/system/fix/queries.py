"""Reads and writes of FIX sessions.

SQL: every message that goes out is stored with the session's numbers and cursors before it is sent, under a guard that
proves that the connection is still the session's only one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson

from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.ids import new_id
from domain.kernel.rows import insertion
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders.model.order import Order
from domain.orders.queries import FROM_ORDERS, SELECT_ORDER, to_order
from domain.system.fix.stored import StoredMessage, StoredRequest, StoredSession

MAX_COMP_ID = 64
_SESSION = "id, name, comp_id, epoch, next_in, next_out, cursors"
_OPEN = f"""
INSERT INTO fix_sessions (id, name, comp_id, epoch, next_in, next_out, cursors, created_at, logged_on_at)
VALUES ($1, $2, $3, 1, 1, 1, '{{}}', $4, $4)
ON CONFLICT (name) DO UPDATE SET comp_id = excluded.comp_id, epoch = fix_sessions.epoch + 1,
  logged_on_at = excluded.logged_on_at
RETURNING {_SESSION}
"""
_SAVE = """
UPDATE fix_sessions SET next_in = $3, next_out = $4, cursors = $5 WHERE id = $1 AND epoch = $2 RETURNING id
"""
_LEAVE = "UPDATE fix_sessions SET logged_on_at = NULL WHERE id = $1 AND epoch = $2"
_MESSAGES = insertion(
    "fix_messages",
    {
        **dict.fromkeys(("id", "session_id"), "uuid"),
        "number": "int",
        "kind": "text",
        "body": "text",
        "sent_at": "timestamptz",
    },
)
_READ_MESSAGES = """
SELECT number, kind, body, sent_at FROM fix_messages WHERE session_id = $1 AND number BETWEEN $2 AND $3
ORDER BY number LIMIT $4
"""
_REQUESTS = insertion(
    "fix_requests",
    {
        **dict.fromkeys(("id", "session_id", "order_id"), "uuid"),
        **dict.fromkeys(("client_order_id", "original_id", "kind"), "text"),
        "version": "int",
        "refused": "bool",
        "created_at": "timestamptz",
    },
    "ON CONFLICT (session_id, client_order_id) DO NOTHING",
)
_REQUEST = "client_order_id, original_id, kind, order_id, version, refused, created_at"
_READ_REQUESTS = f"""
SELECT {_REQUEST} FROM fix_requests WHERE session_id = $1 AND order_id = $2 ORDER BY created_at, id
"""
_FIND_REQUEST = f"SELECT {_REQUEST} FROM fix_requests WHERE session_id = $1 AND client_order_id = $2"
_ANSWER = "UPDATE fix_requests SET version = $3, refused = $4 WHERE session_id = $1 AND client_order_id = $2"
_FIND_ORDER = "SELECT id FROM orders WHERE client_order_id = $1 AND account_id = ANY($2::uuid[]) LIMIT 2"
_ASKED = "SELECT DISTINCT order_id FROM fix_requests WHERE session_id = $1"
_OPEN_ORDERS = f"""
SELECT {SELECT_ORDER} {FROM_ORDERS}
WHERE o.account_id = ANY($1::uuid[]) AND o.placed_key = $2 AND o.closed_at IS NULL
  AND ($3::text IS NULL OR i.symbol = $3) ORDER BY o.id LIMIT $4
"""
_REPORTS = insertion(
    "fix_reports",
    {
        **dict.fromkeys(("id", "session_id"), "uuid"),
        **dict.fromkeys(("execution_id", "body"), "text"),
        "at": "timestamptz",
    },
    "ON CONFLICT (session_id, execution_id) DO NOTHING",
)
_READ_REPORTS = "SELECT body FROM fix_reports WHERE session_id = $1 AND at >= $2 ORDER BY at, id"
# ExecType G and H, between separators.
_READ_CORRECTIONS = """
SELECT body FROM fix_reports WHERE session_id = $1 AND at >= $2 AND body ~ '\x01150=[GH]\x01' ORDER BY at, id
"""


class Replaced(Exception):
    """Another connection has become the session's: nothing was written."""


def _session(row: Row) -> StoredSession:
    cursors = {UUID(key): value for key, value in orjson.loads(row["cursors"]).items()}
    numbers = {name: row[name] for name in ("id", "name", "comp_id", "epoch", "next_in", "next_out")}
    return StoredSession(**numbers, cursors=cursors)


def _request(row: Row) -> StoredRequest:
    return StoredRequest(**row)


async def find_session(name: str) -> StoredSession | None:
    """The session of a name, None when there never was one."""
    row = await fetch_row(f"SELECT {_SESSION} FROM fix_sessions WHERE name = $1", name)
    return None if row is None else _session(row)


async def open_session(work: UnitOfWork, name: str, comp_id: str) -> StoredSession:
    """Make this connection the session's only one; others of before write nothing more."""
    row = await work.fetch_row(_OPEN, new_id(), name, comp_id, work.now)
    assert row is not None
    return _session(row)


async def save_session(work: UnitOfWork, session: StoredSession, sent: Sequence[StoredMessage] = ()) -> None:
    """Store the session's numbers and cursors, and messages that are about to be sent.

    Raises:
        Replaced: the session has another connection.
    """
    cursors = orjson.dumps({str(key): value for key, value in session.cursors.items()}).decode()
    numbers = session.next_in, session.next_out
    if await work.fetch_row(_SAVE, session.id, session.epoch, *numbers, cursors) is None:
        raise Replaced(session.name)
    rows = [
        {
            "id": new_id(),
            "session_id": session.id,
            "number": message.number,
            "kind": message.kind,
            "body": message.body,
            "sent_at": message.sent_at,
        }
        for message in sent
    ]
    await work.write(_MESSAGES, rows)


async def leave_session(work: UnitOfWork, session: StoredSession) -> None:
    """Note that the connection is gone."""
    await work.execute(_LEAVE, session.id, session.epoch)


async def leave_sessions(work: UnitOfWork) -> None:
    """Note that no API key's session is connected."""
    await work.execute("UPDATE fix_sessions SET logged_on_at = NULL WHERE name LIKE 'key:%'")


async def forget_messages(work: UnitOfWork, session: StoredSession) -> None:
    """Remove all sent messages of a session, which counts from 1 again."""
    await work.execute("DELETE FROM fix_messages WHERE session_id = $1", session.id)


async def forget_old_messages(work: UnitOfWork, before: datetime) -> None:
    """Remove messages that were sent before a time."""
    await work.execute("DELETE FROM fix_messages WHERE sent_at < $1", before)


async def read_messages(session_id: UUID, begin: int, end: int, limit: int) -> list[StoredMessage]:
    """The next sent messages with these numbers, at most ``limit``."""
    return [StoredMessage(*row) for row in await fetch(_READ_MESSAGES, session_id, begin, end, limit)]


async def add_request(work: UnitOfWork, session_id: UUID, request: StoredRequest) -> None:
    """Store a request before it is carried out; a repeat changes nothing."""
    row = {
        "id": new_id(),
        "session_id": session_id,
        "client_order_id": request.client_order_id,
        "original_id": request.original_id,
        "kind": request.kind,
        "order_id": request.order_id,
        "version": request.version,
        "refused": request.refused,
        "created_at": request.created_at,
    }
    await work.write(_REQUESTS, [row])


async def answer_request(work: UnitOfWork, session_id: UUID, client_order_id: str, version: int | None) -> None:
    """Note the order's version right after a request was carried out, or with None that nothing came of it."""
    await work.execute(_ANSWER, session_id, client_order_id, version, version is None)


async def find_request(session_id: UUID, client_order_id: str) -> StoredRequest | None:
    """The request of a ClOrdID."""
    row = await fetch_row(_FIND_REQUEST, session_id, client_order_id)
    return None if row is None else _request(row)


async def read_requests(session_id: UUID, order_id: UUID) -> list[StoredRequest]:
    """The requests about an order, oldest first."""
    return [_request(row) for row in await fetch(_READ_REQUESTS, session_id, order_id)]


async def find_orders(client_order_id: str, account_ids: Iterable[UUID]) -> list[UUID]:
    """The orders of a client order id in some accounts; at most two."""
    return [row["id"] for row in await fetch(_FIND_ORDER, client_order_id, list(account_ids))]


async def read_asked(session_id: UUID) -> set[UUID]:
    """The orders that a session has asked to cancel or replace."""
    return {row["order_id"] for row in await fetch(_ASKED, session_id)}


async def read_open_orders(account_ids: Iterable[UUID], key_id: UUID, symbol: str | None, limit: int) -> list[Order]:
    """The open orders that a key has placed in some accounts, oldest first; at most ``limit``."""
    return [to_order(row) for row in await fetch(_OPEN_ORDERS, list(account_ids), key_id, symbol, limit)]


async def add_reports(work: UnitOfWork, session_id: UUID, reports: Mapping[str, tuple[str, datetime]]) -> None:
    """Keep a venue's reports by their execution id; a repeat changes nothing."""
    rows = [
        {"id": new_id(), "session_id": session_id, "execution_id": key, "body": body, "at": at}
        for key, (body, at) in reports.items()
    ]
    await work.write(_REPORTS, rows)


async def read_corrections(session_id: UUID, since: datetime) -> list[str]:
    """The kept corrections and busts of fills from a time on, oldest first."""
    return [row["body"] for row in await fetch(_READ_CORRECTIONS, session_id, since)]


async def read_reports(session_id: UUID, since: datetime) -> list[str]:
    """The kept reports from a time on, oldest first."""
    return [row["body"] for row in await fetch(_READ_REPORTS, session_id, since)]
