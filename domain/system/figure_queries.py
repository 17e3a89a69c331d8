"""Reads of the figures that operators watch.

SQL: counts over ranges of keys and ends of indexes; nothing is read that grows with the age of the platform.
"""

from collections import Counter
from datetime import timedelta

from domain.kernel.database import fetch, fetch_row
from domain.kernel.ids import first_id
from domain.kernel.time import utc_now
from domain.system.figures import PlatformFigures
from domain.system.health_queries import read_facts

_LAST_MINUTE, _LAST_HOUR = timedelta(minutes=1), timedelta(hours=1)
_ORDERS = "SELECT status, reject_reason, count(*) AS number FROM orders WHERE id > $1 GROUP BY status, reject_reason"
_FILLS = """
SELECT count(*) AS executions,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE first) AS p50,
  percentile_cont(0.99) WITHIN GROUP (ORDER BY waited) FILTER (WHERE first) AS p99
FROM (
  SELECT extract(epoch FROM e.created_at - o.created_at)::float8 AS waited,
    row_number() OVER (PARTITION BY e.order_id ORDER BY e.id) = 1 AND o.id > $1 AS first
  FROM executions e JOIN orders o ON o.id = e.order_id WHERE e.id > $1
) AS fills
"""
_COMMANDS = """
SELECT venue, count(*) AS number, extract(epoch FROM clock_timestamp() - min(created_at))::float8 AS age
FROM venue_commands GROUP BY venue
"""
_RUNS = """
SELECT task, state, count(*) AS number FROM task_runs
WHERE changed_at > $1 AND state IN ('SUCCEEDED', 'FAILED', 'TIMED_OUT', 'SKIPPED') GROUP BY task, state
"""
_WAITING = """
SELECT (SELECT coalesce(sum(orders), 0) FROM open_order_counts) AS open_orders,
  (SELECT count(*) FROM task_runs WHERE state IN ('QUEUED', 'RETRYING')) AS runs,
  (SELECT count(*) FROM notification_deliveries WHERE state = 'PENDING') AS notifications
"""


async def read_figures() -> PlatformFigures:
    """The figures of this moment.

    Raises:
        Unavailable: the database cannot be reached.
    """
    now = utc_now()
    minute = first_id(now - _LAST_MINUTE)
    facts = await read_facts()
    orders = await fetch(_ORDERS, minute)
    fills, waiting = await fetch_row(_FILLS, minute), await fetch_row(_WAITING)
    commands = await fetch(_COMMANDS)
    runs = await fetch(_RUNS, now - _LAST_HOUR)
    assert fills is not None
    assert waiting is not None
    by_status: Counter[str] = Counter()
    rejects: Counter[str] = Counter()
    for row in orders:
        by_status[row["status"]] += row["number"]
        if row["reject_reason"] is not None:
            rejects[row["reject_reason"]] += row["number"]
    proved_at = facts.proved_at
    return PlatformFigures(
        orders=by_status,
        rejects=rejects,
        executions=fills["executions"],
        fill_p50_seconds=fills["p50"],
        fill_p99_seconds=fills["p99"],
        open_orders=int(waiting["open_orders"]),
        commands={row["venue"]: row["number"] for row in commands},
        command_ages={row["venue"]: row["age"] for row in commands},
        runs={(row["task"], row["state"]): row["number"] for row in runs},
        waiting_runs=int(waiting["runs"]),
        task_lag_seconds=max(0.0, facts.task_lag.total_seconds()) if facts.task_lag is not None else 0.0,
        proof_age_seconds=(facts.at - proved_at).total_seconds() if proved_at is not None else None,
        is_proved=facts.proof_state == "SUCCEEDED",
        notifications=int(waiting["notifications"]),
    )
