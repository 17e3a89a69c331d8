"""Pages of closed trades, newest first, derived from booked executions on request.

A trade has no row: its place among the matching trades, counted from the oldest, is its cursor. What a process keeps of
a page is compared with the account's version each time, as ``closed_trades`` does it.
"""

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.accounts.version_queries import read_accounts_version
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page, number_key
from domain.kernel.read_cache import ReadCache
from domain.market.market import Market
from domain.orders.reading.closed_trades import stream_closed_trades
from domain.positions.history_service import check_window
from domain.positions.lots import ClosedTrade

NumberedTrade = tuple[int, ClosedTrade]


@dataclass(frozen=True, slots=True)
class TradeSearch:
    """The wanted trades of an account: closed in ``since`` <= at < ``until``; None is no bound."""

    account_id: UUID
    symbol: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def page_closed_trades(
    cache: ReadCache, market: Market, request: PageRequest, search: TradeSearch
) -> Page[NumberedTrade]:
    """A page of closed trades, newest first, with their numbers.

    Raises:
        BadInput: a window that ends before it begins, or the cursor holds no number.
        NotFound: there is no such account or symbol.
    """
    check_window(search.since, search.until)
    key = number_key(request)

    async def load() -> list[NumberedTrade]:
        # Newest first: forwards, the last ones before the cursor; backwards, the first ones after it.
        found = deque[NumberedTrade](maxlen=None if request.backward else request.size + 1)
        async with aclosing(_numbered(market, search)) as trades:
            async for number, trade in trades:
                if request.backward and key is not None and number <= key:
                    continue
                if not request.backward and key is not None and number >= key:
                    break
                found.append((number, trade))
                if request.backward and len(found) > request.size:
                    break
        return list(found) if request.backward else list(reversed(found))

    version = await read_accounts_version([search.account_id])
    kept = (search, key, request.size, request.backward)
    rows = await cache.read("closedTradePages", kept, version, load, lambda rows: 1 + len(rows))
    return make_page(request, list(rows), lambda row: encode_cursor(str(row[0])))


async def count_closed_trades(cache: ReadCache, market: Market, search: TradeSearch) -> int:
    """The number of matching trades."""

    async def load() -> int:
        async with aclosing(await _stream(market, search)) as runs:
            return sum([len(run) async for run in runs])

    version = await read_accounts_version([search.account_id])
    return await cache.read("closedTradeCounts", search, version, load)


async def _numbered(market: Market, search: TradeSearch) -> AsyncGenerator[NumberedTrade, None]:
    number = 0
    async with aclosing(await _stream(market, search)) as runs:
        async for run in runs:
            for trade in run:
                number += 1
                yield number, trade


async def _stream(market: Market, search: TradeSearch) -> AsyncGenerator[list[ClosedTrade], None]:
    instrument_id = (await market.find(search.symbol)).id if search.symbol is not None else None
    return stream_closed_trades(market, search.account_id, search.since, search.until, instrument_id=instrument_id)
