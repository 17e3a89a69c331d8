"""The days that the market has closed, in the database."""

from dataclasses import dataclass
from datetime import date, datetime

from domain.kernel.orm import read, value_of
from domain.kernel.unit_of_work import UnitOfWork
from domain.market import models


@dataclass(frozen=True, slots=True)
class StoredDay:
    """A day that the market has closed. ``restated`` are quotes, as text, that are still to be published."""

    moment: datetime
    restated: str | None


async def read_last_day() -> datetime | None:
    """The last day roll at which the market closed a day."""
    rows = await read(models.MarketDay.all().order_by("-moment").limit(1))
    return rows[0].moment if rows else None


async def begin_day(work: UnitOfWork, moment: datetime, day: date) -> bool:
    """Begin to close a day; False when it was closed already. Whoever comes second waits for the first."""
    return await work.insert_once(models.MarketDay(moment=moment, day=day, closed_at=work.now))


async def store_restated(work: UnitOfWork, moment: datetime, restated: str) -> None:
    """Keep the quotes of a day that are to be published, until they are."""
    await models.MarketDay.filter(moment=moment).using_db(await work.orm()).update(restated=restated)


async def mark_published(work: UnitOfWork, moment: datetime) -> None:
    """Store that every quote of a day is published."""
    await models.MarketDay.filter(moment=moment).using_db(await work.orm()).update(restated=None)


async def read_day(moment: datetime) -> StoredDay | None:
    """A closed day."""
    rows = await read(models.MarketDay.filter(moment=moment))
    return value_of(StoredDay, rows[0]) if rows else None
