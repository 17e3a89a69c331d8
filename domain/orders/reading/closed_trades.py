"""Closed trades and performance of accounts, derived on request from booked executions and samples.

Nothing is stored, and cached results are checked against the account's version each time, so busts and corrections
always show.
"""

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.access.types import no_account
from domain.accounts.version_queries import read_accounts_version
from domain.kernel.day_roll import DayRoll
from domain.kernel.numbers import ZERO
from domain.kernel.read_cache import ReadCache
from domain.market.market import Market
from domain.orders.reading.trade_queries import Volume, read_volume, stream_booked
from domain.positions import history_queries, performance
from domain.positions.history_service import check_limit, check_window, measured, performance_edges
from domain.positions.history_types import EquitySample
from domain.positions.lots import ClosedTrade, LotFill, LotMethod, Lots
from domain.positions.performance import TradeStatistics
from domain.positions.service import Books
from domain.positions.types import Bucket
from domain.positions.values import AccountValue

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """The performance of an account in a window; formulas and their sources are in ``domain.positions.performance``.

    Money is in ``currency``, the account's. ``max_drawdown`` is a share of the peak, ``max_drawdown_amount`` money;
    ``turnover`` is the value of all trades.
    """

    currency: str
    total_return: float
    annualized_return: float | None
    annualized_volatility: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float
    max_drawdown_seconds: float
    max_drawdown_amount: Decimal
    trades: TradeStatistics
    turnover: Decimal
    fees_paid: Decimal

    @property
    def closed_trades(self) -> int:
        """Number of closed trades."""
        return self.trades.count

    @property
    def win_rate(self) -> float | None:
        """Share of closed trades with a profit after fees."""
        return self.trades.win_rate

    @property
    def profit_factor(self) -> float | None:
        """Sum of wins over sum of losses."""
        return self.trades.profit_factor

    @property
    def average_win(self) -> Decimal | None:
        """Mean result of trades with a profit."""
        return self.trades.average_win

    @property
    def average_loss(self) -> Decimal | None:
        """Mean result of trades with a loss, below zero."""
        return self.trades.average_loss

    @property
    def largest_win(self) -> Decimal | None:
        """The largest profit of a trade, if there is one."""
        return self.trades.largest_win

    @property
    def largest_loss(self) -> Decimal | None:
        """The largest loss of a trade, if there is one; below zero."""
        return self.trades.largest_loss


async def closed_trades(
    cache: ReadCache,
    market: Market,
    account_id: UUID,
    symbol: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> tuple[ClosedTrade, ...]:
    """The trades that an account closed in ``since`` <= at < ``until``, oldest first, kept until it changes.

    When there are more than ``limit``: the first ones after ``since`` if that is given, else the last ones.

    Raises:
        BadInput: a limit outside 1 to 5,000, or a window that ends before it begins.
        NotFound: there is no such account or symbol.
    """
    check_limit(limit)
    check_window(since, until)
    instrument_id = (await market.find(symbol)).id if symbol is not None else None

    async def load() -> tuple[ClosedTrade, ...]:
        return await _find_closed(market, account_id, instrument_id, since, until, limit)

    key, version = (account_id, instrument_id, since, until, limit), await read_accounts_version([account_id])
    return await cache.read("closedTrades", key, version, load, lambda found: 1 + len(found))


async def _find_closed(
    market: Market,
    account_id: UUID,
    instrument_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
) -> tuple[ClosedTrade, ...]:
    found: deque[ClosedTrade] = deque(maxlen=limit)
    async with aclosing(_walk(market, account_id, instrument_id)) as runs:
        async for run in runs:
            for trade in run:
                if until is not None and trade.closed_at >= until:
                    continue
                if since is not None and (trade.closed_at < since or len(found) == limit):
                    continue
                found.append(trade)
    return tuple(found)


async def stream_closed_trades(
    market: Market,
    account_id: UUID,
    since: datetime | None,
    until: datetime | None,
    method: LotMethod = LotMethod.FIFO,
    *,
    instrument_id: UUID | None = None,
) -> AsyncGenerator[list[ClosedTrade], None]:
    """The trades that an account closed in ``since`` <= at < ``until``, oldest first, in runs, of one moment."""
    async with aclosing(_walk(market, account_id, instrument_id, method)) as runs:
        async for run in runs:
            yield [
                trade
                for trade in run
                if (since is None or trade.closed_at >= since) and (until is None or trade.closed_at < until)
            ]


async def _walk(
    market: Market, account_id: UUID, instrument_id: UUID | None, method: LotMethod = LotMethod.FIFO
) -> AsyncGenerator[list[ClosedTrade], None]:
    """All closed trades of an account, oldest first, in runs."""
    lots: dict[tuple[UUID, Bucket], Lots] = {}
    catalog = await market.refresh()
    async with aclosing(stream_booked(account_id, instrument_id)) as runs:
        async for run in runs:
            trades: list[ClosedTrade] = []
            for booked_id, bucket, booked in run:
                held = lots.get((booked_id, bucket))
                if held is None:
                    # An instrument may be newer than what was known as the walk began.
                    catalog = catalog if booked_id in catalog.by_id else await market.refresh()
                    held = lots[booked_id, bucket] = Lots(catalog.by_id[booked_id], bucket, method)
                trades += held.fill(booked) if isinstance(booked, LotFill) else held.adjust(booked)
            yield trades


async def performance_of(
    cache: ReadCache,
    market: Market,
    day_roll: DayRoll,
    account_id: UUID,
    since: datetime | None,
    until: datetime | None,
    now: datetime,
) -> PerformanceReport:
    """The performance of an account in a window, by default from its opening until now.

    Its trades and their costs, for which all executions are read, are kept until the account changes. Returns and
    drawdown are measured at up to 2,000 samples, evenly spaced; volatility and its ratios by platform days.

    Raises:
        BadInput: a window that ends before it begins.
        NotFound: there is no such account.
    """
    check_window(since, until)
    account = (await Books(market).read([account_id])).get(account_id)
    if account is None:
        raise no_account()
    samples = await _samples(account, since, until, day_roll, now)
    flows = await history_queries.read_flows(account_id, samples)
    returns = performance.returns_of(samples, flows)
    daily = returns.by(lambda end: day_roll.last_before(end - _INSTANT))
    drawdown = performance.max_drawdown(returns)
    annualized = performance.annualized_return(returns.total, returns.years)
    trades, volume = await _traded(cache, market, account_id, since, until)
    return PerformanceReport(
        currency=account.account.currency,
        total_return=returns.total,
        annualized_return=annualized,
        annualized_volatility=performance.annualized_volatility(daily),
        sharpe=performance.sharpe_ratio(daily),
        sortino=performance.sortino_ratio(daily),
        calmar=performance.calmar_ratio(annualized, drawdown.ratio),
        max_drawdown=drawdown.ratio,
        max_drawdown_seconds=drawdown.seconds,
        max_drawdown_amount=performance.max_drawdown_amount(samples, flows),
        trades=trades,
        turnover=volume.turnover,
        fees_paid=volume.costs,
    )


async def _traded(
    cache: ReadCache, market: Market, account_id: UUID, since: datetime | None, until: datetime | None
) -> tuple[TradeStatistics, Volume]:
    async def load() -> tuple[TradeStatistics, Volume]:
        trades = await _statistics(market, account_id, since, until)
        return trades, await read_volume(account_id, since, until)

    version = await read_accounts_version([account_id])
    return await cache.read("performance", (account_id, since, until), version, load)


async def _statistics(
    market: Market, account_id: UUID, since: datetime | None, until: datetime | None
) -> TradeStatistics:
    results: list[Decimal] = []
    async with aclosing(_walk(market, account_id, None)) as runs:
        async for run in runs:
            results += [
                trade.net_pnl
                for trade in run
                if (since is None or trade.closed_at >= since) and (until is None or trade.closed_at < until)
            ]
    return performance.trade_statistics(results)


async def _samples(
    account: AccountValue, since: datetime | None, until: datetime | None, day_roll: DayRoll, now: datetime
) -> list[EquitySample]:
    """The samples to measure at.

    They are the state at the beginning, the curve and, for a window that is not over, the present state.
    """
    opening = EquitySample(account.created_at, ZERO, ZERO, ZERO, 0)
    first = None
    if since is not None and since > account.created_at:
        first = await history_queries.read_last_sample(account.id, since)
    first = first or opening
    end = min(until, now) if until is not None else now
    curve = []
    if end > first.at:
        curve = await history_queries.read_curve(account.id, performance_edges(first.at, end, day_roll))
    samples = [first, *(sample for sample in curve if sample.at > first.at)]
    if (until is None or until > now) and samples[-1].at < now:
        samples.append(
            EquitySample(
                now, account.equity, account.cash, account.unrealized_pnl, account.account.transaction_sequence
            )
        )
    return await measured(account.id, samples, first.at, end)
