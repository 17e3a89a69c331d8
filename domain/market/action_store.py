"""Corporate actions in the database."""

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from domain.kernel.errors import BadInput
from domain.kernel.ids import parse_id
from domain.kernel.orm import columns_of, count, read, value_of
from domain.kernel.pages import FOREIGN_CURSOR, Page, PageRequest, encode_cursor, make_page
from domain.kernel.unit_of_work import UnitOfWork
from domain.market import models
from domain.market.actions import CorporateAction, CorporateActionKind


async def insert_action(work: UnitOfWork, action: CorporateAction, recorded_by: str) -> CorporateAction:
    """Store an action; returns the stored one of the same instrument, kind and day if there is one."""
    if await work.insert_once(models.CorporateAction(**columns_of(action), recorded_by=recorded_by)):
        return action
    same = columns_of(action, "instrument_id", "kind", "ex_date")
    return value_of(CorporateAction, await models.CorporateAction.get(using_db=await work.orm(), **same))


async def is_symbol_promised(work: UnitOfWork, symbol: str) -> bool:
    """True if an instrument has this symbol, or a recorded action will give it to one."""
    db = await work.orm()
    if await models.Instrument.filter(symbol=symbol).using_db(db).exists():
        return True
    return await models.CorporateAction.filter(new_symbol=symbol, effective_at__isnull=True).using_db(db).exists()


async def find_actions(action_ids: Collection[UUID]) -> dict[UUID, CorporateAction]:
    """Actions by id."""
    rows = await read(models.CorporateAction.filter(id__in=list(action_ids)))
    return {row.id: value_of(CorporateAction, row) for row in rows}


async def read_actions(
    instrument_id: UUID | None, since: date | None, until: date | None, limit: int
) -> list[CorporateAction]:
    """Actions with ex-dates from ``since`` to ``until``, both included, oldest first; the newest ``limit`` of them."""
    rows = await read(_search(instrument_id, since, until).order_by("-ex_date", "-id").limit(limit))
    return [value_of(CorporateAction, row) for row in reversed(rows)]


async def page_actions(
    request: PageRequest, instrument_id: UUID | None, since: date | None, until: date | None
) -> Page[CorporateAction]:
    """A page of actions with ex-dates from ``since`` to ``until``, both included, newest first.

    Raises:
        BadInput: the cursor holds no action.
    """
    query = _search(instrument_id, since, until)
    if request.key is not None:
        day, last = _key(request)
        if request.backward:
            query = query.filter(Q(ex_date__gt=day) | Q(ex_date=day, id__gt=last))
        else:
            query = query.filter(Q(ex_date__lt=day) | Q(ex_date=day, id__lt=last))
    order = ("ex_date", "id") if request.backward else ("-ex_date", "-id")
    rows = await read(query.order_by(*order).limit(request.size + 1))
    found = [value_of(CorporateAction, row) for row in rows]
    return make_page(request, found, lambda one: encode_cursor(one.ex_date.isoformat(), str(one.id)))


async def count_actions(instrument_id: UUID | None, since: date | None, until: date | None) -> int:
    """The number of actions with ex-dates from ``since`` to ``until``, both included."""
    return await count(_search(instrument_id, since, until))


def _search(instrument_id: UUID | None, since: date | None, until: date | None) -> QuerySet[models.CorporateAction]:
    given = {"instrument_id": instrument_id, "ex_date__gte": since, "ex_date__lte": until}
    return models.CorporateAction.filter(**{name: value for name, value in given.items() if value is not None})


def _key(request: PageRequest) -> tuple[date, UUID]:
    assert request.key is not None
    day, last = request.key
    identifier = parse_id(last)
    try:
        found = date.fromisoformat(day)
    except ValueError:
        identifier = None
    if identifier is None:
        raise BadInput(FOREIGN_CURSOR, field="before" if request.backward else "after")
    return found, identifier


async def load_due_actions(work: UnitOfWork, day: date) -> list[CorporateAction]:
    """Actions not yet effective whose ex-date is ``day`` or earlier, locked."""
    query = models.CorporateAction.filter(effective_at__isnull=True, ex_date__lte=day).using_db(await work.orm())
    return [value_of(CorporateAction, row) for row in await query.select_for_update()]


async def read_actions_of_roll(moment: datetime) -> list[CorporateAction]:
    """The actions that took effect with a day roll."""
    return [value_of(CorporateAction, row) for row in await read(models.CorporateAction.filter(effective_at=moment))]


async def load_actions_since(work: UnitOfWork, instrument_id: UUID, after: datetime, until: datetime) -> set[UUID]:
    """Actions of an instrument, without symbol changes, with day rolls after ``after`` and up to ``until``."""
    query = models.CorporateAction.filter(instrument_id=instrument_id, effective_at__gt=after, effective_at__lte=until)
    rows = await query.exclude(kind=CorporateActionKind.SYMBOL_CHANGE).using_db(await work.orm())
    return {row.id for row in rows}


async def mark_effective(work: UnitOfWork, action_ids: Collection[UUID], moment: datetime) -> None:
    """Store that actions took effect with the day roll of ``moment``."""
    query = models.CorporateAction.filter(id__in=list(action_ids)).using_db(await work.orm())
    await query.update(effective_at=moment)
