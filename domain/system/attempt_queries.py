"""Reads and writes of attempts: the holder of a run, its lease and its end. All by the database's clock.

SQL: claims and their ends go by the database's clock, which all workers share.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain.kernel.unit_of_work import UnitOfWork
from domain.system.queries import RUN_COLUMNS, to_run
from domain.system.types import TaskRun, TaskRunState

_CLAIM = f"""
UPDATE task_runs SET state = 'RUNNING', attempt = CASE WHEN started_at IS NULL THEN attempt ELSE attempt + 1 END,
  started_at = clock_timestamp(), finished_at = NULL, worker = $2, epoch = $3,
  lease_until = clock_timestamp() + $4::interval, version = version + 1, changed_at = clock_timestamp()
WHERE id = $1 RETURNING {RUN_COLUMNS}, progress
"""
_HELD = "id = $1 AND epoch = $2 AND state = 'RUNNING'"
_CHANGED = "lease_until = NULL, version = version + 1, changed_at = clock_timestamp()"


def lease_role(task: str) -> str:
    """The name of the lease under which a task runs."""
    return f"task:{task}"


async def lock_startable(work: UnitOfWork, run_id: UUID) -> TaskRun | None:
    """A run that may start, locked; None when it may not, or another worker has locked it."""
    row = await work.fetch_row(
        f"SELECT {RUN_COLUMNS} FROM task_runs WHERE id = $1 AND state IN ('QUEUED', 'RETRYING') "
        "AND ready_at <= clock_timestamp() FOR UPDATE SKIP LOCKED",
        run_id,
    )
    return to_run(row) if row else None


async def raise_epoch(work: UnitOfWork, task: str) -> int | None:
    """Take over the lease of a task; None while a transaction of the holder before is still open."""
    row = await work.fetch_row(
        "UPDATE leases SET epoch = epoch + 1 WHERE role = "
        "(SELECT role FROM leases WHERE role = $1 FOR UPDATE SKIP LOCKED) RETURNING epoch",
        lease_role(task),
    )
    return int(row["epoch"]) if row else None


async def start_run(work: UnitOfWork, run_id: UUID, worker: str, epoch: int, lease: timedelta) -> tuple[TaskRun, str]:
    """Start a locked run; returns it and the progress of earlier attempts, as JSON."""
    row = await work.fetch_row(_CLAIM, run_id, worker, epoch, lease)
    assert row is not None, "it is locked"
    return to_run(row), row["progress"]


async def renew(work: UnitOfWork, held: Collection[tuple[UUID, int]], lease: timedelta) -> frozenset[UUID]:
    """Prolong leases of runs by their epochs; returns those still held."""
    rows = await work.fetch(
        "UPDATE task_runs AS r SET lease_until = clock_timestamp() + $3::interval "
        "FROM unnest($1::uuid[], $2::bigint[]) AS n (id, epoch) "
        "WHERE r.id = n.id AND r.epoch = n.epoch AND r.state = 'RUNNING' RETURNING r.id",
        [run_id for run_id, _ in held],
        [epoch for _, epoch in held],
        lease,
    )
    return frozenset(row["id"] for row in rows)


async def write_progress(work: UnitOfWork, run_id: UUID, epoch: int, progress: str) -> bool:
    """Store the progress of a run; False when it is no longer held."""
    row = await work.fetch_row(
        f"UPDATE task_runs SET progress = $3 WHERE {_HELD} RETURNING id", run_id, epoch, progress
    )
    return row is not None


async def end_run(
    work: UnitOfWork, run_id: UUID, epoch: int, state: TaskRunState, result: str | None, error: str | None
) -> TaskRun | None:
    """Store the final end of a run; None when it is no longer held."""
    row = await work.fetch_row(
        f"UPDATE task_runs SET state = $3, result = $4, error = $5, finished_at = clock_timestamp(), {_CHANGED} "
        f"WHERE {_HELD} RETURNING {RUN_COLUMNS}",
        run_id,
        epoch,
        state.value,
        result,
        error,
    )
    return to_run(row) if row else None


async def count_failure(work: UnitOfWork, run_id: UUID, epoch: int) -> int | None:
    """Count another failed attempt of a held run; returns their number, None when it is no longer held."""
    row = await work.fetch_row(
        f"UPDATE task_runs SET failures = failures + 1 WHERE {_HELD} RETURNING failures", run_id, epoch
    )
    return int(row["failures"]) if row else None


async def postpone_run(work: UnitOfWork, run_id: UUID, epoch: int, delay: timedelta, error: str) -> TaskRun | None:
    """Schedule the next attempt of a held run after a delay."""
    row = await work.fetch_row(
        "UPDATE task_runs SET state = 'RETRYING', error = $3, finished_at = clock_timestamp(), "
        f"ready_at = clock_timestamp() + $4::interval, {_CHANGED} WHERE {_HELD} RETURNING {RUN_COLUMNS}",
        run_id,
        epoch,
        error,
        delay,
    )
    return to_run(row) if row else None


async def give_back(work: UnitOfWork, run_id: UUID, epoch: int) -> TaskRun | None:
    """Put a held run back as if its attempt had not begun; None when it is no longer held."""
    row = await work.fetch_row(
        "UPDATE task_runs SET state = 'QUEUED', started_at = NULL, ready_at = clock_timestamp(), "
        f"{_CHANGED} WHERE {_HELD} RETURNING {RUN_COLUMNS}",
        run_id,
        epoch,
    )
    return to_run(row) if row else None


@dataclass(frozen=True, slots=True)
class LostRun:
    """A run whose worker did not renew its lease in time; ``losses`` counts this one."""

    run: TaskRun
    epoch: int
    losses: int
    worker: str


async def lock_lost(work: UnitOfWork) -> list[LostRun]:
    """Runs whose leases have expired, locked, and counted as lost."""
    rows = await work.fetch(
        "UPDATE task_runs SET losses = losses + 1 WHERE id IN (SELECT id FROM task_runs WHERE state = 'RUNNING' "
        f"AND lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED) RETURNING {RUN_COLUMNS}, epoch, losses, worker"
    )
    return [LostRun(to_run(row), row["epoch"], row["losses"], row["worker"]) for row in rows]
