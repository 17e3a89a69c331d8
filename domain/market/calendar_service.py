"""Use cases on trading calendars: create one, and list those that are not from the library."""

import re
from dataclasses import dataclass
from datetime import date

from domain.access.audit import record, target_of
from domain.access.types import Actor, Role, require_role
from domain.kernel.bus import Bus
from domain.kernel.cache import bump
from domain.kernel.errors import BadInput, Conflict
from domain.kernel.unit_of_work import unit_of_work
from domain.market import calendar_store
from domain.market.calendars import is_of_library, load_schedules, own_rules
from domain.market.market import TOPIC, Market
from domain.market.session_rules import CalendarRule
from domain.market.sessions import ALWAYS_OPEN

MAX_CALENDARS = 500
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,19}")


@dataclass(frozen=True, slots=True)
class KnownCalendar:
    """A calendar by rule, with its last known trading day; after it nothing is open."""

    rule: CalendarRule
    last_day: date | None


async def create_calendar(bus: Bus, market: Market, actor: Actor, rule: CalendarRule) -> KnownCalendar:
    """Create a calendar; instruments can use it at once.

    Raises:
        Forbidden: the actor is no administrator.
        BadInput: a malformed code, days of an unknown calendar, no trading day at all, or too many calendars.
        Conflict: the code is taken by another calendar, by our table or by the library.
    """
    require_role(actor, Role.ADMIN)
    if not _CODE.fullmatch(rule.code):
        raise BadInput("A code is 1 to 20 letters, digits and . _ / - .", field="code")
    if rule.days_of is not None and not await is_of_library(rule.days_of):
        raise BadInput("There is no such calendar of exchange_calendars.", field="daysOf")
    if rule.code == ALWAYS_OPEN or rule.code in own_rules() or await is_of_library(rule.code):
        raise Conflict(f"The calendar {rule.code} exists already.", field="code")
    schedule = (await load_schedules([rule.code], {rule.code: rule})).get(rule.code)
    if schedule is None:
        raise BadInput("The calendar has no trading day.", field="closed")
    async with unit_of_work(bus) as work:
        if await calendar_store.count_calendars(work) >= MAX_CALENDARS:
            raise BadInput(f"There are {MAX_CALENDARS} calendars already.", field="code")
        if not await calendar_store.insert_calendar(work, rule, actor.email):
            raise Conflict(f"The calendar {rule.code} exists already.", field="code")
        await bump(work, TOPIC)
        await record(work, actor, "createCalendar", target_of("calendar", rule.code))
    await market.refresh()
    return KnownCalendar(rule, schedule.last_day)


async def list_calendars(market: Market, search: str | None = None) -> list[KnownCalendar]:
    """The calendars of our table and those that people created, by code; ``search`` is in code or name, in any case."""
    wanted, known = (search or "").casefold(), {**own_rules(), **(await market.refresh()).calendars}
    rules = {code: rule for code, rule in known.items() if wanted in f"{code}\n{rule.name}".casefold()}
    schedules = await load_schedules(rules.keys(), rules)
    found = {code: schedule.last_day for code, schedule in schedules.items()}
    return [KnownCalendar(rules[code], found.get(code)) for code in sorted(rules)]
