"""One attempt at a run, as its worker sees it: taken, held, and ended exactly once.

A worker holds a run under an epoch of the task's lease while it renews the lease. Every transaction of the task shares
that lease's row (``fence``). The next holder raises the epoch only when no transaction of the holder before is open, so
nothing of a replaced worker commits afterwards.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

import orjson

from domain.kernel.bus import Bus
from domain.kernel.lease_queries import check_lease
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.system import attempt_queries, task_store
from domain.system.events import tell
from domain.system.rules import after_failure
from domain.system.scheduling import Definitions
from domain.system.types import Json, Result, TaskRun, TaskRunState

MAX_RESULT_BYTES = 16_384
MAX_ERROR_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run that this worker holds, with the limits that were in force when it was taken."""

    run: TaskRun
    epoch: int
    timeout_seconds: int
    max_retries: int
    progress: Mapping[str, Json]

    @property
    def fence(self) -> Callable[[UnitOfWork], Awaitable[None]]:
        """The first step of every transaction of the task: raises ``LeaseLost`` once another worker has taken over."""
        return partial(check_lease, role=attempt_queries.lease_role(self.run.task), epoch=self.epoch)


async def take_run(bus: Bus, definitions: Definitions, run_id: UUID, worker: str, lease: timedelta) -> Attempt | None:
    """Take a run that waits for a worker; None when it no longer waits, is not due yet, or has an unknown task."""
    async with unit_of_work(bus) as work:
        waiting = await attempt_queries.lock_startable(work, run_id)
        if waiting is None or waiting.task not in definitions:
            return None
        epoch = await attempt_queries.raise_epoch(work, waiting.task)
        if epoch is None:
            return None
        run, progress = await attempt_queries.start_run(work, run_id, worker, epoch, lease)
        task = await task_store.load_task(work, definitions[run.task])
        tell(work, run)
    return Attempt(run, epoch, task.timeout_seconds, task.max_retries, orjson.loads(progress))


async def renew_runs(bus: Bus, held: Collection[Attempt], lease: timedelta) -> frozenset[UUID]:
    """Renew the leases of runs; returns the ids of those still held."""
    async with unit_of_work(bus) as work:
        return await attempt_queries.renew(work, [(each.run.id, each.epoch) for each in held], lease)


async def note_progress(bus: Bus, attempt: Attempt, progress: Mapping[str, Json]) -> bool:
    """Store the progress of an attempt, for the next holder; False when it is no longer held."""
    async with unit_of_work(bus) as work:
        return await attempt_queries.write_progress(work, attempt.run.id, attempt.epoch, encode(progress))


async def succeed(bus: Bus, attempt: Attempt, result: Result) -> TaskRun | None:
    """End a run with its result; None when it is no longer held."""
    return await _end(bus, attempt, TaskRunState.SUCCEEDED, encode(result), None)


async def fail_for_good(bus: Bus, attempt: Attempt, error: str, result: Result) -> TaskRun | None:
    """End a run that will not be tried again; None when it is no longer held."""
    return await _end(bus, attempt, TaskRunState.FAILED, encode(result), _storable(error))


async def fail(bus: Bus, attempt: Attempt, error: str, chance: float, *, timed_out: bool = False) -> TaskRun | None:
    """End an attempt that failed or timed out, and the run with it unless it is tried again; None when not held."""
    final = TaskRunState.TIMED_OUT if timed_out else TaskRunState.FAILED
    error = _storable(error)
    async with unit_of_work(bus) as work:
        failures = await attempt_queries.count_failure(work, attempt.run.id, attempt.epoch)
        if failures is None:
            return None
        decision = after_failure(final, failures, attempt.max_retries, chance)
        run: TaskRun | None
        if decision.state is TaskRunState.RETRYING:
            run = await attempt_queries.postpone_run(work, attempt.run.id, attempt.epoch, decision.delay, error)
        else:
            run = await attempt_queries.end_run(work, attempt.run.id, attempt.epoch, final, None, error)
        assert run is not None, "it is locked"
        tell(work, run)
    return run


async def give_back(bus: Bus, attempt: Attempt) -> TaskRun | None:
    """Put the run back for another worker, because this one stops; None when it is no longer held."""
    async with unit_of_work(bus) as work:
        run = await attempt_queries.give_back(work, attempt.run.id, attempt.epoch)
        if run is not None:
            tell(work, run)
    return run


async def _end(bus: Bus, attempt: Attempt, state: TaskRunState, result: str, error: str | None) -> TaskRun | None:
    async with unit_of_work(bus) as work:
        run = await attempt_queries.end_run(work, attempt.run.id, attempt.epoch, state, result, error)
        if run is not None:
            tell(work, run)
    return run


def _storable(error: str) -> str:
    """The text of an exception in a form that the database can hold."""
    return error[:MAX_ERROR_LENGTH].replace("\0", "").encode("utf-8", "replace").decode()


def encode(value: Mapping[str, Json]) -> str:
    """A result or progress as JSON text.

    Raises:
        ValueError: it is not JSON, or larger than what is kept.
    """
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise ValueError(f"the result of a task is not JSON: {error}") from None
    if len(text) > MAX_RESULT_BYTES:
        raise ValueError(f"the result of a task has {len(text)} bytes; at most {MAX_RESULT_BYTES} are stored")
    return text.decode().replace("\\u0000", "")
