"""Reads of the platform's health and load from the database.

SQL: catalogues and statistics of the server.
"""

from dataclasses import dataclass
from datetime import timedelta

from domain.kernel.database import fetch, fetch_row
from domain.kernel.ids import first_id
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork
from domain.system.health import Facts, VenueFacts, WorkerFacts
from domain.system.task_definitions import BOOK_PROOF

# One look at small tables and at the ends of indexes. A run that waits longer than it is due is late as well.
_FACTS = """
SELECT clock_timestamp() AS at,
  (SELECT max(clock_timestamp() - due) FROM (
    SELECT next_run_at AS due FROM scheduled_tasks WHERE enabled
    UNION ALL SELECT ready_at FROM task_runs WHERE state IN ('QUEUED', 'RETRYING')
  ) AS waiting) AS task_lag,
  p.state AS proof_state, p.finished_at AS proved_at
FROM (SELECT 1) AS one LEFT JOIN LATERAL (
  SELECT state, finished_at FROM task_runs WHERE task = $1 AND finished_at IS NOT NULL ORDER BY id DESC LIMIT 1
) AS p ON true
"""
_VENUES = """
SELECT venue, max(command_age) AS command_age, max(request_age) AS request_age, sum(differences)::int AS differences
FROM (
  SELECT venue, clock_timestamp() - min(created_at) AS command_age, NULL::interval AS request_age, 0 AS differences
  FROM venue_commands GROUP BY venue
  UNION ALL
  SELECT venue, NULL, clock_timestamp() - min(sent_at), 0 FROM venue_requests WHERE sent_at IS NOT NULL GROUP BY venue
  UNION ALL
  SELECT venue, NULL, NULL, count(*) FROM venue_differences WHERE cleared_at IS NULL GROUP BY venue
) AS found GROUP BY venue
"""
# A process that has died has no session; one that hangs has, and gives no sign of life.
_WORKERS = """
SELECT trouble, extract(epoch FROM clock_timestamp() - beat_at)::float AS silent_seconds,
  EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name = b.session) AS is_connected
FROM worker_beats b WHERE beat_at > clock_timestamp() - interval '1 hour'
"""
_BEAT = """
INSERT INTO worker_beats (name, session, trouble, beat_at) VALUES ($1, $2, $3, clock_timestamp())
ON CONFLICT (name) DO UPDATE SET session = EXCLUDED.session, trouble = EXCLUDED.trouble, beat_at = EXCLUDED.beat_at
"""
_FORGET = "DELETE FROM worker_beats WHERE name = $1 OR beat_at < clock_timestamp() - interval '1 hour'"
_LOAD = """
SELECT (SELECT count(*) FROM orders WHERE id > $1) AS orders,
  (SELECT count(*) FROM executions WHERE id > $1) AS executions,
  (SELECT coalesce(sum(orders), 0) FROM open_order_counts) AS open_orders,
  (SELECT count(*) FROM venue_commands)
    + (SELECT count(*) FROM task_runs WHERE state IN ('QUEUED', 'RETRYING')) AS waiting
"""
_LOOK_BACK = timedelta(seconds=10)


async def read_facts() -> Facts:
    """Facts of this moment, in three statements.

    Raises:
        Unavailable: the database cannot be reached.
    """
    row = await fetch_row(_FACTS, BOOK_PROOF)
    assert row is not None
    venues = {
        each["venue"]: VenueFacts(each["command_age"], each["request_age"], each["differences"])
        for each in await fetch(_VENUES)
    }
    workers = [
        WorkerFacts(each["is_connected"], each["silent_seconds"], each["trouble"]) for each in await fetch(_WORKERS)
    ]
    return Facts(row["at"], row["task_lag"], venues, workers, row["proof_state"], row["proved_at"])


async def write_worker_beat(work: UnitOfWork, name: str, session: str, trouble: str | None) -> None:
    """Note a sign of life of a worker, whose sessions in the database have the name ``session``."""
    await work.execute(_BEAT, name, session, trouble)


async def forget_worker(work: UnitOfWork, name: str) -> None:
    """Forget a worker that stops, and those that have been silent for an hour."""
    await work.execute(_FORGET, name)


@dataclass(frozen=True, slots=True)
class TradingLoad:
    """Orders and executions per second over the last ten seconds, open orders, and waiting work."""

    orders_per_second: float
    executions_per_second: float
    open_orders: int
    queue_depth: int


async def read_trading_load() -> TradingLoad:
    """The load of this moment, in one statement.

    Raises:
        Unavailable: the database cannot be reached.
    """
    row = await fetch_row(_LOAD, first_id(utc_now() - _LOOK_BACK))
    assert row is not None
    seconds = _LOOK_BACK.total_seconds()
    return TradingLoad(
        row["orders"] / seconds, row["executions"] / seconds, int(row["open_orders"]), int(row["waiting"])
    )
