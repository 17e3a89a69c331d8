"""Closed trades and performance through the API: adding up to the books, also after busts and corrections."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.access.types import Role
from domain.accounts.service import MoveCash, deposit, withdraw
from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.database import pool
from domain.market.types import AssetClass
from domain.orders.books.busting import bust_execution, correct_execution
from domain.orders.books.proof import prove_book
from domain.orders.books.reversal import Correction
from domain.orders.model.order import Execution
from domain.orders.model.types import OrderType, PositionEffect, Side
from domain.orders.queries import read_executions_of
from domain.positions.history import sample_equity
from domain.settlement.rolling import roll_days
from tests.positions.conftest import Holder
from tests.support.trading import Platform, instrument

TRADES = """query ($id: ID!, $symbol: String, $from: DateTime, $to: DateTime, $limit: Int! = 500) {
  closedTrades(accountId: $id, symbol: $symbol, from: $from, to: $to, limit: $limit) {
    symbol side quantity entryPrice exitPrice openedAt closedAt realizedPnl matchedPnl fees
  }
}"""
REPORT = """query ($id: ID!, $from: DateTime, $to: DateTime) {
  account(id: $id) {
    performance(from: $from, to: $to) {
      totalReturn annualizedReturn annualizedVolatility sharpe sortino calmar maxDrawdown maxDrawdownSeconds
      maxDrawdownAmount closedTrades winRate profitFactor averageWin averageLoss largestWin largestLoss
      turnover feesPaid
    }
  }
}"""
CURVE = """query ($id: ID!, $from: DateTime, $to: DateTime, $interval: BarInterval! = MINUTE) {
  account(id: $id) { equityCurve(from: $from, to: $to, interval: $interval) { at equity cash unrealizedPnl } }
}"""
NOW = datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)


async def trades(holder: Holder, **others: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await holder.ask(TRADES, id=str(holder.id), **others)
    return found


async def check_sums(holder: Holder) -> list[dict[str, Any]]:
    """The trades of an account without open positions add up to its books."""
    rows, value = await trades(holder), await holder.value()
    assert sum((Decimal(row["realizedPnl"]) for row in rows), Decimal(0)) == value.realized_pnl
    if not any(position.quantity for position in value.positions):
        assert sum((Decimal(row["fees"]) for row in rows), Decimal(0)) == value.fees_paid
    return rows


async def executions(holder: Holder, *order_ids: UUID) -> list[Execution]:
    found = await read_executions_of(order_ids)
    return [row for order_id in order_ids for row in found[order_id]]


async def test_trades_add_up_and_follow_busts_and_corrections(holder: Holder) -> None:
    desk = holder.desk
    first = await holder.buy("1")
    await desk.quote("COIN-PERP", "103.99", "104.01")
    second = await holder.buy("3")
    await desk.quote("COIN-PERP", "109.99", "110.01")
    third = await holder.sell("2")
    rows = await check_sums(holder)
    shown = [(row["side"], row["quantity"], row["entryPrice"], row["exitPrice"], row["matchedPnl"]) for row in rows]
    assert shown == [("LONG", "1", "100.01", "109.99", "9.98"), ("LONG", "1", "104.01", "109.99", "5.98")]
    assert rows[0]["openedAt"] < rows[1]["openedAt"] < rows[0]["closedAt"] == rows[1]["closedAt"]
    risk = await desk.add_actor(Role.RISK_MANAGER)
    (corrected,) = await executions(holder, first.id)
    desk_of = desk.services.order_context
    await correct_execution(desk_of, risk, corrected.id, Correction(Decimal(90), Decimal(1)), "off market")
    rows = await check_sums(holder)
    assert [(row["entryPrice"], row["matchedPnl"]) for row in rows] == [("90", "19.99"), ("104.01", "5.98")]
    (busted,) = await executions(holder, second.id)
    await bust_execution(desk_of, risk, busted.id, "never was")
    # What was sold beyond the first has become a short.
    rows = await check_sums(holder)
    assert [(row["quantity"], row["entryPrice"]) for row in rows] == [("1", "90")]
    (sold,) = await executions(holder, third.id)
    await bust_execution(desk_of, risk, sold.id, "nor this")
    assert await check_sums(holder) == []


async def test_both_legs_of_a_hedging_account_make_their_own_trades(desk: Platform) -> None:
    terms = {"kind": AccountKind.MARGIN, "position_mode": PositionMode.HEDGING}
    holder = Holder(desk, *await desk.open_account("1000", **terms))
    await holder.buy("2")
    await holder.sell("1")
    await desk.quote("COIN-PERP", "109.99", "110.01")
    for side, quantity in ((Side.BUY, "1"), (Side.SELL, "2")):
        order = await holder.order("COIN-PERP", side, quantity, position_effect=PositionEffect.CLOSE)
        await desk.filled(order.id, quantity)
    rows = await check_sums(holder)
    assert [(row["side"], row["quantity"], row["matchedPnl"]) for row in rows] == [
        ("SHORT", "1", "-10.02"),
        ("LONG", "2", "19.96"),
    ]


async def test_daily_settlements_belong_to_the_trade_that_ends_them(holder: Holder) -> None:
    desk, services = holder.desk, holder.desk.services
    await desk.add_instrument(instrument("FUT", asset_class=AssetClass.FUTURE, multiplier=Decimal(10)))
    await desk.quote("FUT", "99.99", "100.01")
    await deposit(services.bus, holder.actor, MoveCash(holder.id, Decimal(10_000), "more"))
    await holder.buy("2", "FUT")
    await desk.quote("FUT", "104.99", "105.01", last=Decimal(105), last_size=Decimal(1))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await roll_days(services.bus, services.market, services.order_context.day_roll, tomorrow)
    settled = (await holder.position("FUT")).realized_pnl
    assert settled == (Decimal(105) - Decimal("100.01")) * 20
    await holder.sell("2", "FUT")
    (trade,) = await check_sums(holder)
    assert (trade["entryPrice"], trade["exitPrice"]) == ("100.01", "104.99")
    assert Decimal(trade["realizedPnl"]) == Decimal(trade["matchedPnl"]) == Decimal("4.98") * 20
    catalog = await services.market.catalog()
    assert (await prove_book(holder.id, catalog.by_id)).breaks == []


async def test_closed_trades_are_listed_by_symbol_window_and_page(holder: Holder) -> None:
    for symbol in ("COIN-PERP", "COIN", "COIN-PERP"):
        await holder.buy("1", symbol)
        await holder.sell("1", symbol)
    everything = await check_sums(holder)
    assert [row["symbol"] for row in everything] == ["COIN-PERP", "COIN", "COIN-PERP"]
    assert await trades(holder, symbol="COIN") == everything[1:2]
    window = {"from": everything[1]["closedAt"]}
    assert await trades(holder, **window) == everything[1:]
    assert await trades(holder, **window, limit=1) == everything[1:2]
    assert await trades(holder, limit=1) == everything[2:]
    assert await trades(holder, to=everything[1]["closedAt"]) == everything[:1]
    for others, error in (
        ({"limit": 0}, ("BAD_USER_INPUT", "limit")),
        ({"limit": 5001}, ("BAD_USER_INPUT", "limit")),
        ({"symbol": "NOTHING"}, ("NOT_FOUND", "symbol")),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, ("BAD_USER_INPUT", "to")),
    ):
        assert await trades(holder, **others) == error
    stranger = await holder.desk.add_actor()
    assert await holder.ask(TRADES, actor=stranger, id=str(holder.id)) == ("NOT_FOUND", "accountId")


async def test_a_performance_report_counts_trading_and_no_flows(holder: Holder) -> None:
    services = holder.desk.services
    await holder.buy("2")
    await holder.desk.quote("COIN-PERP", "109.99", "110.01")
    # As much again, of which most leaves: neither is performance.
    await deposit(services.bus, holder.actor, MoveCash(holder.id, Decimal(1000), "in"))
    await withdraw(services.bus, holder.actor, MoveCash(holder.id, Decimal(500), "out"), services.books.available)
    await holder.sell("2")
    report = (await holder.ask(REPORT, id=str(holder.id)))["performance"]
    value = await holder.value()
    profit = value.equity - 1500
    assert profit == Decimal("19.96") - value.fees_paid
    assert report["totalReturn"] == pytest.approx(float((value.equity + 500) / 2000 - 1))
    assert (report["closedTrades"], report["winRate"], report["profitFactor"]) == (1, 1.0, None)
    assert (report["averageWin"], report["largestLoss"]) == (report["largestWin"], None)
    assert Decimal(report["largestWin"]) == profit
    assert Decimal(report["feesPaid"]) == value.fees_paid
    assert Decimal(report["turnover"]) == 2 * Decimal("100.01") + 2 * Decimal("109.99")
    assert (report["maxDrawdown"], report["maxDrawdownAmount"], report["sharpe"]) == (0.0, "0", None)
    assert (report["annualizedReturn"], report["calmar"]) == (None, None)


async def test_a_performance_report_is_measured_at_samples(holder: Holder) -> None:
    services = holder.desk.services
    # An account that was opened ten minutes ago.
    begins = datetime.now(UTC) - timedelta(minutes=10)
    await pool().execute("UPDATE accounts SET created_at = $2 WHERE id = $1", holder.id, begins)
    await holder.buy("10")
    for minutes, bid, ask in ((1, "119.99", "120.01"), (2, "89.99", "90.01"), (3, "109.99", "110.01")):
        await holder.desk.quote("COIN-PERP", bid, ask)
        await sample_equity(services.bus, services.market, begins + timedelta(minutes=minutes))
    report = (await holder.ask(REPORT, id=str(holder.id)))["performance"]
    assert Decimal(report["maxDrawdownAmount"]) == 300
    costs = (await holder.value()).fees_paid
    peak = Decimal(1000) + 10 * (120 - Decimal("100.01")) - costs
    assert report["maxDrawdown"] == pytest.approx(float(300 / peak))
    window = {"from": (begins + timedelta(minutes=2)).isoformat(), "to": (begins + timedelta(minutes=4)).isoformat()}
    later = (await holder.ask(REPORT, id=str(holder.id), **window))["performance"]
    low = peak - 300
    assert later["totalReturn"] == pytest.approx(float((low + 200) / low - 1))
    backwards = {"from": window["to"], "to": window["from"]}
    assert await holder.ask(REPORT, id=str(holder.id), **backwards) == ("BAD_USER_INPUT", "to")


async def test_an_equity_curve_has_one_point_per_interval_with_a_sample(holder: Holder) -> None:
    services = holder.desk.services
    await holder.order("COIN-PERP", Side.BUY, "1", type=OrderType.LIMIT, limit_price=Decimal(90))
    for minutes in (0, 1, 2, 65, 24 * 60):
        await deposit(services.bus, holder.actor, MoveCash(holder.id, Decimal(1), f"at {minutes}"))
        await sample_equity(services.bus, services.market, NOW + timedelta(minutes=minutes))
    window = {"from": "2026-03-10T12:00:00Z", "to": "2026-03-12T00:00:00Z"}

    async def curve(**others: Any) -> Any:
        answer = await holder.ask(CURVE, id=str(holder.id), **others)
        return [(row["at"], row["equity"]) for row in answer["equityCurve"]] if isinstance(answer, dict) else answer

    hourly = [
        ("2026-03-10T12:02:00Z", "1003"),
        ("2026-03-10T13:05:00Z", "1004"),
        ("2026-03-11T12:00:00Z", "1005"),
    ]
    assert await curve(**window, interval="HOUR") == hourly
    # A platform of tests has its day roll far from now: it may lie between any two of the samples.
    roll = services.entry.context.day_roll
    samples = [("2026-03-10T12:00:00Z", "1001"), ("2026-03-10T12:01:00Z", "1002"), *hourly]
    last_of_day = {roll.next_after(datetime.fromisoformat(at)): (at, equity) for at, equity in samples}
    assert await curve(**window, interval="DAY") == list(last_of_day.values())
    assert len(await curve(**window | {"to": "2026-03-10T12:02:00Z"})) == 2
    assert len(await curve(to="2026-03-10T13:05:30Z")) == 4
    assert await curve(**window | {"to": "2026-03-12T00:00:01Z"}) == ("BAD_USER_INPUT", "interval")
    assert await curve(**{"from": window["to"], "to": window["from"]}) == ("BAD_USER_INPUT", "to")
    assert await curve() == []
