"""Reads and writes of cases: their numbered log, pages, and what a run of the detectors writes at once.

SQL: numbers are given out under the lock of the head, keyset pages join findings, and a run writes many rows.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases.forms import read_case, read_ids, read_shares, write_case, write_ids, write_shares
from domain.anomalies.cases.types import Case, CaseEvent, CaseEventKind, CaseStatus, Disposition
from domain.anomalies.queries import ANOMALY_COLUMNS, to_anomaly
from domain.anomalies.types import AnomalyKind
from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.numbered_page_queries import NumberedList
from domain.kernel.pages import Page, PageRequest
from domain.kernel.rows import Record, insertion
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk.types import Severity

MAX_STEPS_PER_READ = 1_000
# Of a case so many findings and steps are shown, the newest.
MAX_SHOWN = 500
_NAMES = tuple(item.name for item in fields(Case))
_COLUMNS = ", ".join(f"c.{name}" for name in _NAMES)
STEP_COLUMNS = "sequence, kind, at, by, note, anomaly_id, account_id, snapshot"
_FIXED = {"id", "number", "kind", "symbol", "component", "opened_at"}
_SAVE = insertion(
    "anomaly_cases",
    {
        "id": "uuid",
        "number": "bigint",
        **dict.fromkeys(("kind", "symbol", "component", "account_ids", "linked_ids", "shares"), "text"),
        **dict.fromkeys(("severity", "status", "assignee", "disposition", "note"), "text"),
        "score": "double precision",
        **dict.fromkeys(("finding_count", "version"), "integer"),
        **dict.fromkeys(("opened_at", "found_at", "updated_at", "closed_at"), "timestamptz"),
    },
    "ON CONFLICT (id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in _NAMES if name not in _FIXED),
)
_APPEND = insertion(
    "anomaly_case_events",
    {
        "sequence": "bigint",
        **dict.fromkeys(("case_id", "anomaly_id", "account_id"), "uuid"),
        **dict.fromkeys(("kind", "by", "note", "snapshot"), "text"),
        "at": "timestamptz",
    },
)


def _case(row: Row) -> Case:
    named = dict(zip(_NAMES, row, strict=True))
    return Case(
        **named
        | {
            "kind": AnomalyKind(named["kind"]),
            "severity": Severity(named["severity"]),
            "status": CaseStatus(named["status"]),
            "disposition": Disposition(named["disposition"]) if named["disposition"] is not None else None,
            "account_ids": read_ids(named["account_ids"]),
            "linked_ids": read_ids(named["linked_ids"]),
            "shares": read_shares(named["shares"]),
        }
    )


def _record(case: Case) -> Record:
    named = {name: getattr(case, name) for name in _NAMES}
    named |= {name: write_ids(named[name]) for name in ("account_ids", "linked_ids")}
    named["shares"] = write_shares(case.shares)
    return {name: value for name, value in named.items() if value is not None}


async def lock_head(work: UnitOfWork) -> tuple[int, int]:
    """Lock the head of cases until the transaction ends; returns the newest numbers of steps and cases."""
    row = await work.fetch_row("SELECT sequence, number FROM anomaly_case_head WHERE id = 1 FOR UPDATE")
    assert row is not None
    return row["sequence"], row["number"]


async def read_head() -> int:
    """The number of the newest step, 0 when there is none."""
    row = await fetch_row("SELECT sequence FROM anomaly_case_head WHERE id = 1")
    return row["sequence"] if row is not None else 0


async def append(work: UnitOfWork, events: Sequence[CaseEvent], number: int) -> None:
    """Store steps, numbered already, and the cases as they are after them; ``number`` is that of the newest case."""
    cases = {event.case.id: event.case for event in events}
    await work.execute(
        "UPDATE anomaly_case_head SET sequence = $1, number = $2 WHERE id = 1", events[-1].sequence, number
    )
    await work.write(_SAVE, [_record(case) for case in cases.values()])
    # Steps refer to cases: those are there first.
    await work.flush()
    await work.write(_APPEND, [_step_record(event) for event in events])


def _step_record(event: CaseEvent) -> Record:
    named = {
        "sequence": event.sequence,
        "case_id": event.case.id,
        "kind": event.kind,
        "at": event.at,
        "by": event.by,
        "note": event.note,
        "anomaly_id": event.anomaly_id,
        "account_id": event.account_id,
        "snapshot": write_case(event.case),
    }
    return {name: value for name, value in named.items() if value is not None}


async def read_steps(after: int, limit: int) -> list[CaseEvent]:
    """The next steps of all cases after a number, in order; at most 1,000."""
    rows = await fetch(
        f"SELECT {STEP_COLUMNS} FROM anomaly_case_events WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        after,
        min(limit, MAX_STEPS_PER_READ),
    )
    return [to_step(row) for row in rows]


async def read_steps_of(case_ids: Collection[UUID]) -> dict[UUID, list[CaseEvent]]:
    """The steps of each of these cases, oldest first; the newest 500 of each."""
    found: dict[UUID, list[CaseEvent]] = {case_id: [] for case_id in case_ids}
    rows = await fetch(
        f"SELECT {STEP_COLUMNS} FROM unnest($1::uuid[]) AS w (id) CROSS JOIN LATERAL (SELECT * "
        "FROM anomaly_case_events WHERE case_id = w.id ORDER BY sequence DESC LIMIT $2) AS e ORDER BY sequence",
        list(case_ids),
        MAX_SHOWN,
    )
    for row in rows:
        event = to_step(row)
        found[event.case.id].append(event)
    return found


def to_step(row: Row) -> CaseEvent:
    """A step from its row."""
    return CaseEvent(
        row["sequence"],
        CaseEventKind(row["kind"]),
        row["at"],
        row["by"],
        row["note"],
        row["anomaly_id"],
        read_case(row["snapshot"]),
        row["account_id"],
    )


async def read_findings_of(case_ids: Collection[UUID]) -> dict[UUID, list[Anomaly]]:
    """The findings of each of these cases, newest first; the newest 500 of each."""
    found: dict[UUID, list[Anomaly]] = {case_id: [] for case_id in case_ids}
    rows = await fetch(
        f"SELECT {ANOMALY_COLUMNS} FROM unnest($1::uuid[]) AS w (wanted_id) CROSS JOIN LATERAL "
        "(SELECT * FROM anomalies WHERE case_id = w.wanted_id ORDER BY sequence DESC LIMIT $2) AS a "
        "ORDER BY sequence DESC",
        list(case_ids),
        MAX_SHOWN,
    )
    for row in rows:
        anomaly = to_anomaly(row)
        assert anomaly.case_id is not None, "read by its case"
        found[anomaly.case_id].append(anomaly)
    return found


async def load_findings(work: UnitOfWork, case_id: UUID) -> list[Anomaly]:
    """The findings of a case as this transaction sees them, newest first; at most 500."""
    rows = await work.fetch(
        f"SELECT {ANOMALY_COLUMNS} FROM anomalies WHERE case_id = $1 ORDER BY sequence DESC LIMIT $2",
        case_id,
        MAX_SHOWN,
    )
    return [to_anomaly(row) for row in rows]


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """A filter of cases; None matches all. ``account_ids`` None: those of every account and of none."""

    account_ids: tuple[UUID, ...] | None = None
    account_id: UUID | None = None
    kinds: tuple[AnomalyKind, ...] | None = None
    statuses: tuple[CaseStatus, ...] | None = None
    severities: tuple[Severity, ...] | None = None
    dispositions: tuple[Disposition, ...] | None = None
    assignee: str | None = None
    since: datetime | None = None
    until: datetime | None = None


# Who sees some accounts asks for the case as it is of them (rules.narrowed).
_SEEN = """LEFT JOIN LATERAL (
  SELECT CASE WHEN bool_and(status IN ('DECIDED', 'CLOSED')) THEN min(status)
      WHEN bool_or(status <> 'OPEN') THEN 'ASSIGNED' ELSE min(status) END AS status,
    CASE WHEN bool_and(status IN ('DECIDED', 'CLOSED')) THEN min(disposition) END AS disposition,
    min(opened_at) AS opened_at
  FROM jsonb_to_recordset(c.shares::jsonb)
    AS s (account_id uuid, status text, disposition text, opened_at timestamptz)
  WHERE account_id = ANY ($1) AND status IS NOT NULL
) AS own ON true"""
_MATCHES = """
($1::uuid[] IS NULL OR EXISTS (SELECT 1 FROM anomalies a WHERE a.case_id = c.id AND a.account_id = ANY($1)))
AND ($2::uuid IS NULL OR EXISTS (SELECT 1 FROM anomalies a WHERE a.case_id = c.id AND a.account_id = $2))
AND ($3::text[] IS NULL OR c.kind = ANY($3)) AND ($4::text[] IS NULL OR COALESCE(own.status, c.status) = ANY($4))
AND ($5::text[] IS NULL OR (CASE WHEN $1::uuid[] IS NULL THEN c.severity ELSE (
  SELECT a.severity FROM anomalies a WHERE a.case_id = c.id AND a.account_id = ANY($1)
  ORDER BY array_position(ARRAY['INFO', 'WARNING', 'CRITICAL'], a.severity::text) DESC LIMIT 1) END) = ANY($5))
AND ($6::text[] IS NULL OR CASE WHEN own.status IS NULL THEN c.disposition ELSE own.disposition END = ANY($6))
AND ($7::text IS NULL OR c.assignee = $7)
AND ($8::timestamptz IS NULL OR COALESCE(own.opened_at, c.opened_at) >= $8)
AND ($9::timestamptz IS NULL OR COALESCE(own.opened_at, c.opened_at) < $9)
"""


def _arguments(wanted: CaseFilter) -> list[object]:
    listed = (wanted.kinds, wanted.statuses, wanted.severities, wanted.dispositions)
    return [
        list(wanted.account_ids) if wanted.account_ids is not None else None,
        wanted.account_id,
        *([word.value for word in words] if words is not None else None for words in listed),
        wanted.assignee,
        wanted.since,
        wanted.until,
    ]


_LIST = NumberedList(f"anomaly_cases c {_SEEN}", _COLUMNS, _MATCHES, "c.number", _case, attrgetter("number"))


async def list_page(wanted: CaseFilter, request: PageRequest) -> Page[Case]:
    """A page of cases, newest first."""
    return await _LIST.page(_arguments(wanted), request)


async def count(wanted: CaseFilter) -> int:
    """The number of cases that match."""
    return await _LIST.count(_arguments(wanted))
