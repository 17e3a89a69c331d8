"""Reads and writes of the anomalies area.

SQL: the event log read in one pass over all accounts, and keyset pages.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson

from domain.accounts.types import AccountEvent
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.reading import StoredEvent
from domain.anomalies.types import AnomalyKind
from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.numbered_page_queries import NumberedList
from domain.kernel.pages import Page, PageRequest
from domain.kernel.rows import insertion
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.sessions import ALWAYS_OPEN
from domain.risk.types import Severity

MAX_ANOMALIES_PER_READ = 1_000
_NAMES = tuple(item.name for item in fields(Anomaly))
ANOMALY_COLUMNS = ", ".join(_NAMES)
_INSERT = insertion(
    "anomalies",
    {
        **dict.fromkeys(("id", "account_id", "risk_event_id", "case_id"), "uuid"),
        **dict.fromkeys(("kind", "severity", "symbol", "component", "explanation", "evidence", "fingerprint"), "text"),
        **dict.fromkeys(("score", "observed", "expected", "threshold"), "double precision"),
        "sequence": "bigint",
        "detected_at": "timestamptz",
    },
)
_REMEMBER = insertion(
    "anomaly_memories",
    dict.fromkeys(("kind", "subject", "state"), "text"),
    "ON CONFLICT (kind, subject) DO UPDATE SET state = excluded.state",
)
_ADVANCE = insertion(
    "anomaly_cursors",
    {"account_id": "uuid", "sequence": "bigint"},
    "ON CONFLICT (account_id) DO UPDATE SET sequence = excluded.sequence",
)
_CALENDARS = "SELECT symbol, calendar FROM instruments WHERE calendar <> $1"
# An event ``e`` of an account ``a`` with what is to be known beside it; see ``StoredEvent``.
EVENT_COLUMNS = """e.account_id, e.sequence, e.kind, e.at, e.order_id, e.payload, a.owner_id, o.arrival_price,
  CASE WHEN i.inverse THEN NULL ELSE coalesce(i.multiplier, 1) END AS multiplier"""
EVENT_TABLES = """LEFT JOIN orders o ON o.id = e.order_id
LEFT JOIN instruments i ON i.id = o.instrument_id"""
_NEXT_EVENTS = f"""
SELECT {EVENT_COLUMNS}, max(e.at) OVER (PARTITION BY a.id ORDER BY e.sequence) AS reached
FROM accounts a
LEFT JOIN anomaly_cursors c ON c.account_id = a.id
CROSS JOIN LATERAL (
  SELECT * FROM account_events WHERE account_id = a.id AND sequence > coalesce(c.sequence, 0)
  ORDER BY sequence LIMIT $1
) e
{EVENT_TABLES}
WHERE a.event_sequence > coalesce(c.sequence, 0)
ORDER BY reached, a.id, e.sequence LIMIT $2
"""


def to_anomaly(row: Iterable[Any]) -> Anomaly:
    """An anomaly from its row."""
    named = dict(zip(_NAMES, row, strict=True))
    named["kind"], named["severity"] = AnomalyKind(named["kind"]), Severity(named["severity"])
    return Anomaly(**named)


async def has_news() -> bool:
    """True if any account has events that detectors have not read."""
    row = await fetch_row(
        "SELECT EXISTS (SELECT 1 FROM accounts a LEFT JOIN anomaly_cursors c ON c.account_id = a.id "
        "WHERE a.event_sequence > coalesce(c.sequence, 0))"
    )
    return row is not None and bool(row[0])


async def lock_head(work: UnitOfWork) -> int:
    """The number of the newest anomaly; no other run of detectors can start until this work ends."""
    row = await work.fetch_row("SELECT sequence FROM anomaly_log_head WHERE id = 1 FOR UPDATE")
    assert row is not None
    return int(row["sequence"])


async def save_head(work: UnitOfWork, sequence: int) -> None:
    """Store the number of the newest anomaly, and that detectors ran now."""
    await work.execute("UPDATE anomaly_log_head SET sequence = $1, last_run_at = $2 WHERE id = 1", sequence, work.now)


async def read_head() -> int:
    """The number of the newest anomaly, 0 when there is none."""
    row = await fetch_row("SELECT sequence FROM anomaly_log_head WHERE id = 1")
    return int(row["sequence"]) if row is not None else 0


async def read_last_run() -> datetime | None:
    """The time of the last run of the detectors."""
    row = await fetch_row("SELECT last_run_at FROM anomaly_log_head WHERE id = 1")
    return row["last_run_at"] if row is not None else None


async def next_events(work: UnitOfWork, per_account: int, limit: int) -> tuple[list[StoredEvent], bool]:
    """Unread events in the order of their times, and whether there are more.

    The last event read of an account with too many events bounds those of all accounts: events read later are later, so
    detectors that compare accounts see them in their order.
    """
    rows = await work.fetch(_NEXT_EVENTS, per_account, limit)
    counts = Counter(row["account_id"] for row in rows)
    last = {row["account_id"]: row["reached"] for row in rows}
    horizon = min((last[account] for account, count in counts.items() if count >= per_account), default=None)
    kept = [to_stored(row) for row in rows if horizon is None or row["reached"] <= horizon]
    return kept, len(rows) == limit or horizon is not None


def to_stored(row: Row) -> StoredEvent:
    """An event from a row of ``EVENT_COLUMNS``."""
    event = AccountEvent(row["account_id"], row["sequence"], row["kind"], row["at"], row["order_id"], row["payload"])
    return StoredEvent(event, str(row["owner_id"]), row["arrival_price"], row["multiplier"])


async def advance(work: UnitOfWork, sequences: Mapping[UUID, int]) -> None:
    """Store the positions up to which the events of accounts were read."""
    rows = [{"account_id": account, "sequence": sequence} for account, sequence in sequences.items()]
    await work.write(_ADVANCE, rows)


async def recall(work: UnitOfWork, wanted: Mapping[AnomalyKind, Collection[str]]) -> dict[AnomalyKind, dict[str, Any]]:
    """The memories of subjects, by kind and subject."""
    pairs = [(kind.value, subject) for kind, subjects in wanted.items() for subject in subjects]
    rows = await work.fetch(
        "SELECT kind, subject, state FROM anomaly_memories JOIN unnest($1::text[], $2::text[]) AS w (k, s) "
        "ON kind = w.k AND subject = w.s",
        [kind for kind, _ in pairs],
        [subject for _, subject in pairs],
    )
    found: dict[AnomalyKind, dict[str, Any]] = {kind: {} for kind in wanted}
    for row in rows:
        found[AnomalyKind(row["kind"])][row["subject"]] = orjson.loads(row["state"])
    return found


async def remember(work: UnitOfWork, learnt: Mapping[AnomalyKind, Mapping[str, object]]) -> None:
    """Store memories of subjects."""
    rows = [
        {"kind": kind.value, "subject": subject, "state": orjson.dumps(state).decode()}
        for kind, states in learnt.items()
        for subject, state in states.items()
    ]
    await work.write(_REMEMBER, rows)


async def reported_severities(work: UnitOfWork, fingerprints: Collection[str]) -> dict[str, set[Severity]]:
    """The severities of findings that were reported before."""
    rows = await work.fetch(
        "SELECT DISTINCT fingerprint, severity FROM anomalies WHERE fingerprint = ANY($1::text[])", list(fingerprints)
    )
    found: dict[str, set[Severity]] = {}
    for row in rows:
        found.setdefault(row["fingerprint"], set()).add(Severity(row["severity"]))
    return found


async def orders_of(work: UnitOfWork, executions: Collection[UUID]) -> dict[UUID, UUID]:
    """The orders of executions."""
    rows = await work.fetch("SELECT id, order_id FROM executions WHERE id = ANY($1::uuid[])", list(executions))
    return {row["id"]: row["order_id"] for row in rows}


async def append(work: UnitOfWork, anomalies: Sequence[Anomaly]) -> None:
    """Store numbered anomalies."""
    named = ({name: getattr(anomaly, name) for name in _NAMES} for anomaly in anomalies)
    await work.write(_INSERT, [{name: value for name, value in one.items() if value is not None} for one in named])


async def calendars_of(work: UnitOfWork, symbols: Collection[str]) -> dict[str, str]:
    """The codes of the calendars of symbols; those that trade around the clock are left out."""
    rows = await work.fetch(f"{_CALENDARS} AND symbol = ANY($2::text[])", ALWAYS_OPEN, list(symbols))
    return {row["symbol"]: row["calendar"] for row in rows}


async def read_calendars_of_all() -> dict[str, str]:
    """The same of all symbols."""
    rows = await fetch(_CALENDARS, ALWAYS_OPEN)
    return {row["symbol"]: row["calendar"] for row in rows}


async def count_since(since: datetime) -> dict[AnomalyKind, int]:
    """The number of anomalies since a time, by kind."""
    rows = await fetch("SELECT kind, count(*) AS found FROM anomalies WHERE detected_at >= $1 GROUP BY kind", since)
    return {AnomalyKind(row["kind"]): row["found"] for row in rows}


async def find_anomalies(anomaly_ids: Collection[UUID]) -> dict[UUID, Anomaly]:
    """Anomalies by id."""
    rows = await fetch(f"SELECT {ANOMALY_COLUMNS} FROM anomalies WHERE id = ANY($1::uuid[])", list(anomaly_ids))
    return {row["id"]: to_anomaly(row) for row in rows}


async def read_anomalies(after: int, limit: int) -> list[Anomaly]:
    """The next anomalies after a number, in order; at most 1,000."""
    rows = await fetch(
        f"SELECT {ANOMALY_COLUMNS} FROM anomalies WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        after,
        min(limit, MAX_ANOMALIES_PER_READ),
    )
    return [to_anomaly(row) for row in rows]


@dataclass(frozen=True, slots=True)
class AnomalyFilter:
    """A filter of anomalies; None matches all. ``account_ids`` None: those of every account and of none."""

    account_ids: tuple[UUID, ...] | None = None
    account_id: UUID | None = None
    kinds: tuple[AnomalyKind, ...] | None = None
    severities: tuple[Severity, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    case_id: UUID | None = None


_MATCHES = """
($1::uuid[] IS NULL OR account_id = ANY($1)) AND ($2::uuid IS NULL OR account_id = $2)
AND ($3::text[] IS NULL OR kind = ANY($3)) AND ($4::text[] IS NULL OR severity = ANY($4))
AND ($5::timestamptz IS NULL OR detected_at >= $5) AND ($6::timestamptz IS NULL OR detected_at < $6)
"""


def _arguments(wanted: AnomalyFilter) -> list[object]:
    return [
        list(wanted.account_ids) if wanted.account_ids is not None else None,
        wanted.account_id,
        [kind.value for kind in wanted.kinds] if wanted.kinds is not None else None,
        [severity.value for severity in wanted.severities] if wanted.severities is not None else None,
        wanted.since,
        wanted.until,
    ]


_LIST = NumberedList("anomalies", ANOMALY_COLUMNS, _MATCHES, "sequence", to_anomaly, attrgetter("sequence"))
# A statement of its own: a condition that may be absent cannot be read from the index of cases.
_OF_CASE = replace(_LIST, condition=f"{_MATCHES} AND case_id = $7")


def _chosen(wanted: AnomalyFilter) -> tuple[NumberedList[Anomaly], list[object]]:
    """The list, and the arguments of its condition."""
    if wanted.case_id is None:
        return _LIST, _arguments(wanted)
    return _OF_CASE, [*_arguments(wanted), wanted.case_id]


async def list_page(wanted: AnomalyFilter, request: PageRequest) -> Page[Anomaly]:
    """A page of anomalies, newest first."""
    listed, arguments = _chosen(wanted)
    return await listed.page(arguments, request)


async def count(wanted: AnomalyFilter) -> int:
    """The number of anomalies that match."""
    listed, arguments = _chosen(wanted)
    return await listed.count(arguments)
