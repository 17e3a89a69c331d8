"""Figures of performance: by table, at the edges, and against an independent library on real daily closes."""

import csv
import gzip
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import empyrical
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.market.costs import cost_at, gain
from domain.market.types import AssetClass
from domain.positions import performance
from domain.positions.history_types import EquitySample, Flow
from domain.positions.performance import Returns
from tests.orders.factories import PERPETUAL

START = datetime(2026, 1, 5, tzinfo=UTC)
BARS = Path(__file__).resolve().parents[3] / "shared" / "data" / "market" / "bars"
DAY = timedelta(days=1)


def samples(*equities: str | Decimal | int, step: timedelta = DAY) -> list[EquitySample]:
    return [
        EquitySample(START + place * step, Decimal(equity), Decimal(equity), Decimal(0), place)
        for place, equity in enumerate(equities)
    ]


def flows(*pairs: tuple[str | int, str | int]) -> list[Flow]:
    return [Flow(Decimal(inflow), Decimal(outflow)) for inflow, outflow in pairs]


def measured(*equities: str | Decimal | int) -> Returns:
    points = samples(*equities)
    return performance.returns_of(points, [Flow()] * (len(points) - 1))


def closes(name: str, symbol: str) -> list[Decimal]:
    """The daily closes of a symbol."""
    with gzip.open(BARS / name, "rt", encoding="utf-8") as rows:
        return [Decimal(row["close"]) for row in csv.DictReader(rows) if row["symbol"] == symbol]


@pytest.mark.skipif(not BARS.exists(), reason="needs the market data in ../shared/data")
@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("spy_us_1d_2011.csv.gz", "SPY.ARCA"),
        ("btcusd_coinbase_1d_2014-2018.csv.gz", "BTCUSD.COINBASE"),
        ("fx_oanda_1d_mid.csv.gz", "EURUSD.OANDA"),
        # With its seven for one split left in: the deepest fall of all.
        ("us_equity_wiki_1d.csv.gz", "AAPL.US"),
    ],
)
def test_ratios_equal_those_of_an_independent_library(name: str, symbol: str) -> None:
    returns = measured(*closes(name, symbol))
    daily = returns.by(lambda end: end)
    assert len(daily) > 100
    year = performance.DAYS_A_YEAR
    drawdown = performance.max_drawdown(returns).ratio
    annualized = performance.annualized_return(returns.total, returns.years)
    series = numpy.array(daily)
    expected = {
        "total": empyrical.cum_returns_final(series),
        "annualized": empyrical.annual_return(series, annualization=year),
        "volatility": empyrical.annual_volatility(series, annualization=year),
        "sharpe": empyrical.sharpe_ratio(series, annualization=year),
        "sortino": empyrical.sortino_ratio(series, annualization=year),
        "calmar": empyrical.calmar_ratio(series, annualization=year),
        "drawdown": -empyrical.max_drawdown(series),
    }
    found = {
        "total": returns.total,
        "annualized": annualized,
        "volatility": performance.annualized_volatility(daily),
        "sharpe": performance.sharpe_ratio(daily),
        "sortino": performance.sortino_ratio(daily),
        "calmar": performance.calmar_ratio(annualized, drawdown),
        "drawdown": drawdown,
    }
    assert found == pytest.approx({name: float(value) for name, value in expected.items()}, rel=1e-9)


def test_deposits_and_withdrawals_are_not_performance() -> None:
    # Ten percent, a deposit as large as all there was, a withdrawal of half, ten percent more.
    points = samples(100, 110, 220, 110, 121)
    moves = flows((0, 0), (110, 0), (0, 110), (0, 0))
    returns = performance.returns_of(points, moves)
    assert returns.values == pytest.approx((0.1, 0.0, 0.0, 0.1))
    assert returns.total == pytest.approx(0.21)
    assert performance.max_drawdown(returns).ratio == 0.0
    assert performance.max_drawdown_amount(points, moves) == 0


def test_the_return_base_counts_deposits_and_withdrawals_by_their_time() -> None:
    # What came in is invested at once; what left had been invested until then.
    assert performance.period_return(Decimal(100), Decimal(220), Flow(inflow=Decimal(100))) == pytest.approx(0.1)
    assert performance.period_return(Decimal(200), Decimal(120), Flow(outflow=Decimal(100))) == pytest.approx(0.1)


def test_a_period_without_invested_money_has_no_return() -> None:
    assert measured(0, 0).total == 0.0
    assert performance.period_return(Decimal(-5), Decimal(-7), Flow()) == 0.0
    # The first deposit opens the account: what comes of it is the return.
    opened = performance.returns_of(samples(0, 105), flows((100, 0)))
    assert opened.total == pytest.approx(0.05)


def test_a_total_loss_is_minus_one_hundred_percent_and_stays() -> None:
    points = samples(100, -20, 80, 90)
    returns = performance.returns_of(points, flows((0, 0), (100, 0), (0, 0)))
    assert returns.values == pytest.approx((-1.0, 0.0, 0.125))
    assert returns.total == -1.0
    assert performance.max_drawdown(returns).ratio == 1.0
    assert performance.annualized_return(returns.total, returns.years) == -1.0
    assert performance.max_drawdown_amount(points, flows((0, 0), (100, 0), (0, 0))) == 120


def test_a_single_sample_gives_no_figures() -> None:
    returns = measured(100)
    assert (returns.total, returns.years, returns.by(lambda end: end)) == (0.0, 0.0, [])
    assert performance.annualized_return(returns.total, returns.years) is None
    assert performance.max_drawdown(returns) == performance.Drawdown()
    for ratio in (performance.annualized_volatility, performance.sharpe_ratio, performance.sortino_ratio):
        assert ratio([]) is None
        assert ratio([0.01]) is None


def test_constant_equity_has_no_ratios() -> None:
    daily = measured(100, 100, 100, 100).by(lambda end: end)
    assert performance.annualized_volatility(daily) == 0.0
    assert performance.sharpe_ratio(daily) is None
    assert performance.sortino_ratio(daily) is None
    assert performance.calmar_ratio(0.0, 0.0) is None
    # The same gain every day varies by nothing but what floats make of it.
    assert performance.sharpe_ratio([0.1, 0.1, 0.1]) is None


def test_less_than_a_day_is_not_annualised() -> None:
    assert performance.annualized_return(0.1, 0.5 / 365) is None
    assert performance.annualized_return(1e9, 1 / 365) is None
    assert performance.annualized_return(0.1, 1.0) == pytest.approx(0.1)


def test_a_drawdown_lasts_until_the_peak_is_reached_again() -> None:
    fall = performance.max_drawdown(measured(100, 120, 90, 110, 120, 119, 130))
    assert fall.ratio == pytest.approx(0.25)
    assert fall.seconds == timedelta(days=3).total_seconds()
    assert performance.max_drawdown(measured(100, 120, 90, 110)).seconds == timedelta(days=2).total_seconds()
    # A later, shallower one does not count.
    deep = performance.max_drawdown(measured(100, 50, 100, 90, 90, 90, 90))
    assert (deep.ratio, deep.seconds) == (pytest.approx(0.5), timedelta(days=2).total_seconds())


def test_periods_of_a_day_are_chained() -> None:
    points = samples(100, 110, 121, 60.5, step=timedelta(hours=8))
    returns = performance.returns_of(points, [Flow()] * 3)
    assert returns.by(lambda end: end.date()) == pytest.approx([0.21, -0.5])


def test_closed_trades_count_after_fees() -> None:
    stats = performance.trade_statistics([Decimal(value) for value in ("3", "-1", "1", "0", "-2")])
    assert (stats.count, stats.win_rate, stats.profit_factor) == (5, 0.4, pytest.approx(4 / 3))
    assert (stats.average_win, stats.average_loss) == (Decimal(2), Decimal("-1.5"))
    assert (stats.largest_win, stats.largest_loss) == (Decimal(3), Decimal(-2))
    nothing = performance.trade_statistics([])
    assert (nothing.count, nothing.win_rate, nothing.profit_factor, nothing.largest_win) == (0, None, None, None)
    assert performance.trade_statistics([Decimal(1)]).profit_factor is None


growths = st.lists(st.floats(-0.2, 0.2), min_size=1, max_size=30)


@given(growths, st.lists(st.integers(0, 500), min_size=30, max_size=30), st.integers(1, 10_000))
def test_flows_never_change_returns(changes: list[float], deposits: list[int], begins: int) -> None:
    """Whatever is paid in at the start of each period, what it returns is what the market gave."""
    equity = Decimal(begins)
    points, moves = [equity], []
    for change, deposit in zip(changes, deposits, strict=False):
        equity = (equity + deposit) * (1 + Decimal(change))
        points.append(equity)
        moves.append(Flow(inflow=Decimal(deposit)))
    returns = performance.returns_of(samples(*points), moves)
    assert returns.values == pytest.approx(changes, abs=1e-9)
    assert returns.total == pytest.approx(math.prod(1 + change for change in changes) - 1, abs=1e-9)
    assert 0.0 <= performance.max_drawdown(returns).ratio <= 1.0


# Equity of 10,000 with forty units, at the entry and a tick above, below and two above it.
MOVES = [Decimal(step) for step in (0, 1, -1, 2)]


@pytest.mark.parametrize("mark", [Decimal(-30), Decimal(0), Decimal(30)])
@pytest.mark.parametrize("sign", [1, -1])
def test_returns_are_right_at_prices_of_any_sign(mark: Decimal, sign: int) -> None:
    """Only differences of prices earn and lose: all figures are the same at -30, at 0 and at 30."""
    future = replace(PERPETUAL, asset_class=AssetClass.FUTURE, multiplier=Decimal(10))
    held = Decimal(4 * sign)
    cost = cost_at(future, held, mark)
    equities = [10_000 + gain(future, held, cost, mark + move) for move in MOVES]
    assert equities == [10_000 + sign * 40 * move for move in MOVES]
    points, none = samples(*equities), [Flow()] * 3
    returns = performance.returns_of(points, none)
    daily = returns.by(lambda end: end)
    first, second, third = ((equities[n + 1] / equities[n]) - 1 for n in range(3))
    assert daily == pytest.approx([float(first), float(second), float(third)])
    total = float(equities[-1] / equities[0]) - 1
    assert returns.total == pytest.approx(total)
    annualized = performance.annualized_return(returns.total, returns.years)
    assert annualized == pytest.approx((1 + total) ** (365 / 3) - 1)
    deviation = float(numpy.std(daily, ddof=1))
    assert performance.annualized_volatility(daily) == pytest.approx(deviation * math.sqrt(365))
    assert performance.sharpe_ratio(daily) == pytest.approx(float(numpy.mean(daily)) / deviation * math.sqrt(365))
    downside = float(numpy.sqrt(numpy.mean(numpy.minimum(daily, 0) ** 2)))
    assert performance.sortino_ratio(daily) == pytest.approx(float(numpy.mean(daily)) / downside * math.sqrt(365))
    fall = performance.max_drawdown(returns)
    # Long: from the second day's 10,040 to 9,960, made up for on the fourth. Short: from 10,040 to 9,920, still open.
    ratio, seconds, amount = (80 / 10_040, 2 * 86_400, 80) if sign > 0 else (120 / 10_040, 86_400, 120)
    assert (fall.ratio, fall.seconds) == (pytest.approx(ratio), seconds)
    assert performance.max_drawdown_amount(points, none) == amount
    assert performance.calmar_ratio(annualized, fall.ratio) == pytest.approx(annualized / ratio)
