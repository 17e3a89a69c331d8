"""Scheduling: makes runs of due tasks, and restarts runs whose workers died.

Any number of workers does this at once: the one that locks a task's row first makes its run, the others find nothing to
do. Nothing depends on Redis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog

from domain.kernel.bus import Bus
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.system import attempt_queries, queries, run_store, task_store
from domain.system.events import tell
from domain.system.queries import Agenda
from domain.system.rules import DueRun, after_loss, plan_due
from domain.system.triggers import describe, next_fire
from domain.system.types import RunCause, ScheduledTask, TaskDefinition, TaskRun, TaskRunState

Definitions = Mapping[str, TaskDefinition]
_log = structlog.stdlib.get_logger("scheduler")


@dataclass(frozen=True, slots=True)
class ReadyRun:
    """A run that waits for a worker; ``version`` identifies this time of waiting."""

    id: UUID
    version: int


async def register_tasks(bus: Bus, definitions: Definitions) -> None:
    """Set the first due time of new tasks, and compute it again where this release changed the trigger."""
    async with unit_of_work(bus) as work:
        await _register(work, definitions)


async def _register(work: UnitOfWork, definitions: Definitions) -> None:
    now = await queries.database_now(work)
    first = {name: (each, next_fire(each.trigger, now)) for name, each in definitions.items()}
    await task_store.add_tasks(work, first)
    tasks = await task_store.lock_tasks(work, definitions, definitions)
    schedules = await task_store.read_schedules(work, tasks)
    # A time that has come already is not taken away: it is made up for first.
    moved = [
        replace(task, next_run_at=next_fire(task.trigger, now))
        for name, task in tasks.items()
        if task.next_run_at is not None and task.next_run_at > now and schedules[name] != describe(task.trigger)
    ]
    await task_store.write_next_runs(work, moved)


async def tick(bus: Bus, definitions: Definitions) -> tuple[list[ReadyRun], Agenda]:
    """Do the pending work; returns the runs that wait for a worker now, and the agenda."""
    agenda = await queries.read_agenda(definitions)
    ready = [ReadyRun(*each) for each in agenda.ready]
    if agenda.has_lost:
        ready += await _take_up_lost(bus)
    due = [name for name in agenda.due if name not in agenda.busy or not definitions[name].catch_up]
    if due:
        ready += await _make_due(bus, definitions, due)
    return ready, agenda


async def _make_due(bus: Bus, definitions: Definitions, names: list[str]) -> list[ReadyRun]:
    ready = []
    async with unit_of_work(bus) as work:
        tasks = await task_store.lock_tasks(work, definitions, names, wait=False)
        now = await queries.database_now(work)
        # Another worker may have been faster.
        due = [task for task in tasks.values() if task.next_run_at is not None and task.next_run_at <= now]
        if not due:
            return []
        busy = await run_store.read_busy(work, [task.name for task in due])
        runs, planned = list[TaskRun](), list[ScheduledTask]()
        for task in due:
            plan = plan_due(task, now, is_busy=task.name in busy)
            planned.append(replace(task, next_run_at=plan.next_run_at))
            runs += _runs_of(task, plan, now)
        await task_store.write_next_runs(work, planned)
        await run_store.insert_runs(work, runs)
        for run in runs:
            tell(work, run)
            if run.state is TaskRunState.QUEUED:
                ready.append(ReadyRun(run.id, run.version))
            else:
                _log.warning("task skipped", task=run.task, reason=run.error)
    return ready


def _runs_of(task: ScheduledTask, plan: DueRun, now: datetime) -> list[TaskRun]:
    runs = []
    if plan.skipped is not None:
        assert task.next_run_at is not None
        runs.append(new_run(task.name, plan.cause, task.next_run_at, now, skipped=plan.skipped))
    if plan.due_at is not None:
        runs.append(new_run(task.name, plan.cause, plan.due_at, now))
    return runs


def new_run(
    task: str,
    cause: RunCause,
    due_at: datetime,
    now: datetime,
    *,
    skipped: str | None = None,
    requested_by: str | None = None,
) -> TaskRun:
    """A run that waits for a worker or, with a reason, was skipped."""
    return TaskRun(
        id=new_id(),
        task=task,
        state=TaskRunState.QUEUED if skipped is None else TaskRunState.SKIPPED,
        cause=cause,
        attempt=1,
        due_at=due_at,
        started_at=None,
        finished_at=None if skipped is None else now,
        result=None,
        error=skipped,
        requested_by=requested_by,
        version=1,
        changed_at=now,
    )


async def _take_up_lost(bus: Bus) -> list[ReadyRun]:
    ready = []
    async with unit_of_work(bus) as work:
        for lost in await attempt_queries.lock_lost(work):
            decision = after_loss(lost.losses)
            error = f"The worker {lost.worker} died or lost its connection."
            run: TaskRun | None
            if decision.state is TaskRunState.RETRYING:
                run = await attempt_queries.postpone_run(work, lost.run.id, lost.epoch, decision.delay, error)
            else:
                run = await attempt_queries.end_run(work, lost.run.id, lost.epoch, decision.state, None, error)
            assert run is not None, "it is locked"
            tell(work, run)
            _log.warning("task lost its worker", task=run.task, worker=lost.worker, losses=lost.losses, state=run.state)
            if run.state is TaskRunState.RETRYING:
                ready.append(ReadyRun(run.id, run.version))
    return ready
