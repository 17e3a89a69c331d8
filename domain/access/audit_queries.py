"""Writing and reading the audit log.

SQL: an append-only log in keyset pages over any combination of filters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from domain.access.types import AuditEntry, AuditOutcome
from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.ids import first_id, parse_id
from domain.kernel.pages import Page, PageRequest, encode_cursor, id_key, make_page
from domain.kernel.rows import insertion, reader
from domain.kernel.unit_of_work import Writing

_SKEW = timedelta(minutes=5)
_COLUMNS = "id, at, actor, action, target, outcome, detail, api_key_id, address, request_id"


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A filter of entries: all given conditions must match; ``since`` is inclusive, ``until`` is not."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    outcome: AuditOutcome | None = None
    since: datetime | None = None
    until: datetime | None = None


# An order's row is its entry: what placed it, however it was asked, is `placeOrder`. What a venue refuses later was
# done all the same.
PLACING = "placeOrder"
ORDER_TARGET = "order:"
_ORDER_OUTCOME = "CASE WHEN reject_reason IS NULL OR reject_reason = 'VENUE_REJECTED' THEN 'DONE' ELSE 'REFUSED' END"
_SOURCES = {
    "audit_entries": {"at": "at", "actor": "actor", "outcome": "outcome", "columns": _COLUMNS},
    "orders": {
        "at": "created_at",
        "actor": "placed_by",
        "outcome": _ORDER_OUTCOME,
        "columns": f"id, created_at, placed_by, '{PLACING}', '{ORDER_TARGET}' || id, {_ORDER_OUTCOME}, "
        "jsonb_strip_nulls(jsonb_build_object('accountId', account_id, 'side', side, 'type', type, "
        "'quantity', quantity::text, 'limitPrice', limit_price::text, 'clientOrderId', client_order_id, "
        "'rejectReason', reject_reason)), placed_key, placed_from, request_id",
    },
}


_INSERT = insertion(
    "audit_entries",
    {
        **dict.fromkeys(("id", "api_key_id", "request_id"), "uuid"),
        **dict.fromkeys(("actor", "action", "target", "outcome", "address"), "text"),
        "at": "timestamptz",
        "detail": "jsonb",
    },
)
# The detail of an entry is JSON text already.
_row = reader(*_INSERT.columns, converts={"detail": orjson.Fragment})


async def insert_entries(work: Writing, entries: Sequence[AuditEntry]) -> None:
    """Append entries, together with the other writes of ``work``."""
    await work.write(_INSERT, [_row(entry) for entry in entries])


def _to_entry(row: Row) -> AuditEntry:
    values = list(row)
    values[5] = AuditOutcome(values[5])
    return AuditEntry(*values)


class _Selection:
    """The conditions of one filter on entries and orders, with shared arguments."""

    def __init__(self, wanted: AuditFilter, key: UUID | None, *, backward: bool = False) -> None:
        self.arguments: list[object] = []
        self._wanted = wanted
        self._key = key
        self._comparison, self._direction = (">", "ASC") if backward else ("<", "DESC")
        # Identifiers are ordered by time, so a time bounds them; clocks of several processes differ a little.
        self._first = None if wanted.since is None else first_id(wanted.since - _SKEW)
        self._last = None if wanted.until is None else first_id(wanted.until + _SKEW)

    def text(self, limit: int | None) -> str:
        """Matching entries and orders as one relation; with ``limit``, the newest."""
        parts = [self._entries(limit)]
        orders = self._orders(limit)
        if orders is not None:
            parts.append(orders)
        return " UNION ALL ".join(f"({part})" for part in parts)

    def argument(self, value: object) -> str:
        """The placeholder of a value."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def _entries(self, limit: int | None) -> str:
        wanted = self._wanted
        extra = [("action = {}", wanted.action), ("target = {}", wanted.target)]
        return self._select("audit_entries", [], extra, limit)

    def _orders(self, limit: int | None) -> str | None:
        """None when no order can match."""
        wanted, order_id = self._wanted, None
        if wanted.action not in (None, PLACING):
            return None
        if wanted.target is not None:
            order_id = parse_id(wanted.target.removeprefix(ORDER_TARGET))
            if order_id is None or not wanted.target.startswith(ORDER_TARGET):
                return None
        return self._select("orders", ["placed_by IS NOT NULL"], [("id = {}", order_id)], limit)

    def _select(self, table: str, clauses: list[str], extra: Sequence[tuple[str, object]], limit: int | None) -> str:
        wanted, source = self._wanted, _SOURCES[table]
        given: list[tuple[str, object]] = [
            (f"{source['actor']} = {{}}", wanted.actor),
            (f"{source['outcome']} = {{}}", wanted.outcome.value if wanted.outcome is not None else None),
            (f"{source['at']} >= {{}}", wanted.since),
            (f"{source['at']} < {{}}", wanted.until),
            ("id >= {}", self._first),
            ("id < {}", self._last),
            (f"id {self._comparison} {{}}", self._key),
            *extra,
        ]
        clauses = clauses + [clause.format(self.argument(value)) for clause, value in given if value is not None]
        bound = "" if limit is None else f" ORDER BY id {self._direction} LIMIT {limit}"
        return f"SELECT {source['columns']} FROM {table} WHERE {' AND '.join(clauses) or 'true'}{bound}"


async def page_entries(request: PageRequest, wanted: AuditFilter) -> Page[AuditEntry]:
    """A page of the log, newest first: entries and orders, in one statement by their key."""
    selection, size = _Selection(wanted, id_key(request), backward=request.backward), request.size + 1
    text = f"SELECT * FROM ({selection.text(size)}) u ORDER BY 1 {'ASC' if request.backward else 'DESC'} LIMIT {size}"
    rows = await fetch(text, *selection.arguments)
    entries = [_to_entry(row) for row in rows]
    return make_page(request, entries, lambda entry: encode_cursor(str(entry.id)))


async def count_entries(wanted: AuditFilter) -> int:
    """The number of entries that match."""
    selection = _Selection(wanted, None)
    row = await fetch_row(f"SELECT count(*) AS n FROM ({selection.text(None)}) u", *selection.arguments)
    return int(row["n"]) if row else 0
