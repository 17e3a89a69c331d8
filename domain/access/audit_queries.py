"""Writing and reading the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from domain.access.queries import id_key
from domain.access.types import AuditEntry, AuditOutcome
from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page
from domain.kernel.rows import Record, insertion, reader
from domain.kernel.unit_of_work import Writing

_COLUMNS = "id, at, actor, action, target, outcome, detail, api_key_id, address, request_id"


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: all that are given must match; ``since`` is inclusive, ``until`` is not."""

    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_INSERT = insertion(
    "audit_entries",
    {
        **dict.fromkeys(("id", "api_key_id", "request_id"), "uuid"),
        **dict.fromkeys(("actor", "action", "target", "outcome", "address"), "text"),
        "at": "timestamptz",
        "detail": "jsonb",
    },
)
_as_stored = reader(*(name for name in _INSERT.columns if name != "detail"))


async def insert_entries(work: Writing, entries: Sequence[AuditEntry]) -> None:
    """Append entries, together with the other writes of ``work``."""
    await work.write(_INSERT, [_row(entry) for entry in entries])


def _row(entry: AuditEntry) -> Record:
    row = _as_stored(entry)
    if entry.detail is not None:
        row["detail"] = orjson.Fragment(entry.detail)
    return row


def _to_entry(row: Row) -> AuditEntry:
    values = list(row)
    values[5] = AuditOutcome(values[5])
    return AuditEntry(*values)


def _where(wanted: AuditFilter) -> tuple[list[str], list[object]]:
    clauses, arguments = list[str](), list[object]()
    for clause, value in (
        ("actor = ${}", wanted.actor),
        ("action = ${}", wanted.action),
        ("at >= ${}", wanted.since),
        ("at < ${}", wanted.until),
    ):
        if value is not None:
            arguments.append(value)
            clauses.append(clause.format(len(arguments)))
    return clauses, arguments


async def page_entries(request: PageRequest, wanted: AuditFilter) -> Page[AuditEntry]:
    """A page of the log, newest first."""
    clauses, arguments = _where(wanted)
    key = id_key(request)
    if key is not None:
        arguments.append(key)
        clauses.append(f"id < ${len(arguments)}")
    arguments.append(request.size + 1)
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM audit_entries WHERE {' AND '.join(clauses) or 'true'} "
        f"ORDER BY id DESC LIMIT ${len(arguments)}",
        *arguments,
    )
    entries = [_to_entry(row) for row in rows]
    return make_page(request, entries, lambda entry: encode_cursor(str(entry.id)))


async def count_entries(wanted: AuditFilter) -> int:
    """How many entries match."""
    clauses, arguments = _where(wanted)
    where = " AND ".join(clauses) or "true"
    row = await fetch_row(f"SELECT count(*) AS n FROM audit_entries WHERE {where}", *arguments)
    return int(row["n"]) if row else 0
