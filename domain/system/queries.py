"""The agenda of the workers, and runs by the time of their change.

SQL: what is due goes by the database's clock, which all workers share; the newest runs of many tasks are one statement.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.kernel.database import Row, fetch
from domain.kernel.unit_of_work import UnitOfWork
from domain.system.types import (
    RunCause,
    TaskRun,
    TaskRunState,
)

_LIVE = "state IN ('QUEUED', 'RUNNING', 'RETRYING')"
RUN_COLUMNS = """id, task, state, cause, attempt, due_at, started_at, finished_at, result, error, requested_by, version,
changed_at"""


def to_run(row: Row) -> TaskRun:
    """A run from its row."""
    values = list(row)[:13]
    values[2] = TaskRunState(values[2])
    values[3] = RunCause(values[3])
    return TaskRun(*values)


# ------------------------------------------------------------------ what there is to do


@dataclass(frozen=True, slots=True)
class Agenda:
    """The pending work of the scheduler: due tasks, runs whose worker died, runs that may start.

    ``wait`` is the time until the next of them, None when there is none. ``ready`` are runs with their versions.
    """

    due: tuple[str, ...]
    busy: frozenset[str]
    has_lost: bool
    ready: tuple[tuple[UUID, int], ...]
    wait: timedelta | None


_AGENDA = f"""
SELECT
  ARRAY(SELECT name FROM scheduled_tasks WHERE name = ANY($1::text[]) AND next_run_at <= now.at) AS due,
  ARRAY(SELECT task FROM task_runs WHERE {_LIVE} AND task = ANY($1::text[])) AS busy,
  EXISTS (SELECT FROM task_runs WHERE state = 'RUNNING' AND lease_until < now.at) AS has_lost,
  ARRAY(SELECT id FROM task_runs WHERE {_LIVE} AND state <> 'RUNNING' AND task = ANY($1::text[])
    AND ready_at <= now.at ORDER BY id) AS ready,
  ARRAY(SELECT version FROM task_runs WHERE {_LIVE} AND state <> 'RUNNING' AND task = ANY($1::text[])
    AND ready_at <= now.at ORDER BY id) AS versions,
  (SELECT min(at) FROM (
    SELECT min(next_run_at) FROM scheduled_tasks WHERE name = ANY($1::text[]) AND next_run_at > now.at
    UNION ALL SELECT min(ready_at) FROM task_runs WHERE {_LIVE} AND state <> 'RUNNING' AND ready_at > now.at
  ) AS coming (at)) - now.at AS wait
FROM (SELECT clock_timestamp() AS at) AS now
"""


async def read_agenda(names: Collection[str]) -> Agenda:
    """The pending work for these tasks; one statement that locks nothing."""
    (row,) = await fetch(_AGENDA, list(names))
    ready = tuple(zip(row["ready"], row["versions"], strict=True))
    return Agenda(tuple(row["due"]), frozenset(row["busy"]), row["has_lost"], ready, row["wait"])


async def database_now(work: UnitOfWork) -> datetime:
    """The database's clock: rows that are locked afterwards are compared with a later moment."""
    row = await work.fetch_row("SELECT clock_timestamp() AS now")
    assert row is not None
    now: datetime = row["now"]
    return now


# ------------------------------------------------------------------ runs


async def make_ready(work: UnitOfWork, run_id: UUID) -> TaskRun | None:
    """Let a run that waits for its next attempt start now; None when it no longer waits."""
    row = await work.fetch_row(
        "UPDATE task_runs SET ready_at = clock_timestamp(), version = version + 1, changed_at = clock_timestamp() "
        f"WHERE id = $1 AND state = 'RETRYING' RETURNING {RUN_COLUMNS}",
        run_id,
    )
    return to_run(row) if row else None


async def skip_waiting(work: UnitOfWork, task: str, why: str) -> TaskRun | None:
    """End a run of a task that waits for its start; None when there is none, or it runs."""
    row = await work.fetch_row(
        "UPDATE task_runs SET state = 'SKIPPED', error = $2, finished_at = coalesce(finished_at, clock_timestamp()), "
        "version = version + 1, changed_at = clock_timestamp() "
        f"WHERE task = $1 AND state IN ('QUEUED', 'RETRYING') RETURNING {RUN_COLUMNS}",
        task,
        why,
    )
    return to_run(row) if row else None


async def read_newest(keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], list[TaskRun]]:
    """The newest runs of tasks, up to a number each, newest first; tasks without any are left out."""
    rows = await fetch(
        f"SELECT r.* FROM unnest($1::text[]) AS t (name) CROSS JOIN LATERAL "
        f"(SELECT {RUN_COLUMNS} FROM task_runs WHERE task = t.name ORDER BY id DESC LIMIT $2) AS r "
        "ORDER BY r.id DESC",
        list({task for task, _ in keys}),
        max((count for _, count in keys), default=0),
    )
    found: dict[str, list[TaskRun]] = {}
    for row in rows:
        found.setdefault(row["task"], []).append(to_run(row))
    return {(task, count): found[task][:count] for task, count in keys if task in found}


async def read_changed(task: str | None, since: timedelta | None, limit: int) -> list[TaskRun]:
    """Runs that changed within a time, and active ones, by the time of the change.

    Without a time only the active ones.
    """
    rows = await fetch(
        f"SELECT {RUN_COLUMNS} FROM task_runs WHERE ($1::text IS NULL OR task = $1) "
        f"AND ({_LIVE} OR changed_at > clock_timestamp() - $2::interval) ORDER BY changed_at LIMIT $3",
        task,
        since,
        limit,
    )
    return [to_run(row) for row in rows]


async def remove_old_runs(work: UnitOfWork, before: datetime, keep: int, limit: int) -> int:
    """Remove runs that ended before a time, except the newest ``keep`` of each task.

    Returns their number, at most ``limit``.
    """
    row = await work.fetch_row(
        "WITH old AS (SELECT r.id FROM (SELECT DISTINCT task FROM task_runs) AS t CROSS JOIN LATERAL "
        "(SELECT id FROM task_runs WHERE task = t.task ORDER BY id DESC OFFSET $2 LIMIT 1) AS kept "
        "JOIN task_runs AS r ON r.task = t.task AND r.id <= kept.id AND r.changed_at < $1 "
        f"AND NOT ({_LIVE}) LIMIT $3), "
        "gone AS (DELETE FROM task_runs USING old WHERE task_runs.id = old.id RETURNING 1) "
        "SELECT count(*) AS n FROM gone",
        before,
        keep,
        limit,
    )
    assert row is not None
    return int(row["n"])
