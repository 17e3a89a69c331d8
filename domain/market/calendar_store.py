"""The calendars that people have made, in the database; their rules are JSON."""

import json

from domain.kernel.orm import read
from domain.kernel.unit_of_work import UnitOfWork
from domain.market import models
from domain.market.session_rules import CalendarRule, plain_form, read_rule


async def read_calendars() -> dict[str, CalendarRule]:
    """All created calendars, by code."""
    rows = await read(models.Calendar.all().order_by("code"))
    return {row.code: read_rule(row.code, json.loads(row.rule)) for row in rows}


async def count_calendars(work: UnitOfWork) -> int:
    """The number of created calendars, as a transaction sees it."""
    return await models.Calendar.all().using_db(await work.orm()).count()


async def insert_calendar(work: UnitOfWork, rule: CalendarRule, created_by: str) -> bool:
    """Store a calendar; False when its code is taken."""
    text = json.dumps(plain_form(rule))
    return await work.insert_once(
        models.Calendar(code=rule.code, rule=text, created_by=created_by, created_at=work.now)
    )
