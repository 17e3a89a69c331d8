"""Performance of an account, pure: returns without deposits and withdrawals, risk by day, drawdown, closed trades.

Money is exact; ratios are floats. Between two samples of equity the return is

    r = (equity after + outflow) / (equity before + inflow) - 1

as if money came at the start and left at the end of the period (C. Bacon, Practical Portfolio Performance Measurement
and Attribution, 2nd ed., section 2.3). Returns of periods are chained, so the size of flows does not count
(time-weighted, GIPS). A return is never below -1, also where more than everything was lost. Without capital the return
is zero.
"""

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.kernel.numbers import ZERO, total
from domain.market.costs import to_average
from domain.positions.history_types import EquitySample, Flow

# Platform days follow each other without a gap, so a year has 365 of them, whatever market was open.
DAYS_A_YEAR = 365
_SECONDS_A_DAY = 86_400
_SECONDS_A_YEAR = DAYS_A_YEAR * _SECONDS_A_DAY
# What floats make of nothing.
_NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall below an earlier peak: as a share of the peak, zero or above, and the time until recovery.

    A drawdown without recovery lasts until the end.
    """

    ratio: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Returns:
    """The returns of periods; ``ends`` has the beginning of the first, then the end of each."""

    ends: tuple[datetime, ...]
    values: tuple[float, ...]

    @property
    def total(self) -> float:
        """All periods chained."""
        return compounded(self.values)

    @property
    def years(self) -> float:
        """From the first beginning to the last end, in years of 365 days."""
        return (self.ends[-1] - self.ends[0]).total_seconds() / _SECONDS_A_YEAR

    def by(self, key_of: Callable[[datetime], Hashable]) -> list[float]:
        """Returns chained for each key of the periods' ends, in order."""
        chained: dict[Hashable, float] = {}
        for end, value in zip(self.ends[1:], self.values, strict=True):
            key = key_of(end)
            chained[key] = (1 + chained.get(key, 0.0)) * (1 + value) - 1
        return list(chained.values())


@dataclass(frozen=True, slots=True)
class TradeStatistics:
    """Statistics of closed trades, after fees. A trade with a result of zero is neither a win nor a loss."""

    count: int
    win_rate: float | None
    profit_factor: float | None
    average_win: Decimal | None
    average_loss: Decimal | None
    largest_win: Decimal | None
    largest_loss: Decimal | None


def returns_of(samples: Sequence[EquitySample], flows: Sequence[Flow]) -> Returns:
    """Returns between samples; ``flows`` are the flows of each period, one fewer than samples."""
    periods = zip(samples, samples[1:], flows, strict=False)
    values = tuple(period_return(before.equity, after.equity, flow) for before, after, flow in periods)
    return Returns(tuple(sample.at for sample in samples), values)


def period_return(before: Decimal, after: Decimal, flow: Flow) -> float:
    """The return of one period; zero when nothing was invested."""
    invested = before + flow.inflow
    if invested <= ZERO:
        return 0.0
    return max(-1.0, float((after + flow.outflow) / invested - 1))


def compounded(returns: Iterable[float]) -> float:
    """Returns chained: the product of (1 + r), less one."""
    growth = 1.0
    for value in returns:
        growth *= 1 + value
    return growth - 1


def annualized_return(total_return: float, years: float) -> float | None:
    """Compound annual growth: (1 + total)^(1 / years) - 1; None for less than a day."""
    if years * DAYS_A_YEAR < 1:
        return None
    try:
        return float((1 + total_return) ** (1 / years)) - 1
    except OverflowError:
        return None


def annualized_volatility(daily: Sequence[float]) -> float | None:
    """Sample standard deviation of daily returns (n - 1) times the root of days a year; None below two days."""
    deviation = _deviation(daily)
    return None if deviation is None else deviation * math.sqrt(DAYS_A_YEAR)


def sharpe_ratio(daily: Sequence[float]) -> float | None:
    """Mean over standard deviation of daily returns, annualised, without a risk-free rate.

    None for a deviation of zero.

    W. F. Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21 (1994), 49-58.
    """
    deviation = _deviation(daily)
    if deviation is None or deviation < _NOTHING:
        return None
    return _mean(daily) / deviation * math.sqrt(DAYS_A_YEAR)


def sortino_ratio(daily: Sequence[float]) -> float | None:
    """Annual mean over annual downside deviation, the root of the mean of squared losses; None where there is no loss.

    F. A. Sortino, L. N. Price, Performance Measurement in a Downside Risk Framework, Journal of Investing 3 (1994);
    the target is zero.
    """
    if len(daily) < 2:
        return None
    downside = math.sqrt(math.fsum(min(value, 0.0) ** 2 for value in daily) / len(daily))
    if downside < _NOTHING:
        return None
    return _mean(daily) / downside * math.sqrt(DAYS_A_YEAR)


def calmar_ratio(annualized: float | None, drawdown: float) -> float | None:
    """Annualised return over the deepest drawdown; None without one. T. W. Young, Futures magazine, October 1991."""
    if annualized is None or drawdown < _NOTHING:
        return None
    return annualized / drawdown


def drawdown(equity: Decimal, peak: Decimal) -> Decimal | None:
    """The distance of equity below its peak, as a share of the peak, to twelve decimals; None without a peak.

    Flows scale the peak (``domain.accounts.rules.peak_after_flow``), so this is the drawdown of the chained returns.
    """
    return round(1 - equity / peak, 12) if peak > ZERO else None


def max_drawdown(returns: Returns) -> Drawdown:
    """The deepest fall of the chained returns below their peak so far, the beginning included."""
    growth = peak = 1.0
    peak_at, deepest, since, until = returns.ends[0], 0.0, returns.ends[0], returns.ends[0]
    is_deepest_open = False
    for end, value in zip(returns.ends[1:], returns.values, strict=True):
        growth *= 1 + value
        if growth >= peak:
            if is_deepest_open:
                until, is_deepest_open = end, False
            peak, peak_at = growth, end
            continue
        fall = 1 - growth / peak
        if fall > deepest:
            deepest, since, is_deepest_open = fall, peak_at, True
        if is_deepest_open:
            until = end
    return Drawdown(deepest, max(0.0, (until - since).total_seconds()) if deepest else 0.0)


def max_drawdown_amount(samples: Sequence[EquitySample], flows: Sequence[Flow]) -> Decimal:
    """The deepest fall of profit below its peak so far, in money, without flows. Zero or above."""
    profit = peak = deepest = ZERO
    for before, after, flow in zip(samples, samples[1:], flows, strict=False):
        profit += after.equity - before.equity - flow.inflow + flow.outflow
        peak = max(peak, profit)
        deepest = max(deepest, peak - profit)
    return deepest


def trade_statistics(results: Sequence[Decimal]) -> TradeStatistics:
    """Statistics of closed trades from their results after fees.

    Win rate: number of wins over all trades; profit factor: sum of wins over sum of losses.
    """
    wins = [result for result in results if result > ZERO]
    losses = [result for result in results if result < ZERO]
    return TradeStatistics(
        count=len(results),
        win_rate=len(wins) / len(results) if results else None,
        profit_factor=float(total(wins) / -total(losses)) if losses else None,
        average_win=to_average(total(wins) / len(wins)) if wins else None,
        average_loss=to_average(total(losses) / len(losses)) if losses else None,
        largest_win=max(wins, default=None),
        largest_loss=min(losses, default=None),
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _deviation(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = _mean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
