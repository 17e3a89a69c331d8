"""Reads and writes of tasks and their runs. Leases and due times go by the database's clock, which all workers share.

Making a run of a task locks the task's row; a partial unique index allows one active run per task.

SQL: due times go by the database's clock, and runs are read in keyset pages.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from domain.access.queries import id_key
from domain.kernel.database import Row, fetch
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page
from domain.kernel.rows import insertion
from domain.kernel.unit_of_work import UnitOfWork
from domain.system.triggers import describe
from domain.system.types import (
    Cron,
    Interval,
    Override,
    RunCause,
    ScheduledTask,
    TaskDefinition,
    TaskRun,
    TaskRunState,
    Trigger,
)

LIVE = "state IN ('QUEUED', 'RUNNING', 'RETRYING')"
_TASK = "name, enabled, interval_seconds, cron, timezone, timeout_seconds, max_retries, version, next_run_at"
RUN_COLUMNS = """id, task, state, cause, attempt, due_at, started_at, finished_at, result, error, requested_by, version,
changed_at"""
_INSERT_RUNS = insertion(
    "task_runs",
    {
        "id": "uuid",
        **dict.fromkeys(("task", "state", "cause", "error", "requested_by"), "text"),
        **dict.fromkeys(("due_at", "ready_at", "finished_at", "changed_at"), "timestamptz"),
        **dict.fromkeys(("attempt", "failures", "losses", "epoch", "version"), "integer"),
        "progress": "text",
    },
)


def _to_task(definition: TaskDefinition, row: Row) -> ScheduledTask:
    trigger: Trigger | None = None
    if row["interval_seconds"] is not None:
        trigger = Interval(row["interval_seconds"])
    elif row["cron"] is not None:
        trigger = Cron(row["cron"], row["timezone"])
    override = Override(row["enabled"], trigger, row["timeout_seconds"], row["max_retries"], row["version"])
    return ScheduledTask(definition, override, row["next_run_at"])


def to_run(row: Row) -> TaskRun:
    """A run from its row."""
    values = list(row)[:13]
    values[2] = TaskRunState(values[2])
    values[3] = RunCause(values[3])
    return TaskRun(*values)


# ------------------------------------------------------------------ tasks


async def read_tasks(definitions: Mapping[str, TaskDefinition]) -> dict[str, ScheduledTask]:
    """The tasks that have a row, by name."""
    rows = await fetch(f"SELECT {_TASK} FROM scheduled_tasks WHERE name = ANY($1::text[])", list(definitions))
    return {row["name"]: _to_task(definitions[row["name"]], row) for row in rows}


async def load_task(work: UnitOfWork, definition: TaskDefinition) -> ScheduledTask:
    """A task that has a row, as it is in force."""
    row = await work.fetch_row(f"SELECT {_TASK} FROM scheduled_tasks WHERE name = $1", definition.name)
    assert row is not None, "what has runs has a row"
    return _to_task(definition, row)


async def lock_tasks(
    work: UnitOfWork, definitions: Mapping[str, TaskDefinition], names: Collection[str], *, wait: bool = True
) -> dict[str, ScheduledTask]:
    """Lock the rows of tasks, in the order of their names; without ``wait`` rows that another holds are left out."""
    rows = await work.fetch(
        f"SELECT {_TASK} FROM scheduled_tasks WHERE name = ANY($1::text[]) ORDER BY name FOR UPDATE"
        f"{'' if wait else ' SKIP LOCKED'}",
        list(names),
    )
    return {row["name"]: _to_task(definitions[row["name"]], row) for row in rows}


async def add_tasks(work: UnitOfWork, due: Mapping[str, tuple[TaskDefinition, datetime]]) -> None:
    """Add rows for new tasks, with their first due time and a lease."""
    names = sorted(due)
    await work.execute(
        "INSERT INTO leases (role, epoch) SELECT 'task:' || name, 0 FROM unnest($1::text[]) AS name "
        "ON CONFLICT DO NOTHING",
        names,
    )
    await work.execute(
        "INSERT INTO scheduled_tasks (name, enabled, version, schedule, next_run_at, updated_at) "
        "SELECT name, true, 0, schedule, next_run_at, $4 "
        "FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS n (name, schedule, next_run_at) "
        "ON CONFLICT DO NOTHING",
        names,
        [describe(due[name][0].trigger) for name in names],
        [due[name][1] for name in names],
        work.now,
    )


async def read_schedules(work: UnitOfWork, names: Collection[str]) -> dict[str, str]:
    """The trigger from which the next time of each task was computed."""
    rows = await work.fetch("SELECT name, schedule FROM scheduled_tasks WHERE name = ANY($1::text[])", list(names))
    return {row["name"]: row["schedule"] for row in rows}


async def write_next_runs(work: UnitOfWork, tasks: Collection[ScheduledTask]) -> None:
    """Store the next due time of locked tasks, with the trigger that it was computed from."""
    await work.execute(
        "UPDATE scheduled_tasks AS t SET next_run_at = n.next_run_at, schedule = n.schedule "
        "FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS n (name, schedule, next_run_at) "
        "WHERE t.name = n.name",
        [task.name for task in tasks],
        [describe(task.trigger) for task in tasks],
        [task.next_run_at for task in tasks],
    )


async def write_override(work: UnitOfWork, task: ScheduledTask) -> None:
    """Store the operators' changes of a locked task."""
    override = task.override
    trigger = override.trigger
    await work.execute(
        "UPDATE scheduled_tasks SET enabled = $2, interval_seconds = $3, cron = $4, timezone = $5, "
        "timeout_seconds = $6, max_retries = $7, version = $8, schedule = $9, next_run_at = $10, updated_at = $11 "
        "WHERE name = $1",
        task.name,
        override.enabled,
        trigger.seconds if isinstance(trigger, Interval) else None,
        trigger.line if isinstance(trigger, Cron) else None,
        trigger.zone if isinstance(trigger, Cron) else None,
        override.timeout_seconds,
        override.max_retries,
        override.version,
        describe(task.trigger),
        task.next_run_at,
        work.now,
    )


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
  ARRAY(SELECT task FROM task_runs WHERE {LIVE} AND task = ANY($1::text[])) AS busy,
  EXISTS (SELECT FROM task_runs WHERE state = 'RUNNING' AND lease_until < now.at) AS has_lost,
  ARRAY(SELECT id FROM task_runs WHERE {LIVE} AND state <> 'RUNNING' AND task = ANY($1::text[])
    AND ready_at <= now.at ORDER BY id) AS ready,
  ARRAY(SELECT version FROM task_runs WHERE {LIVE} AND state <> 'RUNNING' AND task = ANY($1::text[])
    AND ready_at <= now.at ORDER BY id) AS versions,
  (SELECT min(at) FROM (
    SELECT min(next_run_at) FROM scheduled_tasks WHERE name = ANY($1::text[]) AND next_run_at > now.at
    UNION ALL SELECT min(ready_at) FROM task_runs WHERE {LIVE} AND state <> 'RUNNING' AND ready_at > now.at
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


async def insert_runs(work: UnitOfWork, runs: Sequence[TaskRun]) -> None:
    """Store new runs, ready or ended; at most one active run for each task."""
    await work.write(
        _INSERT_RUNS,
        [
            {
                "id": run.id,
                "task": run.task,
                "state": run.state,
                "cause": run.cause,
                "due_at": run.due_at,
                "ready_at": run.changed_at,
                "finished_at": run.finished_at,
                "error": run.error,
                "requested_by": run.requested_by,
                "changed_at": run.changed_at,
                "attempt": run.attempt,
                "version": run.version,
                "failures": 0,
                "losses": 0,
                "epoch": 0,
                "progress": "{}",
            }
            for run in runs
        ],
    )


async def lock_live_run(work: UnitOfWork, task: str) -> TaskRun | None:
    """The active run of a task, locked."""
    row = await work.fetch_row(f"SELECT {RUN_COLUMNS} FROM task_runs WHERE task = $1 AND {LIVE} FOR UPDATE", task)
    return to_run(row) if row else None


async def read_busy(work: UnitOfWork, names: Collection[str]) -> frozenset[str]:
    """The locked tasks that have an active run."""
    rows = await work.fetch(f"SELECT task FROM task_runs WHERE task = ANY($1::text[]) AND {LIVE}", list(names))
    return frozenset(row["task"] for row in rows)


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
        f"AND ({LIVE} OR changed_at > clock_timestamp() - $2::interval) ORDER BY changed_at LIMIT $3",
        task,
        since,
        limit,
    )
    return [to_run(row) for row in rows]


def _filter(task: str | None, states: Collection[TaskRunState] | None) -> tuple[str, list[object]]:
    clauses, arguments = ["true"], list[object]()
    for clause, value in (
        ("task = ${}", task),
        ("state = ANY(${}::text[])", None if states is None else [state.value for state in states]),
    ):
        if value is not None:
            arguments.append(value)
            clauses.append(clause.format(len(arguments)))
    return " AND ".join(clauses), arguments


async def page_runs(request: PageRequest, task: str | None, states: Collection[TaskRunState] | None) -> Page[TaskRun]:
    """A page of runs, newest first."""
    where, arguments = _filter(task, states)
    key = id_key(request)
    if key is not None:
        arguments.append(key)
        where += f" AND id {'>' if request.backward else '<'} ${len(arguments)}"
    arguments.append(request.size + 1)
    rows = await fetch(
        f"SELECT {RUN_COLUMNS} FROM task_runs WHERE {where} "
        f"ORDER BY id {'ASC' if request.backward else 'DESC'} LIMIT ${len(arguments)}",
        *arguments,
    )
    runs = [to_run(row) for row in rows]
    return make_page(request, runs, lambda run: encode_cursor(str(run.id)))


async def count_runs(task: str | None, states: Collection[TaskRunState] | None) -> int:
    """The number of runs that match."""
    where, arguments = _filter(task, states)
    (row,) = await fetch(f"SELECT count(*) AS n FROM task_runs WHERE {where}", *arguments)
    return int(row["n"])


async def remove_old_runs(work: UnitOfWork, before: datetime, keep: int, limit: int) -> int:
    """Remove runs that ended before a time, except the newest ``keep`` of each task.

    Returns their number, at most ``limit``.
    """
    row = await work.fetch_row(
        "WITH old AS (SELECT r.id FROM (SELECT DISTINCT task FROM task_runs) AS t CROSS JOIN LATERAL "
        "(SELECT id FROM task_runs WHERE task = t.task ORDER BY id DESC OFFSET $2 LIMIT 1) AS kept "
        f"JOIN task_runs AS r ON r.task = t.task AND r.id <= kept.id AND r.changed_at < $1 AND NOT ({LIVE}) LIMIT $3), "
        "gone AS (DELETE FROM task_runs USING old WHERE task_runs.id = old.id RETURNING 1) "
        "SELECT count(*) AS n FROM gone",
        before,
        keep,
        limit,
    )
    assert row is not None
    return int(row["n"])
