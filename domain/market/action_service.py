"""Use cases on corporate actions: record and find them."""

from datetime import date, datetime, timedelta
from uuid import UUID

from domain.access.audit import record, target_of
from domain.access.types import Actor, Role, require_role
from domain.kernel.bus import Bus
from domain.kernel.day_roll import DayRoll
from domain.kernel.errors import BadInput, Conflict
from domain.kernel.ids import new_id
from domain.kernel.numbers import plain
from domain.kernel.pages import Page, PageRequest
from domain.kernel.unit_of_work import unit_of_work
from domain.market import action_store
from domain.market.actions import CorporateAction, CorporateActionKind, NewAction, check_action
from domain.market.market import Market

MAX_ACTIONS = 500


async def record_corporate_action(
    bus: Bus, market: Market, day_roll: DayRoll, actor: Actor, given: NewAction, now: datetime
) -> CorporateAction:
    """Record an action; it takes effect with the day roll that begins its ex-date. A repeat returns the first.

    Raises:
        Forbidden: the actor is no administrator.
        NotFound: there is no such instrument.
        BadInput: a figure that is impossible, missing or not of this kind; a day that has begun.
        Conflict: another one of the kind is recorded for the day, or the new symbol is taken.
    """
    require_role(actor, Role.ADMIN)
    instrument = await market.find(given.symbol)
    check_action(given, instrument, _first_day(day_roll, now))
    draft = CorporateAction(
        id=new_id(),
        instrument_id=instrument.id,
        symbol=instrument.symbol,
        kind=given.kind,
        ex_date=given.ex_date,
        ratio=given.ratio,
        amount_per_unit=given.amount_per_unit,
        new_symbol=given.new_symbol,
        created_at=now,
    )
    async with unit_of_work(bus) as work:
        taken = given.new_symbol is not None and await action_store.is_symbol_promised(work, given.new_symbol)
        action = await action_store.insert_action(work, draft, actor.email)
        if action.id != draft.id:
            if not action.says(given):
                raise Conflict(f"Another {given.kind} of {given.symbol} is recorded for that day.", field="exDate")
            return action
        if taken:
            raise Conflict(
                "Another instrument has this symbol, or will get it by a recorded symbol change.", field="newSymbol"
            )
        detail = {"kind": given.kind.value, "exDate": str(given.ex_date)}
        for name, value in (("ratio", given.ratio), ("amountPerUnit", given.amount_per_unit)):
            detail |= {name: plain(value)} if value is not None else {}
        if given.kind is CorporateActionKind.SYMBOL_CHANGE:
            detail["newSymbol"] = str(given.new_symbol)
        await record(work, actor, "recordCorporateAction", target_of("instrument", instrument.symbol), detail=detail)
    return action


def _first_day(day_roll: DayRoll, now: datetime) -> date:
    """The first day of the platform that has not begun."""
    return day_roll.day_before(day_roll.next_after(now)) + timedelta(days=1)


async def find_corporate_actions(
    market: Market, symbol: str | None, since: date | None, until: date | None
) -> list[CorporateAction]:
    """Actions with ex-dates from ``since`` to ``until``, both included, oldest first; at most the newest 500.

    ``symbol`` is the present symbol of the instrument.

    Raises:
        NotFound: there is no such instrument.
        BadInput: a window that ends before it begins.
    """
    return await action_store.read_actions(*await _window(market, symbol, since, until), MAX_ACTIONS)


async def page_corporate_actions(
    market: Market, request: PageRequest, symbol: str | None, since: date | None, until: date | None
) -> Page[CorporateAction]:
    """A page of actions, newest first; raises as ``find_corporate_actions``, and BadInput for a cursor."""
    return await action_store.page_actions(request, *await _window(market, symbol, since, until))


async def count_corporate_actions(market: Market, symbol: str | None, since: date | None, until: date | None) -> int:
    """The number of actions; raises as ``find_corporate_actions``."""
    return await action_store.count_actions(*await _window(market, symbol, since, until))


async def _window(
    market: Market, symbol: str | None, since: date | None, until: date | None
) -> tuple[UUID | None, date | None, date | None]:
    if since is not None and until is not None and until < since:
        raise BadInput("The end is before the start.", field="to")
    return None if symbol is None else (await market.find(symbol)).id, since, until
