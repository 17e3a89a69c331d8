"""Reads and writes of risk events: a log without gaps in its numbers, because its head is locked while it grows.

SQL: the numbers are given out under the lock of the log's head, in keyset pages.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from domain.kernel.database import fetch, fetch_row
from domain.kernel.ids import new_id
from domain.kernel.numbered_page_queries import NumberedList
from domain.kernel.pages import Page, PageRequest
from domain.kernel.rows import Record, insertion
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk.types import (
    RiskAction,
    RiskEvent,
    RiskEventSource,
    RiskEventState,
    RiskSignal,
    Severity,
)

MAX_EVENTS_PER_READ = 1_000
_NAMES = tuple(item.name for item in fields(RiskEvent))
# "limit" is a word of SQL.
_COLUMNS = ", ".join('"limit"' if name == "limit" else name for name in _NAMES)
_ENUMS = {
    "source": RiskEventSource,
    "severity": Severity,
    "action_taken": RiskAction,
    "state": RiskEventState,
}
_PLACES = tuple((place, _ENUMS[name]) for place, name in enumerate(_NAMES) if name in _ENUMS)
_INSERT = insertion(
    "risk_events",
    {
        **dict.fromkeys(("id", "account_id", "order_id", "rule_id"), "uuid"),
        **dict.fromkeys(("symbol", "source", "kind", "severity", "message"), "text"),
        **dict.fromkeys(("action_taken", "state", "fingerprint"), "text"),
        **dict.fromkeys(("observed", '"limit"'), "numeric"),
        "sequence": "bigint",
        "created_at": "timestamptz",
        "cleared_at": "timestamptz",
    },
)


def to_event(row: Iterable[Any]) -> RiskEvent:
    """An event from its row."""
    values = list(row)
    for place, enum in _PLACES:
        if values[place] is not None:
            values[place] = enum(values[place])
    return RiskEvent(*values)


async def append_events(work: UnitOfWork, signals: Sequence[RiskSignal]) -> list[RiskEvent]:
    """Number and store events; accounts must be locked before.

    Events whose fingerprint is already active are left out.
    """
    head = await work.fetch_row("SELECT sequence FROM risk_log_head WHERE id = 1 FOR UPDATE")
    assert head is not None
    known = await _going_on(work, {signal.fingerprint for signal in signals if signal.fingerprint is not None})
    events: list[RiskEvent] = []
    for signal in signals:
        if signal.fingerprint is not None:
            if signal.fingerprint in known:
                continue
            known.add(signal.fingerprint)
        events.append(_event(signal, head["sequence"] + len(events) + 1, work.now))
    if events:
        await work.execute("UPDATE risk_log_head SET sequence = $1 WHERE id = 1", events[-1].sequence)
        await work.write(_INSERT, [_record(event) for event in events])
    return events


async def _going_on(work: UnitOfWork, fingerprints: Collection[str]) -> set[str]:
    if not fingerprints:
        return set()
    rows = await work.fetch(
        "SELECT fingerprint FROM risk_events WHERE fingerprint = ANY($1::text[]) AND cleared_at IS NULL",
        list(fingerprints),
    )
    return {row["fingerprint"] for row in rows}


def _event(signal: RiskSignal, sequence: int, now: datetime) -> RiskEvent:
    return RiskEvent(
        id=new_id(),
        sequence=sequence,
        account_id=signal.account_id,
        symbol=signal.symbol,
        order_id=signal.order_id,
        rule_id=signal.rule_id,
        source=signal.source,
        kind=signal.kind,
        severity=signal.severity,
        message=signal.message,
        observed=signal.observed,
        limit=signal.limit,
        action_taken=signal.action_taken,
        state=RiskEventState.OPEN,
        acknowledged_by=None,
        note=None,
        fingerprint=signal.fingerprint,
        created_at=now,
        # What nobody watches is over as soon as it is told.
        cleared_at=now if signal.fingerprint is None else None,
        resolved_at=None,
    )


def _record(event: RiskEvent) -> Record:
    named = {name: getattr(event, name) for name in _NAMES}
    return {name: value for name, value in named.items() if value is not None}


async def clear_events(work: UnitOfWork, fingerprints: Collection[str]) -> None:
    """Mark the causes of events as over: the next occurrence is a new event."""
    await work.execute(
        "UPDATE risk_events SET cleared_at = $2 WHERE fingerprint = ANY($1::text[]) AND cleared_at IS NULL",
        list(fingerprints),
        work.now,
    )


async def read_going_on() -> set[str]:
    """The fingerprints of all active events."""
    rows = await fetch("SELECT fingerprint FROM risk_events WHERE fingerprint IS NOT NULL AND cleared_at IS NULL")
    return {row["fingerprint"] for row in rows}


async def lock_event(work: UnitOfWork, event_id: UUID) -> RiskEvent | None:
    """One event, locked for a change."""
    row = await work.fetch_row(f"SELECT {_COLUMNS} FROM risk_events WHERE id = $1 FOR UPDATE", event_id)
    return to_event(row) if row is not None else None


async def save_handling(work: UnitOfWork, event: RiskEvent) -> None:
    """Store the acknowledgement or resolution of an event."""
    await work.execute(
        "UPDATE risk_events SET state = $2, acknowledged_by = $3, note = $4, resolved_at = $5 WHERE id = $1",
        event.id,
        event.state.value,
        event.acknowledged_by,
        event.note,
        event.resolved_at,
    )


async def resolve_all(work: UnitOfWork, event_ids: Collection[UUID], by: str, note: str) -> None:
    """Store that events were resolved, apart from those that are already."""
    await work.execute(
        "UPDATE risk_events SET state = 'RESOLVED', acknowledged_by = coalesce(acknowledged_by, $2), note = $3, "
        "resolved_at = $4 WHERE id = ANY($1::uuid[]) AND state <> 'RESOLVED'",
        list(event_ids),
        by,
        note,
        work.now,
    )


async def find_events(event_ids: Collection[UUID]) -> dict[UUID, RiskEvent]:
    """Events by id."""
    rows = await fetch(f"SELECT {_COLUMNS} FROM risk_events WHERE id = ANY($1::uuid[])", list(event_ids))
    return {row["id"]: to_event(row) for row in rows}


async def read_events(after: int, limit: int = MAX_EVENTS_PER_READ) -> list[RiskEvent]:
    """The next events after a number, in order; at most 1,000."""
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM risk_events WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        after,
        min(limit, MAX_EVENTS_PER_READ),
    )
    return [to_event(row) for row in rows]


async def read_unhandled(since: datetime, until: datetime, limit: int) -> list[RiskEvent]:
    """CRITICAL events between two times that nobody has acknowledged, oldest first."""
    rows = await fetch(
        f"SELECT {_COLUMNS} FROM risk_events WHERE state = 'OPEN' AND severity = 'CRITICAL' "
        "AND created_at > $1 AND created_at <= $2 ORDER BY sequence LIMIT $3",
        since,
        until,
        limit,
    )
    return [to_event(row) for row in rows]


async def read_head() -> int:
    """The number of the newest event."""
    row = await fetch_row("SELECT sequence FROM risk_log_head WHERE id = 1")
    return row["sequence"] if row is not None else 0


@dataclass(frozen=True, slots=True)
class RiskEventFilter:
    """A filter of events; None matches all. ``account_ids`` None: events of every account and of none."""

    account_ids: tuple[UUID, ...] | None = None
    account_id: UUID | None = None
    severities: tuple[Severity, ...] | None = None
    states: tuple[RiskEventState, ...] | None = None
    kinds: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


_MATCHES = """
($1::uuid[] IS NULL OR account_id IS NULL OR account_id = ANY($1)) AND ($2::uuid IS NULL OR account_id = $2)
AND ($3::text[] IS NULL OR severity = ANY($3)) AND ($4::text[] IS NULL OR state = ANY($4))
AND ($5::text[] IS NULL OR kind = ANY($5))
AND ($6::timestamptz IS NULL OR created_at >= $6) AND ($7::timestamptz IS NULL OR created_at < $7)
"""


def _arguments(wanted: RiskEventFilter) -> list[object]:
    return [
        list(wanted.account_ids) if wanted.account_ids is not None else None,
        wanted.account_id,
        [severity.value for severity in wanted.severities] if wanted.severities is not None else None,
        [state.value for state in wanted.states] if wanted.states is not None else None,
        list(wanted.kinds) if wanted.kinds is not None else None,
        wanted.since,
        wanted.until,
    ]


_LIST = NumberedList("risk_events", _COLUMNS, _MATCHES, "sequence", to_event, attrgetter("sequence"))


async def list_events(wanted: RiskEventFilter, request: PageRequest) -> Page[RiskEvent]:
    """A page of events, newest first."""
    return await _LIST.page(_arguments(wanted), request)


async def count_events(wanted: RiskEventFilter) -> int:
    """The number of events that match."""
    return await _LIST.count(_arguments(wanted))
