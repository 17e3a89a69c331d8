"""Cases and dismissals in the database, one or a few at a time."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from tortoise.expressions import F
from tortoise.queryset import QuerySet

from domain.anomalies.cases import models
from domain.anomalies.cases.forms import read_ids, read_shares
from domain.anomalies.cases.types import Case, CaseStatus, Dismissal
from domain.anomalies.types import AnomalyKind
from domain.kernel.orm import columns_of, count, read, value_of
from domain.kernel.orm_pages import page_by_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.unit_of_work import UnitOfWork

# A finding looks for its case among so many, the newest.
MAX_OPEN_CASES = 2_000
# So many dismissals are shown, the newest.
MAX_DISMISSALS = 1_000


def to_case(row: models.AnomalyCase) -> Case:
    """The case that a row holds."""
    lists = {"account_ids": read_ids(row.account_ids), "linked_ids": read_ids(row.linked_ids)}
    return value_of(Case, row, **lists, shares=read_shares(row.shares))


async def find_case(case_id: UUID) -> Case | None:
    """One case."""
    return next((to_case(row) for row in await read(models.AnomalyCase.filter(id=case_id))), None)


async def find_cases(case_ids: Collection[UUID]) -> dict[UUID, Case]:
    """Cases by id."""
    return {row.id: to_case(row) for row in await read(models.AnomalyCase.filter(id__in=list(case_ids)))}


async def find_dismissals(dismissal_ids: Collection[UUID]) -> dict[UUID, Dismissal]:
    """Dismissals by id."""
    rows = await read(models.AnomalyDismissal.filter(id__in=list(dismissal_ids)))
    return {row.id: value_of(Dismissal, row) for row in rows}


async def load_case(work: UnitOfWork, case_id: UUID) -> Case | None:
    """One case as this transaction sees it; a caller that changes it holds the lock of the head."""
    row = await models.AnomalyCase.filter(id=case_id).using_db(await work.orm()).first()
    return to_case(row) if row is not None else None


async def load_open_cases(work: UnitOfWork, kinds: Collection[AnomalyKind], since: datetime) -> list[Case]:
    """Cases of these kinds that are not closed and have a finding since a time; the newest 2,000."""
    query = models.AnomalyCase.filter(kind__in=list(kinds), found_at__gte=since).exclude(status=CaseStatus.CLOSED)
    rows = await query.order_by("-number").limit(MAX_OPEN_CASES).using_db(await work.orm())
    return [to_case(row) for row in rows]


async def load_dismissals(work: UnitOfWork, subjects: Collection[str]) -> list[Dismissal]:
    """The dismissals of these subjects."""
    rows = await models.AnomalyDismissal.filter(subject__in=list(subjects)).using_db(await work.orm())
    return [value_of(Dismissal, row) for row in rows]


async def read_dismissals(account_id: UUID | None) -> list[Dismissal]:
    """The dismissals of an account, or all, newest first; at most 1,000."""
    query = models.AnomalyDismissal.all().order_by("-at", "-id").limit(MAX_DISMISSALS)
    rows = await read(query.filter(account_id=account_id) if account_id is not None else query)
    return [value_of(Dismissal, row) for row in rows]


async def page_dismissals(request: PageRequest, account_id: UUID | None) -> Page[Dismissal]:
    """A page of the dismissals of an account, or of all, newest first."""
    return await page_by_id(request, _of_account(account_id), lambda row: value_of(Dismissal, row), newest_first=True)


async def count_dismissals(account_id: UUID | None) -> int:
    """The number of dismissals of an account, or of all."""
    return await count(_of_account(account_id))


def _of_account(account_id: UUID | None) -> QuerySet[models.AnomalyDismissal]:
    query = models.AnomalyDismissal.all()
    return query if account_id is None else query.filter(account_id=account_id)


async def save_dismissal(work: UnitOfWork, dismissal: Dismissal, subject: str) -> None:
    """Store a dismissal, in the place of an older one of the same kind and subject."""
    db = await work.orm()
    await models.AnomalyDismissal.filter(kind=dismissal.kind, subject=subject).using_db(db).delete()
    await models.AnomalyDismissal.create(using_db=db, subject=subject, **columns_of(dismissal))


async def count_suppressed(work: UnitOfWork, dismissal_id: UUID, times: int) -> None:
    """Count findings that were not reported because of a dismissal."""
    row = models.AnomalyDismissal.filter(id=dismissal_id).using_db(await work.orm())
    await row.update(suppressed=F("suppressed") + times, last_suppressed_at=work.now)


async def remove_dismissal(work: UnitOfWork, dismissal_id: UUID) -> Dismissal | None:
    """Remove a dismissal; returns it, or None if there is none."""
    query = models.AnomalyDismissal.filter(id=dismissal_id).using_db(await work.orm())
    row = await query.select_for_update().first()
    if row is None:
        return None
    await models.AnomalyDismissal.filter(id=dismissal_id).using_db(await work.orm()).delete()
    return value_of(Dismissal, row)


async def remove_dismissals_of(work: UnitOfWork, case_id: UUID) -> int:
    """Remove the dismissals of a case; returns their number."""
    return await models.AnomalyDismissal.filter(case_id=case_id).using_db(await work.orm()).delete()
