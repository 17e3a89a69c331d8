"""Every figure of an account that holds a future marked at -30, at 0 and at 30, long and short, then closes it."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.types import AccountKind
from domain.market.types import AssetClass, FeeSchedule
from tests.support.asking import Asking
from tests.support.trading import Platform, instrument, platform

PLACE = "mutation ($i: PlaceOrderInput!) { placeOrder(input: $i) { order { id } } }"
METRICS = """query ($id: ID!) { riskMetrics(accountId: $id) {
  equity grossExposure netExposure leverage marginRatio dayPnl dayPnlRatio drawdown largestConcentration
  valueAtRisk95 expectedShortfall95 openOrders limits { usage } } }"""
SUMMARY = """query ($id: ID!) { positionSummary(accountId: $id) {
  count longValue shortValue grossExposure netExposure leverage unrealizedPnl realizedPnl largestWeight
  bySymbol { key longValue shortValue netExposure weight } } }"""
PERFORMANCE = """query ($id: ID!) { account(id: $id) { performance {
  closedTrades winRate profitFactor averageWin averageLoss largestWin largestLoss turnover feesPaid } } }"""
STATISTICS = """query ($id: ID!) { orderStatistics(filter: { accountId: $id }) {
  filled notional averageSlippageBps bySymbol { notional realizedPnl } } }"""
# Four contracts of ten units.
UNITS, CASH, RATE = Decimal(40), Decimal(10_000), Decimal("0.001")


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as opened:
        await opened.add_instrument(
            instrument(
                "POWER",
                asset_class=AssetClass.FUTURE,
                multiplier=Decimal(10),
                tick_size=Decimal("0.5"),
                lot_size=Decimal(1),
                min_quantity=Decimal(1),
                fees=FeeSchedule(taker_rate=RATE),
                initial_margin_rate=Decimal("0.1"),
                maintenance_margin_rate=Decimal("0.05"),
            )
        )
        yield opened


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    return round(part / whole, 12)


def same(shown: dict[str, Any], expected: dict[str, Any]) -> None:
    """Assert equality: exact for money, approximate for floats."""
    for name, value in expected.items():
        found = shown[name]
        if isinstance(value, Decimal):
            assert Decimal(found) == value, name
        elif isinstance(value, float):
            assert found == pytest.approx(value, abs=1e-12), name
        else:
            assert found == value, name


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize("mark", [Decimal(-30), Decimal(0), Decimal(30)])
async def test_every_figure_of_a_future_is_right_at_prices_of_any_sign(
    desk: Platform, mark: Decimal, side: str
) -> None:
    owner, account = await desk.open_account(str(CASH), kind=AccountKind.MARGIN)
    api, sign = Asking(desk, owner), Decimal(1 if side == "BUY" else -1)
    names = {"id": str(account.id)}

    async def trade(way: str) -> None:
        given = {"accountId": str(account.id), "symbol": "POWER", "side": way, "type": "MARKET", "quantity": "4"}
        placed = await api.ask(PLACE, i=given | {"timeInForce": "GTC"})
        await desk.filled(UUID(placed["order"]["id"]), "4")

    entry = mark - 1
    await desk.quote("POWER", str(entry), str(entry))
    await trade(side)
    await desk.quote("POWER", str(mark), str(mark))
    opening, gain, exposure = UNITS * abs(entry) * RATE, sign * UNITS, UNITS * abs(mark)
    equity = CASH - opening + gain
    weight = float(exposure / equity)
    risk = {
        "equity": equity,
        "grossExposure": exposure,
        "netExposure": sign * exposure,
        "leverage": ratio(exposure, equity),
        "marginRatio": ratio(equity, exposure * Decimal("0.05")) if exposure else None,
        "dayPnl": gain - opening,
        "dayPnlRatio": float((gain - opening) / CASH),
        "drawdown": float(max(CASH - equity, Decimal(0)) / CASH),
        "largestConcentration": weight,
        "valueAtRisk95": None,
        "expectedShortfall95": None,
        "openOrders": 0,
        "limits": [],
    }
    same(await api.ask(METRICS, **names), risk)
    long_value, short_value = (exposure, Decimal(0)) if side == "BUY" else (Decimal(0), exposure)
    values = {"longValue": long_value, "shortValue": short_value, "netExposure": sign * exposure}
    summary = await api.ask(SUMMARY, **names)
    shared = {name: risk[name] for name in ("grossExposure", "leverage")}
    same(summary, values | shared | {"count": 1, "unrealizedPnl": gain, "realizedPnl": Decimal(0)})
    same(summary, {"largestWeight": weight})
    (bucket,) = summary["bySymbol"]
    same(bucket, values | {"key": "POWER", "weight": float(sign) * weight})

    await trade("SELL" if side == "BUY" else "BUY")
    closing = UNITS * abs(mark) * RATE
    result = gain - opening - closing
    won, lost = (result, None) if side == "BUY" else (None, result)
    performance = {
        "closedTrades": 1,
        "winRate": 1.0 if won else 0.0,
        "profitFactor": None if won else 0.0,
        "averageWin": won,
        "averageLoss": lost,
        "largestWin": won,
        "largestLoss": lost,
        "turnover": UNITS * (abs(entry) + abs(mark)),
        "feesPaid": opening + closing,
    }
    same((await api.ask(PERFORMANCE, **names))["performance"], performance)
    statistics = await api.ask(STATISTICS, **names)
    same(statistics, {"filled": 2, "notional": performance["turnover"]})
    same(statistics["bySymbol"][0], {"notional": performance["turnover"], "realizedPnl": gain})
    assert statistics["averageSlippageBps"] == 0.0
    flat = {"equity": CASH + result, "grossExposure": Decimal(0), "netExposure": Decimal(0), "leverage": Decimal(0)}
    same(await api.ask(METRICS, **names), flat | {"marginRatio": None, "largestConcentration": None})
