"""Reads and writes of waiting deliveries, and of the positions in their sources.

SQL: the event logs of all accounts in one pass, deliveries in bulk, and claims that skip what others hold.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from domain.access.types import Role
from domain.accounts.types import AccountEvent
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.rows import insertion
from domain.kernel.unit_of_work import UnitOfWork
from domain.system.notifications.notices import RELEVANT_EVENTS, decode, encode
from domain.system.notifications.rules import is_urgent
from domain.system.notifications.types import Delivery, Notice, Reader
from domain.system.queries import RUN_COLUMNS, to_run
from domain.system.types import TaskRun

# Of one account so much is read at once, and of all together.
MAX_EVENTS_OF_ACCOUNT, MAX_EVENTS = 500, 2_000
MAX_RUNS = 500
# So much may wait for a channel; of what comes on top of it only the number is kept.
MAX_WAITING = 1_000
_RISK, _ANOMALIES, _RUNS, _HEALTH = "risk", "anomalies", "runs", "health"
_EVENTS = """
SELECT e.account_id, e.sequence, e.kind, e.at, e.order_id, e.payload
FROM accounts a
LEFT JOIN notification_cursors c ON c.source = 'account:' || a.id
CROSS JOIN LATERAL (
  SELECT account_id, sequence, kind, at, order_id,
    CASE WHEN kind = ANY($1::text[]) THEN payload ELSE '' END AS payload
  FROM account_events WHERE account_id = a.id AND sequence > coalesce(c.position, 0)
  ORDER BY sequence LIMIT $2
) e
WHERE a.event_sequence > coalesce(c.position, 0)
ORDER BY a.id, e.sequence LIMIT $3
"""
_ADVANCE = insertion(
    "notification_cursors",
    {"source": "text", "position": "bigint", "reached_at": "timestamptz", "state": "text"},
    "ON CONFLICT (source) DO UPDATE SET position = excluded.position, reached_at = excluded.reached_at, "
    "state = excluded.state",
)
# Where a channel has its fill, the number of what is left out is kept.
_DELIVER = """
WITH given AS (
  SELECT n.*, row_number() OVER (PARTITION BY n.channel_id ORDER BY n.id)
    + (SELECT count(*) FROM notification_deliveries d WHERE d.channel_id = n.channel_id AND d.state = 'PENDING')
    AS place
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::boolean[], $5::text[])
    AS n (id, channel_id, key, urgent, notice)
  WHERE NOT EXISTS (
    SELECT FROM notification_deliveries d WHERE d.channel_id = n.channel_id AND d.key = n.key
  )
), kept AS (
  INSERT INTO notification_deliveries (id, channel_id, key, state, urgent, notice, created_at)
  SELECT id, channel_id, key, 'PENDING', urgent, notice, $6 FROM given WHERE place <= $7
  ON CONFLICT (channel_id, key) DO NOTHING
)
UPDATE notification_channels c SET left_out = c.left_out + g.number
FROM (SELECT channel_id, count(*) AS number FROM given WHERE place > $7 GROUP BY channel_id) AS g
WHERE c.id = g.channel_id
"""
_WAITING = """
SELECT channel_id, min(created_at) AS oldest, min(created_at) FILTER (WHERE urgent) AS oldest_urgent
FROM notification_deliveries WHERE state = 'PENDING' GROUP BY channel_id
"""
_READERS = """
SELECT u.id, u.role, ARRAY(SELECT a.id FROM accounts a WHERE a.owner_id = u.id)
  || ARRAY(SELECT g.account_id FROM account_grants g WHERE g.user_id = u.id) AS accounts
FROM users u WHERE u.active AND u.id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Cursors:
    """The positions in the sources: logs of risk events and anomalies by number, runs of tasks by time.

    ``health`` is the last reported state of each component, None when nobody has looked; ``health_number`` counts the
    changes.
    """

    risk: int = 0
    anomalies: int = 0
    runs: datetime | None = None
    health: Mapping[str, str] | None = None
    health_number: int = 0


async def read_cursors() -> Cursors:
    """The positions in the sources other than accounts."""
    sources = [_RISK, _ANOMALIES, _RUNS, _HEALTH]
    rows = await fetch(
        "SELECT source, position, reached_at, state FROM notification_cursors WHERE source = ANY($1::text[])", sources
    )
    found = {row["source"]: row for row in rows}
    health = found.get(_HEALTH)
    return Cursors(
        risk=found[_RISK]["position"] if _RISK in found else 0,
        anomalies=found[_ANOMALIES]["position"] if _ANOMALIES in found else 0,
        runs=found[_RUNS]["reached_at"] if _RUNS in found else None,
        health=orjson.loads(health["state"]) if health is not None and health["state"] else None,
        health_number=health["position"] if health is not None else 0,
    )


async def lock_cursors(work: UnitOfWork) -> bool:
    """Lock the cursors for this transaction; False if another one holds them."""
    row = await work.fetch_row("SELECT pg_try_advisory_xact_lock(hashtext('notification_cursors')) AS taken")
    return row is not None and bool(row["taken"])


async def await_cursors(work: UnitOfWork) -> None:
    """Wait for the lock of the cursors and take it for this transaction."""
    await work.execute("SELECT pg_advisory_xact_lock(hashtext('notification_cursors'))")


async def write_cursors(work: UnitOfWork, cursors: Cursors, accounts: Mapping[UUID, int]) -> None:
    """Say how far the sources were read, and the logs of these accounts."""
    health = None if cursors.health is None else orjson.dumps(cursors.health).decode()
    rows: list[dict[str, object]] = [
        {"source": _RISK, "position": cursors.risk},
        {"source": _ANOMALIES, "position": cursors.anomalies},
        {"source": _RUNS, "position": 0, "reached_at": cursors.runs},
        {"source": _HEALTH, "position": cursors.health_number, "state": health},
    ]
    rows += [{"source": f"account:{account}", "position": sequence} for account, sequence in accounts.items()]
    await work.write(_ADVANCE, rows)


async def skip_accounts(work: UnitOfWork) -> None:
    """Mark all present events of accounts as read."""
    await work.execute(
        "INSERT INTO notification_cursors (source, position) SELECT 'account:' || id, event_sequence FROM accounts "
        "ON CONFLICT (source) DO UPDATE SET position = excluded.position"
    )


async def forget_health(work: UnitOfWork) -> None:
    """Let the next look at the platform's health be the first."""
    await work.execute("UPDATE notification_cursors SET state = NULL WHERE source = $1", _HEALTH)


async def skip_logs(work: UnitOfWork) -> None:
    """Count all risk events, anomalies and runs of before the first channel as read."""
    await work.execute(
        "INSERT INTO notification_cursors (source, position, reached_at) VALUES "
        "($1, (SELECT sequence FROM risk_log_head WHERE id = 1), NULL), "
        "($2, (SELECT sequence FROM anomaly_log_head WHERE id = 1), NULL), ($3, 0, $4) "
        "ON CONFLICT (source) DO UPDATE SET position = excluded.position, reached_at = excluded.reached_at",
        _RISK,
        _ANOMALIES,
        _RUNS,
        work.now,
    )


async def next_events() -> tuple[list[AccountEvent], dict[UUID, int], bool]:
    """New events of accounts, the positions after them, and whether there are more."""
    rows = await fetch(_EVENTS, list(RELEVANT_EVENTS), MAX_EVENTS_OF_ACCOUNT, MAX_EVENTS)
    reached = {row["account_id"]: row["sequence"] for row in rows}
    counts = Counter(row["account_id"] for row in rows)
    more = len(rows) == MAX_EVENTS or max(counts.values(), default=0) == MAX_EVENTS_OF_ACCOUNT
    return [AccountEvent(*row) for row in rows if row["kind"] in RELEVANT_EVENTS], reached, more


async def failed_runs(since: datetime) -> list[TaskRun]:
    """Finally failed runs since a time, oldest first."""
    rows = await fetch(
        f"SELECT {RUN_COLUMNS} FROM task_runs WHERE changed_at > $1 AND state IN ('FAILED', 'TIMED_OUT') "
        "ORDER BY changed_at LIMIT $2",
        since,
        MAX_RUNS,
    )
    return [to_run(row) for row in rows]


async def account_names(account_ids: Collection[UUID]) -> dict[UUID, tuple[str, str]]:
    """The names and currencies of accounts."""
    rows = await fetch("SELECT id, name, currency FROM accounts WHERE id = ANY($1::uuid[])", list(account_ids))
    return {row["id"]: (row["name"], row["currency"]) for row in rows}


async def readers(owner_ids: Collection[UUID]) -> dict[UUID, Reader]:
    """The rights of channels' owners, of those that may sign in."""
    rows = await fetch(_READERS, list(owner_ids)) if owner_ids else []
    return {row["id"]: Reader(Role(row["role"]), frozenset(row["accounts"])) for row in rows}


# ------------------------------------------------------------------ deliveries


async def add_deliveries(work: UnitOfWork, wanted: Iterable[tuple[UUID, Notice]]) -> None:
    """Add deliveries of notices to channels, each notice once per channel."""
    given = list(wanted)
    if not given:
        return
    await work.execute(
        _DELIVER,
        [new_id() for _ in given],
        [channel_id for channel_id, _ in given],
        [notice.key for _, notice in given],
        [is_urgent(notice) for _, notice in given],
        [encode(notice) for _, notice in given],
        work.now,
        MAX_WAITING,
    )


async def waiting() -> dict[UUID, tuple[datetime, datetime | None]]:
    """Since when something waits for channels, and something urgent."""
    return {row["channel_id"]: (row["oldest"], row["oldest_urgent"]) for row in await fetch(_WAITING)}


async def claim(work: UnitOfWork, channel_id: UUID, claim_id: UUID, lease: timedelta) -> int | None:
    """Claim a channel for sending; returns the number of dropped notices, or None if another worker has the claim."""
    row = await work.fetch_row(
        "UPDATE notification_channels SET claim = $2, claimed_until = clock_timestamp() + $3 "
        "WHERE id = $1 AND enabled AND coalesce(claimed_until <= clock_timestamp(), true) RETURNING left_out",
        channel_id,
        claim_id,
        lease,
    )
    return None if row is None else int(row["left_out"])


async def take_waiting(
    work: UnitOfWork, channel_id: UUID, message_id: UUID, limit: int, *, urgent_only: bool
) -> list[Delivery]:
    """The notices of a channel's next message, oldest first, marked with the message's name.

    Notices of a message that may have arrived are sent again, by themselves and under that name.
    """
    rows = await work.fetch(
        "SELECT id, channel_id, notice, message_id, created_at FROM notification_deliveries "
        "WHERE state = 'PENDING' AND channel_id = $1 AND message_id = (SELECT message_id FROM notification_deliveries "
        "WHERE state = 'PENDING' AND channel_id = $1 AND message_id IS NOT NULL ORDER BY id LIMIT 1) ORDER BY id",
        channel_id,
    )
    if not rows:
        rows = await work.fetch(
            "UPDATE notification_deliveries SET message_id = $2 WHERE id IN (SELECT id FROM notification_deliveries "
            "WHERE state = 'PENDING' AND channel_id = $1 AND (urgent OR NOT $4) ORDER BY id LIMIT $3) "
            "RETURNING id, channel_id, notice, message_id, created_at",
            channel_id,
            message_id,
            limit,
            urgent_only,
        )
    found = [
        Delivery(row["id"], row["channel_id"], decode(row["notice"]), row["message_id"], row["created_at"])
        for row in rows
    ]
    return sorted(found, key=lambda delivery: delivery.id)


async def end_deliveries(work: UnitOfWork, delivery_ids: Sequence[UUID], state: str) -> None:
    """Store the outcome of deliveries."""
    if delivery_ids:
        await work.execute(
            "UPDATE notification_deliveries SET state = $2, ended_at = $3 WHERE id = ANY($1::uuid[])",
            list(delivery_ids),
            state,
            work.now,
        )


async def settle(
    work: UnitOfWork,
    channel_id: UUID,
    claim_id: UUID,
    *,
    error: str | None,
    sent: bool,
    failures: int,
    not_before: datetime | None,
    told_left_out: int,
) -> bool:
    """Release the claim of a channel with the outcome of the attempt; False if another worker has it by now."""
    row = await work.fetch_row(
        "UPDATE notification_channels SET claim = NULL, claimed_until = NULL, last_error = $3, failures = $4, "
        "not_before = $5, left_out = left_out - $6, last_sent_at = CASE WHEN $7 THEN $8 ELSE last_sent_at END "
        "WHERE id = $1 AND claim = $2 RETURNING id",
        channel_id,
        claim_id,
        error,
        failures,
        not_before,
        told_left_out,
        sent,
        work.now,
    )
    return row is not None


async def remove_old(work: UnitOfWork, before: datetime, limit: int) -> int:
    """Remove deliveries that were over before a time; how many, at most ``limit``."""
    rows = await work.fetch(
        "DELETE FROM notification_deliveries WHERE id IN (SELECT id FROM notification_deliveries "
        "WHERE state <> 'PENDING' AND ended_at < $1 LIMIT $2) RETURNING id",
        before,
        limit,
    )
    return len(rows)


async def claim_test(work: UnitOfWork, channel_id: UUID, every: timedelta) -> int | None:
    """Note that a channel is tried now; in how many seconds it may be, when it was tried a moment ago."""
    row = await work.fetch_row(
        "SELECT ceil(extract(epoch FROM tried_at + $2 - clock_timestamp()))::int AS seconds "
        "FROM notification_channels WHERE id = $1",
        channel_id,
        every,
    )
    if row is not None and row["seconds"] is not None and row["seconds"] > 0:
        return int(row["seconds"])
    await work.execute("UPDATE notification_channels SET tried_at = clock_timestamp() WHERE id = $1", channel_id)
    return None
