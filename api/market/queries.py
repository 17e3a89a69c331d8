"""Queries about instruments and prices."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, cast

import strawberry

from api.context import Info
from api.market.calendars import TradingCalendar, calendar_view
from api.market.enums import BarInterval
from api.market.inputs import InstrumentFilter
from api.market.types import Bar, CorporateAction, Instrument, Quote, instrument_view
from api.pages import Connection, connection, listed
from domain.kernel.errors import NotFound
from domain.kernel.pages import page_request
from domain.market import service
from domain.market.action_service import (
    count_corporate_actions,
    find_corporate_actions,
    page_corporate_actions,
)
from domain.market.calendar_service import list_calendars
from domain.market.service import InstrumentFilter as Filter
from domain.market.types import BarSearch

_FILTER = strawberry.argument(name="filter")


@strawberry.type
class MarketQuery:
    """The area's part of the root query."""

    @strawberry.field(description="An instrument; null if the symbol is unknown.")
    async def instrument(self, info: Info, symbol: str) -> Instrument | None:
        """One instrument."""
        info.context.require_actor()
        try:
            return instrument_view(await info.context.services.market.find(symbol))
        except NotFound:
            return None

    @strawberry.field(description="Instruments in the order of their symbols.")
    async def instruments(
        self,
        info: Info,
        wanted: Annotated[InstrumentFilter | None, _FILTER] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Instrument]:
        """A page of instruments."""
        info.context.require_actor()
        market, chosen = info.context.services.market, Filter() if wanted is None else wanted.to_domain()
        request = page_request(first, after, last, before, parts=1, of=("instruments", chosen))
        page = await service.page_instruments(market, request, chosen)
        return connection(page, instrument_view, partial(service.count_instruments, market, chosen))

    @strawberry.field(
        description=(
            "The built-in calendars and those that people have created. Instruments may also have any code "
            "of `exchange_calendars`. In pages: `calendarsConnection`."
        )
    )
    async def calendars(self, info: Info) -> list[TradingCalendar]:
        """By code."""
        info.context.require_actor()
        return [calendar_view(known) for known in await list_calendars(info.context.services.market)]

    @strawberry.field(
        description="The built-in calendars and those that people have created, by code. Instruments may also have any "
        "code of `exchange_calendars`."
    )
    async def calendars_connection(
        self,
        info: Info,
        search: str | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[TradingCalendar]:
        """A page of calendars."""
        info.context.require_actor()
        request = page_request(first, after, last, before, parts=1, of=("calendars", search))
        found = await list_calendars(info.context.services.market, search)
        return listed(request, found, lambda known: (known.rule.code,), calendar_view)

    @strawberry.field(
        description="The newest quotes of those symbols that have one, in the order asked for. "
        "At most one for each symbol."
    )
    async def quotes(self, info: Info, symbols: list[str]) -> list[Quote]:
        """From this process's board."""
        info.context.require_actor()
        return cast("list[Quote]", await service.find_quotes(info.context.services.market, symbols))

    @strawberry.field(
        description="Corporate actions with `from` <= exDate <= `to`, oldest first, at most the newest 500. "
        "`symbol` is the current symbol of the instrument.",
        deprecation_reason="It has no pages: use `corporateActionsConnection`.",
    )
    async def corporate_actions(
        self,
        info: Info,
        symbol: str | None = None,
        since: Annotated[date | None, strawberry.argument(name="from")] = None,
        until: Annotated[date | None, strawberry.argument(name="to")] = None,
    ) -> list[CorporateAction]:
        """Recorded ones, whether applied or not."""
        info.context.require_actor()
        market = info.context.services.market
        return cast("list[CorporateAction]", await find_corporate_actions(market, symbol, since, until))

    @strawberry.field(
        description="Corporate actions with `from` <= exDate <= `to`, newest first. `symbol` is what the instrument is "
        "called now."
    )
    async def corporate_actions_connection(
        self,
        info: Info,
        symbol: str | None = None,
        since: Annotated[date | None, strawberry.argument(name="from")] = None,
        until: Annotated[date | None, strawberry.argument(name="to")] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[CorporateAction]:
        """A page of actions, whether applied or not."""
        info.context.require_actor()
        market, window = info.context.services.market, (symbol, since, until)
        request = page_request(first, after, last, before, parts=2, of=("corporateActions", *window))
        page = await page_corporate_actions(market, request, *window)
        count = partial(count_corporate_actions, market, *window)
        return connection(page, lambda one: cast(CorporateAction, one), count)

    @strawberry.field(
        description="Bars with `from` <= at < `to`, oldest first. When there are more than `limit`: the first ones "
        "after `from` if that is given, else the last ones. In pages: `barsConnection`."
    )
    async def bars(
        self,
        info: Info,
        symbol: str,
        interval: BarInterval,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
        limit: int = 500,
    ) -> list[Bar]:
        """Stored bars, with the growing one."""
        info.context.require_actor()
        market = info.context.services.market
        return cast("list[Bar]", await service.find_bars(market, symbol, interval, since, until, limit))

    @strawberry.field(description="Bars with `from` <= at < `to`, newest first.")
    async def bars_connection(
        self,
        info: Info,
        symbol: str,
        interval: BarInterval,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Bar]:
        """A page of stored bars, with the growing one."""
        info.context.require_actor()
        market, search = info.context.services.market, BarSearch(symbol, interval, since, until)
        page = await service.page_bars(market, page_request(first, after, last, before, parts=1, of=search), search)
        return connection(page, lambda bar: cast(Bar, bar), partial(service.count_bars, market, search))
