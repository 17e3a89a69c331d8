"""Use cases on scheduled tasks: list, change and run them. Each change is audited."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput, Conflict, NotFound
from domain.kernel.pages import Page, PageRequest
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.system import queries, run_store, task_store
from domain.system.events import WAKE, tell
from domain.system.rules import TaskChange, changed_override
from domain.system.scheduling import Definitions, new_run
from domain.system.task_definitions import DEFINITIONS
from domain.system.triggers import describe, next_fire
from domain.system.types import (
    Override,
    RunCause,
    ScheduledTask,
    TaskDefinition,
    TaskRun,
    TaskRunState,
    require_operator,
)

MAX_RUNS = 100
_PAUSED = "The task was paused before this run started."


@dataclass(frozen=True, slots=True)
class UpdateTask:
    """A change of one task; with ``expected_version`` only if the task still has that version."""

    name: str
    change: TaskChange
    expected_version: int | None = None


async def list_tasks(actor: Actor, definitions: Definitions = DEFINITIONS) -> list[ScheduledTask]:
    """All tasks of this release as they are in force, by name.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
    """
    require_operator(actor)
    stored, now = await task_store.read_tasks(definitions), utc_now()
    return [stored.get(name) or _untouched(definitions[name], now) for name in sorted(definitions)]


async def update_task(
    bus: Bus, actor: Actor, command: UpdateTask, definitions: Definitions = DEFINITIONS
) -> ScheduledTask:
    """Change the trigger or limits of a task, pause it, or resume it. A change to the present values does nothing.

    A new trigger counts from now on, and so does a resumed task. Pausing lets an active run end, and skips one that
    waits.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        NotFound: there is no such task.
        BadInput: names the field.
        Conflict: it is not the expected version.
    """
    require_operator(actor)
    async with unit_of_work(bus) as work:
        task = await _lock(work, definitions, command.name)
        if command.expected_version not in (None, task.override.version):
            raise Conflict(f"The task has been changed; it is at version {task.override.version}.")
        override = changed_override(task.definition, task.override, command.change)
        if override == task.override:
            return task
        changed = replace(task, override=replace(override, version=override.version + 1))
        now = await queries.database_now(work)
        changed = replace(changed, next_run_at=_next_run(task, changed, now))
        await task_store.write_override(work, changed)
        if task.enabled and not changed.enabled:
            skipped = await queries.skip_waiting(work, task.name, _PAUSED)
            if skipped is not None:
                tell(work, skipped)
        await audit(work, actor, "updateScheduledTask", target_of("scheduledTask", task.name), detail=_detail(changed))
        work.publish(WAKE, b"")
    return changed


async def run_task(bus: Bus, actor: Actor, name: str, definitions: Definitions = DEFINITIONS) -> TaskRun:
    """Start a task now, also a paused one, and return the run. A run that waits already is returned.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        NotFound: there is no such task.
        Conflict: it is running.
    """
    require_operator(actor)
    async with unit_of_work(bus) as work:
        task = await _lock(work, definitions, name)
        live = await run_store.lock_live_run(work, task.name)
        run: TaskRun | None
        if live is None:
            now = await queries.database_now(work)
            run = new_run(task.name, RunCause.REQUEST, now, now, requested_by=actor.email)
            await run_store.insert_runs(work, [run])
        elif live.state is TaskRunState.RUNNING:
            raise Conflict("The task is running.", runId=str(live.id))
        elif live.state is TaskRunState.RETRYING:
            run = await queries.make_ready(work, live.id)
            assert run is not None, "it is locked"
        else:
            run = live
        tell(work, run)
        detail = {"runId": str(run.id)}
        await audit(work, actor, "runScheduledTask", target_of("scheduledTask", task.name), detail=detail)
    return run


async def page_runs(
    actor: Actor, request: PageRequest, task: str | None = None, states: Collection[TaskRunState] | None = None
) -> Page[TaskRun]:
    """A page of runs, newest first, of one task or in some states if they are given.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        NotFound: there is no such task.
    """
    require_operator(actor)
    check_task(task)
    return await run_store.page_runs(request, task, states)


async def count_runs(actor: Actor, task: str | None = None, states: Collection[TaskRunState] | None = None) -> int:
    """The number of runs that match; raises as ``page_runs``."""
    require_operator(actor)
    check_task(task)
    return await run_store.count_runs(task, states)


async def find_tasks(names: Collection[str]) -> dict[str, ScheduledTask]:
    """Those of the tasks that this release has, as they are in force."""
    stored, now = await task_store.read_tasks(DEFINITIONS), utc_now()
    return {name: stored.get(name) or _untouched(DEFINITIONS[name], now) for name in names if name in DEFINITIONS}


def check_task(name: str | None, definitions: Definitions = DEFINITIONS) -> None:
    """Check the name of a task; None passes.

    Raises:
        NotFound: there is no such task.
    """
    if name is not None and name not in definitions:
        raise NotFound("There is no such task.", field="task")


def check_run_count(first: int) -> int:
    """Check the number of a task's newest runs that a client asks for.

    Raises:
        BadInput: it is out of bounds.
    """
    if not 1 <= first <= MAX_RUNS:
        raise BadInput(f"1 to {MAX_RUNS} runs can be asked for here; page through more of them.", field="first")
    return first


async def _lock(work: UnitOfWork, definitions: Definitions, name: str) -> ScheduledTask:
    definition = definitions.get(name)
    if definition is None:
        raise NotFound("There is no such task.", field="name")
    # No worker may have registered it yet.
    await task_store.add_tasks(work, {name: (definition, next_fire(definition.trigger, work.now))})
    return (await task_store.lock_tasks(work, definitions, [name]))[name]


def _next_run(before: ScheduledTask, after: ScheduledTask, now: datetime) -> datetime | None:
    if not after.enabled:
        return None
    if before.enabled and before.trigger == after.trigger:
        return before.next_run_at
    return next_fire(after.trigger, now)


def _untouched(definition: TaskDefinition, now: datetime) -> ScheduledTask:
    return ScheduledTask(definition, Override(), next_fire(definition.trigger, now))


def _detail(task: ScheduledTask) -> dict[str, object]:
    return {
        "enabled": task.enabled,
        "trigger": describe(task.trigger),
        "timeoutSeconds": task.timeout_seconds,
        "maxRetries": task.max_retries,
        "version": task.override.version,
    }
