"""Scheduled tasks in the database. A scheduler locks the task's row while it makes a run."""

from collections.abc import Collection, Mapping
from datetime import datetime

from domain.kernel.models import Lease
from domain.kernel.orm import read
from domain.kernel.unit_of_work import UnitOfWork
from domain.system import models
from domain.system.attempt_queries import lease_role
from domain.system.triggers import describe
from domain.system.types import Cron, Interval, Override, ScheduledTask, TaskDefinition, Trigger


def _to_task(definition: TaskDefinition, row: models.ScheduledTask) -> ScheduledTask:
    trigger: Trigger | None = None
    if row.interval_seconds is not None:
        trigger = Interval(row.interval_seconds)
    elif row.cron is not None:
        assert row.timezone is not None, "the table has both or neither"
        trigger = Cron(row.cron, row.timezone)
    override = Override(row.enabled, trigger, row.timeout_seconds, row.max_retries, row.version)
    return ScheduledTask(definition, override, row.next_run_at)


async def read_tasks(definitions: Mapping[str, TaskDefinition]) -> dict[str, ScheduledTask]:
    """The tasks that have a row, by name."""
    rows = await read(models.ScheduledTask.filter(name__in=list(definitions)))
    return {row.name: _to_task(definitions[row.name], row) for row in rows}


async def load_task(work: UnitOfWork, definition: TaskDefinition) -> ScheduledTask:
    """A task that has a row, as it is in force."""
    row = await models.ScheduledTask.get(name=definition.name, using_db=await work.orm())
    return _to_task(definition, row)


async def lock_tasks(
    work: UnitOfWork, definitions: Mapping[str, TaskDefinition], names: Collection[str], *, wait: bool = True
) -> dict[str, ScheduledTask]:
    """Lock the rows of tasks, in the order of their names; without ``wait`` those that are locked are left out."""
    query = models.ScheduledTask.filter(name__in=list(names)).using_db(await work.orm()).order_by("name")
    rows = await query.select_for_update(skip_locked=not wait)
    return {row.name: _to_task(definitions[row.name], row) for row in rows}


async def add_tasks(work: UnitOfWork, due: Mapping[str, tuple[TaskDefinition, datetime]]) -> None:
    """Add rows for new tasks, with their first due time and a lease."""
    db, names = await work.orm(), sorted(due)
    leases = [Lease(role=lease_role(name), epoch=0) for name in names]
    await Lease.bulk_create(leases, ignore_conflicts=True, using_db=db)
    tasks = [
        models.ScheduledTask(
            name=name, schedule=describe(due[name][0].trigger), next_run_at=due[name][1], updated_at=work.now
        )
        for name in names
    ]
    await models.ScheduledTask.bulk_create(tasks, ignore_conflicts=True, using_db=db)


async def read_schedules(work: UnitOfWork, names: Collection[str]) -> dict[str, str]:
    """The triggers that the next times of tasks were found by."""
    rows = await models.ScheduledTask.filter(name__in=list(names)).using_db(await work.orm())
    return {row.name: row.schedule for row in rows}


async def write_next_runs(work: UnitOfWork, tasks: Collection[ScheduledTask]) -> None:
    """Store the next due time of locked tasks, with the trigger that it was computed from."""
    db = await work.orm()
    for task in tasks:
        row = models.ScheduledTask.filter(name=task.name).using_db(db)
        await row.update(next_run_at=task.next_run_at, schedule=describe(task.trigger))


async def write_override(work: UnitOfWork, task: ScheduledTask) -> None:
    """Store the operators' changes of a locked task."""
    override = task.override
    trigger = override.trigger
    await (
        models.ScheduledTask.filter(name=task.name)
        .using_db(await work.orm())
        .update(
            enabled=override.enabled,
            interval_seconds=trigger.seconds if isinstance(trigger, Interval) else None,
            cron=trigger.line if isinstance(trigger, Cron) else None,
            timezone=trigger.zone if isinstance(trigger, Cron) else None,
            timeout_seconds=override.timeout_seconds,
            max_retries=override.max_retries,
            version=override.version,
            schedule=describe(task.trigger),
            next_run_at=task.next_run_at,
            updated_at=work.now,
        )
    )
