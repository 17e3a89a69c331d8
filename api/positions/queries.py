"""Queries about positions."""

from datetime import datetime
from functools import partial
from typing import Annotated, cast

import strawberry

from api.context import Info
from api.graphql.field_flags import COSTLY
from api.ids import named
from api.objects import load_currency
from api.pages import Connection, connection, listed
from api.positions.enums import PositionSide
from api.positions.types import ClosedTrade, Position, PositionSnapshot, PositionSummary, position_view
from domain.access.types import no_account
from domain.accounts.queries import require_account
from domain.kernel.pages import page_request
from domain.market.service import check_symbols
from domain.orders.reading.closed_trade_pages import TradeSearch, count_closed_trades, page_closed_trades
from domain.orders.reading.closed_trades import closed_trades
from domain.positions.history_queries import count_snapshots, page_snapshots
from domain.positions.history_service import DEFAULT_ROWS, check_window, position_history
from domain.positions.search import PositionSearch
from domain.positions.summary import summarize


@strawberry.type
class PositionsQuery:
    """The area's part of the root query."""

    @strawberry.field(
        description=("Position of an account in a symbol; in a hedging account the position of the given side.")
    )
    async def position(
        self, info: Info, account_id: strawberry.ID, symbol: str, side: PositionSide | None = None
    ) -> Position | None:
        """One position, also one that is closed."""
        wanted = named(account_id)
        await require_account(info.context.require_actor(), wanted)
        await info.context.services.market.find(symbol)
        value = await info.context.load(info.context.services.books.read_with_closed, wanted)
        rows = [row for row in value.positions if row.symbol == symbol] if value is not None else []
        held = [row for row in rows if side is None or row.side is side]
        # Of several, what is held comes before what is closed.
        return position_view(max(held, key=lambda row: row.quantity != 0)) if held else None

    @strawberry.field(
        description="Open positions of an account; on request also the closed ones. In pages: `positionsConnection`."
    )
    async def positions(self, info: Info, account_id: strawberry.ID, include_closed: bool = False) -> list[Position]:
        """All positions of an account."""
        wanted = named(account_id)
        await require_account(info.context.require_actor(), wanted)
        value = await info.context.load(info.context.services.books.read_with_closed, wanted)
        rows = value.positions if value is not None else ()
        return cast("list[Position]", [row for row in rows if include_closed or row.quantity])

    @strawberry.field(
        description="Open positions of an account in the order of their symbols; on request also the closed ones."
    )
    async def positions_connection(
        self,
        info: Info,
        account_id: strawberry.ID,
        symbols: list[str] | None = None,
        side: PositionSide | None = None,
        include_closed: bool = False,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Position]:
        """A page of an account's positions."""
        search = PositionSearch(named(account_id), symbols, side, include_closed=include_closed)
        await require_account(info.context.require_actor(), search.account_id)
        await check_symbols(info.context.services.market, symbols or ())
        value = await info.context.load(info.context.services.books.read_with_closed, search.account_id)
        found = search.of(value.positions if value is not None else ())
        request = page_request(first, after, last, before, parts=2, of=("positions", search))
        return listed(request, found, lambda row: (row.symbol, row.position.bucket.value), position_view)

    @strawberry.field(description="Exposure of an account: in total, and by groups of instruments.")
    async def position_summary(self, info: Info, account_id: strawberry.ID) -> PositionSummary:
        """At the newest quotes."""
        wanted = named(account_id)
        await require_account(info.context.require_actor(), wanted)
        value = await info.context.load(info.context.services.books.read, wanted)
        if value is None:
            raise no_account()
        return cast(PositionSummary, summarize(value))

    @strawberry.field(
        description="Snapshots of positions, taken hourly and at the day roll, with `from` <= at < `to`, oldest first. "
        "When there are more than `limit`: the first ones after `from` if that is given, else the last ones.",
        deprecation_reason="It has no pages: use `positionHistoryConnection`.",
    )
    async def position_history(
        self,
        info: Info,
        account_id: strawberry.ID,
        symbol: str | None = None,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
        limit: int = DEFAULT_ROWS,
    ) -> list[PositionSnapshot]:
        """Open positions, and flat rows of those closed on the same day."""
        wanted = named(account_id)
        await require_account(info.context.require_actor(), wanted)
        if symbol is not None:
            await info.context.services.market.find(symbol)
        return cast("list[PositionSnapshot]", await position_history(wanted, symbol, since, until, limit))

    @strawberry.field(
        description="Snapshots of positions, taken hourly and at the day roll, with `from` <= at < `to`, newest first."
    )
    async def position_history_connection(
        self,
        info: Info,
        account_id: strawberry.ID,
        symbol: str | None = None,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[PositionSnapshot]:
        """A page of open positions, and flat rows of those closed on the same day."""
        window = (named(account_id), symbol, since, until)
        await require_account(info.context.require_actor(), window[0])
        check_window(since, until)
        if symbol is not None:
            await info.context.services.market.find(symbol)
        request = page_request(first, after, last, before, parts=3, of=("positionHistory", *window))
        page = await page_snapshots(request, *window)
        return connection(page, lambda one: cast(PositionSnapshot, one), partial(count_snapshots, *window))

    @strawberry.field(
        description="Trades that were closed with `from` <= closedAt < `to`, matched first in, first out, in the "
        "order of closing. When there are more than `limit`: the first ones after `from` if that is given, else the "
        "last ones.",
        metadata=COSTLY,
        deprecation_reason="It has no pages: use `closedTradesConnection`.",
    )
    async def closed_trades(
        self,
        info: Info,
        account_id: strawberry.ID,
        symbol: str | None = None,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
        limit: int = DEFAULT_ROWS,
    ) -> list[ClosedTrade]:
        """Derived from the valid executions."""
        wanted = named(account_id)
        await require_account(info.context.require_actor(), wanted)
        services = info.context.services
        found = await closed_trades(services.reads, services.market, wanted, symbol, since, until, limit)
        currency = await load_currency(info, wanted)
        return [ClosedTrade.of(trade, currency) for trade in found]

    @strawberry.field(
        description="Trades that were closed with `from` <= closedAt < `to`, matched first in, first out, the last "
        "closed first.",
        metadata=COSTLY,
    )
    async def closed_trades_connection(
        self,
        info: Info,
        account_id: strawberry.ID,
        symbol: str | None = None,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[ClosedTrade]:
        """A page of trades, derived from the valid executions."""
        search, services = TradeSearch(named(account_id), symbol, since, until), info.context.services
        await require_account(info.context.require_actor(), search.account_id)
        request = page_request(first, after, last, before, parts=1, of=("closedTrades", search))
        page = await page_closed_trades(services.reads, services.market, request, search)
        currency = await load_currency(info, search.account_id)
        count = partial(count_closed_trades, services.reads, services.market, search)
        return connection(page, lambda row: ClosedTrade.of(row[1], currency), count)
