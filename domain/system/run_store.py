"""Runs of tasks in the database. A partial unique index keeps the runs of one task apart."""

from collections.abc import Collection, Sequence
from uuid import UUID

from tortoise.queryset import QuerySet

from domain.kernel.orm import columns_of, count, read, value_of
from domain.kernel.pages import Page, PageRequest, encode_cursor, id_key, make_page
from domain.kernel.unit_of_work import UnitOfWork
from domain.system import models
from domain.system.types import LIVE, TaskRun, TaskRunState


async def insert_runs(work: UnitOfWork, runs: Sequence[TaskRun]) -> None:
    """Store new runs, ready or ended; at most one active run for each task."""
    rows = [models.TaskRun(**columns_of(run), ready_at=run.changed_at) for run in runs]
    await models.TaskRun.bulk_create(rows, using_db=await work.orm())


async def lock_live_run(work: UnitOfWork, task: str) -> TaskRun | None:
    """The active run of a task, locked."""
    query = models.TaskRun.filter(task=task, state__in=LIVE).using_db(await work.orm())
    row = await query.select_for_update().first()
    return value_of(TaskRun, row) if row is not None else None


async def read_busy(work: UnitOfWork, names: Collection[str]) -> frozenset[str]:
    """The locked tasks that have an active run."""
    rows = await models.TaskRun.filter(task__in=list(names), state__in=LIVE).using_db(await work.orm())
    return frozenset(row.task for row in rows)


async def find_runs(run_ids: Collection[UUID]) -> dict[UUID, TaskRun]:
    """Runs by id."""
    return {row.id: value_of(TaskRun, row) for row in await read(models.TaskRun.filter(id__in=list(run_ids)))}


def _matching(task: str | None, states: Collection[TaskRunState] | None) -> QuerySet[models.TaskRun]:
    query = models.TaskRun.all() if task is None else models.TaskRun.filter(task=task)
    return query if states is None else query.filter(state__in=list(states))


async def page_runs(request: PageRequest, task: str | None, states: Collection[TaskRunState] | None) -> Page[TaskRun]:
    """A page of runs, newest first."""
    query, key = _matching(task, states), id_key(request)
    if key is not None:
        query = query.filter(id__gt=key) if request.backward else query.filter(id__lt=key)
    rows = await read(query.order_by("id" if request.backward else "-id").limit(request.size + 1))
    runs = [value_of(TaskRun, row) for row in rows]
    return make_page(request, runs, lambda run: encode_cursor(str(run.id)))


async def count_runs(task: str | None, states: Collection[TaskRunState] | None) -> int:
    """The number of runs that match."""
    return await count(_matching(task, states))
