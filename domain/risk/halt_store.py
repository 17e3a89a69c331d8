"""Trading halts in the database."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from domain.kernel.orm import columns_of, count, read, value_of
from domain.kernel.orm_pages import page_by_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk import models
from domain.risk.types import RiskScope, TradingHalt

# Of those that were lifted, the newest.
_MAX_HALTS = 1_000


async def read_halts(*, active_only: bool) -> list[TradingHalt]:
    """Halts, oldest first: those in force, or the newest 1,000 of all."""
    query = models.TradingHalt.all().order_by("-id").limit(_MAX_HALTS)
    rows = await read(query.filter(lifted_at__isnull=True) if active_only else query)
    return [value_of(TradingHalt, row) for row in reversed(rows)]


@dataclass(frozen=True, slots=True)
class HaltSearch:
    """The wanted halts; None asks for any."""

    active: bool | None = None
    scope: RiskScope | None = None
    account_id: UUID | None = None
    symbol: str | None = None


async def page_halts(request: PageRequest, search: HaltSearch, visible: Collection[UUID] | None) -> Page[TradingHalt]:
    """A page of halts, newest first; ``visible`` are the accounts that the caller may see, None for all."""
    query = _search(search, visible)
    return await page_by_id(request, query, lambda row: value_of(TradingHalt, row), newest_first=True)


async def count_halts(search: HaltSearch, visible: Collection[UUID] | None) -> int:
    """The number of halts that match."""
    return await count(_search(search, visible))


def _search(search: HaltSearch, visible: Collection[UUID] | None) -> QuerySet[models.TradingHalt]:
    query = models.TradingHalt.all()
    if visible is not None:
        query = query.filter(Q(account_id__isnull=True) | Q(account_id__in=list(visible)))
    if search.active is not None:
        query = query.filter(lifted_at__isnull=search.active)
    for column in ("scope", "account_id", "symbol"):
        wanted = getattr(search, column)
        if wanted is not None:
            query = query.filter(**{column: wanted})
    return query


async def find_halts(halt_ids: Collection[UUID]) -> dict[UUID, TradingHalt]:
    """Halts by id, those that were lifted among them."""
    rows = await read(models.TradingHalt.filter(id__in=list(halt_ids)))
    return {row.id: value_of(TradingHalt, row) for row in rows}


async def find_same(work: UnitOfWork, halt: TradingHalt) -> TradingHalt | None:
    """An active halt with the same subject."""
    subject = columns_of(halt, "scope", "account_id", "symbol", "strategy")
    row = await models.TradingHalt.filter(lifted_at__isnull=True, **subject).using_db(await work.orm()).first()
    return value_of(TradingHalt, row) if row is not None else None


async def insert_halt(work: UnitOfWork, halt: TradingHalt, *, cancels: bool) -> None:
    """Store a new halt; with ``cancels``, open orders will be cancelled."""
    await models.TradingHalt.create(using_db=await work.orm(), cancels_done=not cancels, **columns_of(halt))


async def save_role(work: UnitOfWork, halt: TradingHalt) -> None:
    """Store the higher role that asked for the same halt."""
    await models.TradingHalt.filter(id=halt.id).using_db(await work.orm()).update(role=halt.role)


async def lock_halt(work: UnitOfWork, halt_id: UUID) -> TradingHalt | None:
    """One halt, locked for a change."""
    row = await models.TradingHalt.filter(id=halt_id).using_db(await work.orm()).select_for_update().first()
    return value_of(TradingHalt, row) if row is not None else None


async def save_lifting(work: UnitOfWork, halt: TradingHalt) -> None:
    """Store the lifting of a halt, with author and reason; open orders it has not cancelled yet stay."""
    row = models.TradingHalt.filter(id=halt.id).using_db(await work.orm())
    await row.update(cancels_done=True, **columns_of(halt, "lifted_at", "lifted_by", "lift_reason"))


async def request_cancels_of(work: UnitOfWork, halt_id: UUID) -> None:
    """Request the cancels of open orders for a halt that is in force."""
    row = models.TradingHalt.filter(id=halt_id, lifted_at__isnull=True).using_db(await work.orm())
    await row.update(cancels_done=False, cancels_before=None)


async def read_unfinished() -> list[TradingHalt]:
    """Halts with open orders still to cancel, oldest first."""
    rows = await read(models.TradingHalt.filter(cancels_done=False).order_by("id"))
    return [value_of(TradingHalt, row) for row in rows]
