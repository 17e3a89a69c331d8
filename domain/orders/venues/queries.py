"""Set-based reads and writes of requests to venues, of the owners of orders, and of differences.

SQL: the hot path of the router of a real venue.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.ids import new_id
from domain.kernel.rows import KEYS_OF_ACCOUNT, insertion, update
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders.venues.outbox import VenueRequest, Writes
from domain.orders.venues.reconciling import Difference
from domain.orders.venues.remote_order import Cause
from domain.orders.venues.types import RequestKind

_INSERT = insertion(
    "venue_requests",
    {
        **dict.fromkeys(("id", "order_id", "account_id"), "uuid"),
        **dict.fromkeys(("venue", "kind", "group_ids", "cause"), "text"),
        "attempts": "int",
        **dict.fromkeys(("created_at", "sent_at"), "timestamptz"),
    },
)
_UPDATE = update(
    "venue_requests", {**dict.fromkeys(KEYS_OF_ACCOUNT, "uuid"), "sent_at": "timestamptz", "attempts": "int"}
)
_SEEN = insertion(
    "venue_differences",
    {
        "id": "uuid",
        **dict.fromkeys(("venue", "kind", "subject", "ours", "theirs"), "text"),
        **dict.fromkeys(("first_seen_at", "last_seen_at"), "timestamptz"),
    },
    "ON CONFLICT (venue, kind, subject) WHERE cleared_at IS NULL DO UPDATE SET "
    "ours = EXCLUDED.ours, theirs = EXCLUDED.theirs, last_seen_at = EXCLUDED.last_seen_at",
)
_CLEAR = """
UPDATE venue_differences SET cleared_at = $3 WHERE venue = $1 AND cleared_at IS NULL AND kind = ANY($2::text[])
AND last_seen_at < $3
"""
# Of each account the one that was booked last.
_LAST_EXECUTION = """
SELECT max(e.at_nanos) AS at FROM accounts a CROSS JOIN LATERAL (
  SELECT at_nanos FROM executions WHERE account_id = a.id ORDER BY id DESC LIMIT 1
) e WHERE a.venue = $1
"""


_CONDITION = """
SELECT 'differences' AS what, venue, kind, count(*) AS n FROM venue_differences WHERE cleared_at IS NULL GROUP BY 2, 3
UNION ALL
SELECT 'unanswered', venue, kind, count(*) FROM venue_requests WHERE sent_at IS NOT NULL GROUP BY 2, 3
"""


@dataclass(frozen=True, slots=True)
class VenueCondition:
    """The condition of real venues: by venue and kind, open differences and unanswered requests."""

    differences: Mapping[tuple[str, str], int]
    unanswered: Mapping[tuple[str, str], int]


async def read_condition() -> VenueCondition:
    """The condition of real venues, in one statement.

    Raises:
        Unavailable: the database cannot be reached.
    """
    found: dict[str, dict[tuple[str, str], int]] = {"differences": {}, "unanswered": {}}
    for row in await fetch(_CONDITION):
        found[row["what"]][row["venue"], row["kind"]] = row["n"]
    return VenueCondition(**found)


@dataclass(frozen=True, slots=True)
class Owner:
    """The account of one of our orders, and whether the order works."""

    account_id: UUID
    is_open: bool


async def read_requests(venue: str) -> list[VenueRequest]:
    """The unanswered requests to a venue, oldest first."""
    rows = await fetch(
        "SELECT id, kind, order_id, account_id, group_ids, cause, attempts, created_at, sent_at "
        "FROM venue_requests WHERE venue = $1 ORDER BY id",
        venue,
    )
    return [_to_request(row) for row in rows]


def _to_request(row: Row) -> VenueRequest:
    group, cause, sent_at = row["group_ids"], row["cause"], row["sent_at"]
    return VenueRequest(
        id=row["id"],
        kind=RequestKind(row["kind"]),
        order_id=row["order_id"],
        account_id=row["account_id"],
        group=tuple(UUID(order_id) for order_id in orjson.loads(group)) if group is not None else (),
        cause=Cause(cause) if cause is not None else None,
        created_at=Nanos.of(row["created_at"]),
        sent_at=Nanos.of(sent_at) if sent_at is not None else None,
        attempts=row["attempts"],
    )


async def write_requests(work: UnitOfWork, venue: str, writes: Writes) -> None:
    """Store changed requests to a venue; two statements, and a third when there are both new and old ones."""
    if writes.removed:
        await work.execute(
            "DELETE FROM venue_requests r USING unnest($1::uuid[], $2::uuid[]) AS n (id, account_id) "
            "WHERE r.id = n.id AND r.account_id = n.account_id",
            [row.id for row in writes.removed],
            [row.account_id for row in writes.removed],
        )
    await work.write(_INSERT, [_request_row(venue, request) for request in writes.added])
    changed = [
        {
            "id": row.id,
            "account_id": row.account_id,
            "sent_at": _moment(row.sent_at),
            "attempts": row.attempts,
        }
        for row in writes.changed.values()
    ]
    await work.write(_UPDATE, changed)


def _request_row(venue: str, request: VenueRequest) -> dict[str, Any]:
    return {
        "id": request.id,
        "venue": venue,
        "kind": request.kind,
        "order_id": request.order_id,
        "account_id": request.account_id,
        "group_ids": orjson.dumps([str(row) for row in request.group]).decode() if request.group else None,
        "cause": request.cause,
        "attempts": request.attempts,
        "created_at": _moment(request.created_at),
        "sent_at": _moment(request.sent_at),
    }


def _moment(at: Nanos | None) -> datetime | None:
    return None if at is None else at.to_datetime()


async def read_executions_known(order_ids: Collection[UUID]) -> dict[UUID, frozenset[str]]:
    """The venue's ids of the executions of orders that are booked."""
    rows = await fetch(
        "SELECT order_id, array_agg(venue_execution_id) AS ids FROM executions "
        "WHERE order_id = ANY($1::uuid[]) GROUP BY order_id",
        list(order_ids),
    )
    return {row["order_id"]: frozenset(row["ids"]) for row in rows}


async def read_owners(venue: str, order_ids: Collection[UUID]) -> dict[UUID, Owner]:
    """The owners of those ids that are our orders at the venue."""
    rows = await fetch(
        "SELECT id, account_id, closed_at IS NULL AS is_open FROM orders WHERE venue = $1 AND id = ANY($2::uuid[])",
        venue,
        list(order_ids),
    )
    return {row["id"]: Owner(row["account_id"], row["is_open"]) for row in rows}


async def read_by_venue_ids(venue: str, venue_order_ids: Collection[str]) -> dict[str, UUID]:
    """Our orders by the venue's ids."""
    rows = await fetch(
        "SELECT remote_order_id, id FROM orders WHERE venue = $1 AND remote_order_id = ANY($2::text[])",
        venue,
        list(venue_order_ids),
    )
    return {row["remote_order_id"]: row["id"] for row in rows}


async def last_execution(venue: str) -> Nanos | None:
    """The venue's time of the newest booked execution there."""
    row = await fetch_row(_LAST_EXECUTION, venue)
    return Nanos(row["at"]) if row is not None and row["at"] is not None else None


async def write_differences(
    work: UnitOfWork, venue: str, kinds: Iterable[str], differences: Sequence[Difference]
) -> None:
    """Store the present differences; differences of the compared ``kinds`` that are gone are cleared."""
    rows: list[Mapping[str, Any]] = [
        {
            "id": new_id(),
            "venue": venue,
            "kind": row.kind,
            "subject": row.subject[:200],
            "ours": row.ours[:500],
            "theirs": row.theirs[:500],
            "first_seen_at": work.now,
            "last_seen_at": work.now,
        }
        for row in differences
    ]
    await work.write(_SEEN, rows)
    await work.execute(_CLEAR, venue, [str(kind) for kind in kinds], work.now)
