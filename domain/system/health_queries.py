"""Reads of the platform's health and load from the database.

SQL: catalogues and statistics of the server.
"""

from dataclasses import dataclass
from datetime import timedelta

from domain.kernel.database import fetch, fetch_row
from domain.kernel.ids import first_id
from domain.kernel.time import utc_now
from domain.system.definitions import BOOK_PROOF
from domain.system.health import Facts

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
_COMMANDS = """
SELECT venue, clock_timestamp() - min(created_at) AS age FROM venue_commands GROUP BY venue
"""
_LOAD = """
SELECT (SELECT count(*) FROM orders WHERE id > $1) AS orders,
  (SELECT count(*) FROM executions WHERE id > $1) AS executions,
  (SELECT coalesce(sum(orders), 0) FROM open_order_counts) AS open_orders,
  (SELECT count(*) FROM venue_commands)
    + (SELECT count(*) FROM task_runs WHERE state IN ('QUEUED', 'RETRYING')) AS waiting
"""
_LOOK_BACK = timedelta(seconds=10)


async def read_facts() -> Facts:
    """Facts of this moment, in two statements.

    Raises:
        Unavailable: the database cannot be reached.
    """
    row = await fetch_row(_FACTS, BOOK_PROOF)
    assert row is not None
    commands = {each["venue"]: each["age"] for each in await fetch(_COMMANDS)}
    return Facts(row["at"], row["task_lag"], commands, row["proof_state"], row["proved_at"], ())


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
