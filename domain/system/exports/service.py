"""Exports of an account: its rows, oldest first, in runs, with the rights of the caller.

No more than a run is held in memory. Only exports of ``IN_ONE_TRANSACTION`` have a transaction between runs: they are
read in one pass over all executions of one moment, so their reader must not wait for a client. A row that is written
during another export may be in it or not.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.access.types import Actor
from domain.accounts.queries import count_transactions, page_transactions, require_account
from domain.kernel.errors import BadInput
from domain.kernel.pages import page_request
from domain.kernel.time import utc_now
from domain.market.market import Market
from domain.orders.model.types import OrderSortField, SortDirection
from domain.orders.reading.closed_trades import stream_closed_trades
from domain.orders.reading.search_queries import (
    CURSOR_PARTS,
    ExecutionSearch,
    OrderSearch,
    OrderSort,
    count_executions,
    count_orders,
    page_executions,
    page_orders,
)
from domain.positions.history_queries import read_samples
from domain.positions.history_service import check_window
from domain.positions.lots import LotMethod
from domain.settlement.queries import read_first_statement_day, read_statements
from domain.system.exports.columns import ExportKind
from domain.system.exports.history import check_history, stream_history

MAX_ROWS_WITHOUT_RANGE = 1_000_000
IN_ONE_TRANSACTION = frozenset({ExportKind.CLOSED_TRADES, ExportKind.TAX_LOTS, ExportKind.HISTORY})
_RUN = 500
_DAYS = 366
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
_OLDEST_FIRST = OrderSort(OrderSortField.CREATED_AT, SortDirection.ASC)

Rows = AsyncGenerator[list[object], None]


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The rows of an account in ``since`` <= time < ``until``; None is no bound."""

    kind: ExportKind
    account_id: UUID
    since: datetime | None = None
    until: datetime | None = None
    # Of tax lots: which of them an exit takes.
    method: LotMethod = LotMethod.FIFO


async def open_export(
    actor: Actor, market: Market, request: ExportRequest, max_rows: int = MAX_ROWS_WITHOUT_RANGE
) -> AsyncIterator[list[object]]:
    """The rows of an export, in runs, once it is known that the actor may have them.

    Raises:
        NotFound: the actor may not see the account.
        BadInput: the range ends before it begins, or there is none and there are more than ``max_rows`` rows.
    """
    await require_account(actor, request.account_id, field="account")
    check_window(request.since, request.until)
    if request.kind is ExportKind.HISTORY:
        if request.since is not None or request.until is not None:
            raise BadInput("A history is whole: it has no range.", field="from" if request.since is not None else "to")
        await check_history(request.account_id)
    if request.since is None and request.until is None and await _count(actor, request) > max_rows:
        raise BadInput(f"These are more than {max_rows:,} rows: give from, or to.", field="from")
    return _ROWS[request.kind](actor, market, request)


async def _count(actor: Actor, request: ExportRequest) -> int:
    if request.kind is ExportKind.ORDERS:
        return await count_orders(actor, OrderSearch(account_id=request.account_id))
    if request.kind in {ExportKind.EXECUTIONS, ExportKind.CLOSED_TRADES, ExportKind.TAX_LOTS}:
        return await count_executions(actor, ExecutionSearch(account_id=request.account_id))
    if request.kind is ExportKind.LEDGER:
        return await count_transactions(request.account_id)
    # A row for a day, or for a minute of 400 days; a history has no range.
    return 0


async def _orders(actor: Actor, _market: Market, request: ExportRequest) -> Rows:
    search = OrderSearch(account_id=request.account_id, since=request.since, until=request.until)
    after = None
    while True:
        page = await page_orders(
            actor, page_request(first=_RUN, after=after, parts=CURSOR_PARTS), search, _OLDEST_FIRST
        )
        yield list(page.nodes)
        after = page.end_cursor
        if not page.has_next:
            return


async def _executions(actor: Actor, _market: Market, request: ExportRequest) -> Rows:
    search = ExecutionSearch(account_id=request.account_id, since=request.since, until=request.until)
    before = None
    while True:
        page = await page_executions(actor, page_request(last=_RUN, before=before, parts=CURSOR_PARTS), search)
        yield list(reversed(page.nodes))
        before = page.start_cursor
        if not page.has_previous:
            return


async def _ledger(_actor: Actor, _market: Market, request: ExportRequest) -> Rows:
    before = None
    while True:
        page = await page_transactions(
            page_request(last=_RUN, before=before, parts=1),
            request.account_id,
            since=request.since,
            until=request.until,
        )
        yield list(reversed(page.nodes))
        before = page.start_cursor
        if not page.has_previous:
            return


async def _statements(_actor: Actor, _market: Market, request: ExportRequest) -> Rows:
    """Those of days that begin in the range."""
    first = await read_first_statement_day(request.account_id)
    if first is None:
        return
    day = max(first, request.since.date()) if request.since is not None else first
    last = (request.until or utc_now()).date()
    while day <= last:
        end = min(last, day + timedelta(days=_DAYS - 1))
        yield list(await read_statements(request.account_id, day, end, _DAYS))
        day = end + timedelta(days=1)


async def _closed_trades(_actor: Actor, market: Market, request: ExportRequest) -> Rows:
    """Closed trades, and tax lots: the same, matched by the method that is asked for."""
    trades = stream_closed_trades(market, request.account_id, request.since, request.until, request.method)
    async with aclosing(trades) as runs:
        async for run in runs:
            yield list(run)


async def _history(_actor: Actor, market: Market, request: ExportRequest) -> Rows:
    async with aclosing(stream_history(market, request.account_id)) as runs:
        async for run in runs:
            yield list(run)


async def _equity(_actor: Actor, _market: Market, request: ExportRequest) -> Rows:
    after, until = (request.since or _FIRST) - timedelta(microseconds=1), request.until or utc_now()
    while samples := await read_samples(request.account_id, after, until, _RUN):
        yield list(samples)
        after = samples[-1].at


_ROWS: dict[ExportKind, Callable[[Actor, Market, ExportRequest], Rows]] = {
    ExportKind.ORDERS: _orders,
    ExportKind.EXECUTIONS: _executions,
    ExportKind.LEDGER: _ledger,
    ExportKind.STATEMENTS: _statements,
    ExportKind.CLOSED_TRADES: _closed_trades,
    ExportKind.TAX_LOTS: _closed_trades,
    ExportKind.EQUITY: _equity,
    ExportKind.HISTORY: _history,
}
