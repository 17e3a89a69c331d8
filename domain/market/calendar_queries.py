"""The calendars that people created.

SQL: a calendar is written with its rules as JSON, in one statement.
"""

import json

from domain.kernel.database import fetch
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.session_rules import CalendarRule, plain_form, read_rule


async def read_calendars() -> dict[str, CalendarRule]:
    """All created calendars, by code."""
    rows = await fetch("SELECT code, rule FROM calendars ORDER BY code")
    return {row["code"]: read_rule(row["code"], json.loads(row["rule"])) for row in rows}


async def insert_calendar(work: UnitOfWork, rule: CalendarRule, created_by: str) -> bool:
    """Store a calendar; False when its code is taken."""
    row = await work.fetch_row(
        "INSERT INTO calendars (code, rule, created_by, created_at) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT DO NOTHING RETURNING code",
        rule.code,
        json.dumps(plain_form(rule)),
        created_by,
        work.now,
    )
    return row is not None
