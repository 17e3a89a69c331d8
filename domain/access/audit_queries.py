"""Writing and reading the audit log."""

from dataclasses import dataclass
from datetime import datetime

from domain.access.queries import id_key
from domain.access.types import AuditEntry, AuditOutcome
from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page
from domain.kernel.unit_of_work import UnitOfWork

_COLUMNS = "id, at, actor, action, target, outcome, detail"


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: all that are given must match; ``since`` is inclusive, ``until`` is not."""

    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def insert_entry(work: UnitOfWork, entry: AuditEntry) -> None:
    """Append one entry."""
    await work.execute(
        f"INSERT INTO audit_entries ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)",
        entry.id,
        entry.at,
        entry.actor,
        entry.action,
        entry.target,
        entry.outcome,
        entry.detail,
    )


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
