"""Prices through the API: computed ones on the tick grid, late ones, none at all, and those below zero."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.types import AccountKind
from domain.market.types import AssetClass
from tests.support.asking import Asking
from tests.support.trading import Platform, instrument, platform

PLACE = "mutation ($i: PlaceOrderInput!) { placeOrder(input: $i) { order { id } } }"
ORDER = """query ($id: ID!) { order(id: $id) {
  status rejectReason limitPrice stopPrice filledQuantity averagePrice reserved } }"""
QUOTE = "mutation ($i: PublishQuotesInput!) { publishQuotes(input: $i) }"


@dataclass
class Trader:
    """A margin account at a desk with one future whose tick is a quarter, and the administrator's API."""

    desk: Platform
    api: Asking
    market: Asking
    account_id: UUID

    async def place(self, side: str, kind: str, **terms: Any) -> dict[str, Any]:
        """The order once its venue has answered."""
        given = {"accountId": str(self.account_id), "symbol": "FUT", "side": side, "type": kind, "quantity": "1"}
        placed = await self.api.ask(PLACE, i=given | {"timeInForce": "GTC"} | terms)
        order_id = placed["order"]["id"]
        await self.desk.settled(UUID(order_id))
        return {"id": order_id} | await self.show(order_id)

    async def show(self, order_id: str) -> dict[str, Any]:
        """The present order."""
        return dict(await self.api.ask(ORDER, id=order_id))

    async def quote(self, replay: str | None = None, **terms: Any) -> None:
        """Publish one quote of the future."""
        given = {"quotes": [{"symbol": "FUT"} | terms]} | ({} if replay is None else {"replay": replay})
        assert await self.market.ask(QUOTE, i=given) == 1

    async def shown(self) -> dict[str, Any]:
        """The quote that everybody sees."""
        (found,) = await self.api.ask('{ quotes(symbols: ["FUT"]) { bid ask bidSize askSize last stale } }')
        return dict(found)


@pytest.fixture
async def trader(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Trader]:
    async with platform(database_url, redis_url, tmp_path) as desk:
        terms = {"asset_class": AssetClass.FUTURE, "tick_size": Decimal("0.25"), "lot_size": Decimal(1)}
        margins = {"initial_margin_rate": Decimal("0.1"), "maintenance_margin_rate": Decimal("0.05")}
        await desk.add_instrument(instrument("FUT", min_quantity=Decimal(1), **terms, **margins))
        owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
        yield Trader(desk, Asking(desk, owner), Asking(desk, desk.admin), account.id)


async def test_trailing_prices_lie_on_the_tick_grid(trader: Trader) -> None:
    await trader.quote(bid="5000", ask="5000.25", bidSize="10", askSize="10")
    await trader.place("BUY", "MARKET")
    trails = {"trailingOffset": "16.4", "limitOffset": "0.1"}
    placed = await trader.place("SELL", "TRAILING_STOP_LIMIT", **trails)
    assert (placed["status"], placed["stopPrice"], placed["limitPrice"]) == ("NEW", "4983.5", "4999.75")
    await trader.quote(bid="4983.5", ask="4983.75", bidSize="10", askSize="10")
    await trader.quote(bid="5000", ask="5000.25", bidSize="10", askSize="10")
    filled = await trader.desk.filled(UUID(placed["id"]), "1")
    assert filled.average_price == Decimal("4999.75")


def ago(**parts: float) -> str:
    """A time of the past, or of the future."""
    return (datetime.now(UTC) - timedelta(**parts)).isoformat()


BOTH = {"bid": "5000", "ask": "5000.25", "bidSize": "10", "askSize": "10"}
LOW = {"bid": "4000", "ask": "4000.25", "bidSize": "10", "askSize": "10"}


async def test_a_late_quote_changes_nothing_and_fills_nothing(trader: Trader) -> None:
    await trader.quote(**BOTH)
    resting = await trader.place("BUY", "LIMIT", limitPrice="4500")
    before = await trader.shown()
    await trader.quote(**LOW, at=ago(seconds=5))
    assert await trader.shown() == before == BOTH | {"last": None, "stale": False}
    # The venue acts on commands after all ticks that came before them.
    await trader.place("BUY", "LIMIT", limitPrice="4400")
    assert (await trader.show(resting["id"]))["filledQuantity"] == "0"
    await trader.quote(**LOW)
    await trader.desk.filled(UUID(resting["id"]), "1")


async def test_a_quote_that_is_old_on_arrival_is_stale_and_fills_nothing(trader: Trader) -> None:
    await trader.quote(**BOTH, at=ago(hours=1))
    assert (await trader.shown())["stale"] is True
    assert (await trader.place("BUY", "MARKET"))["rejectReason"] == "STALE_PRICE"
    marketable = await trader.place("BUY", "LIMIT", limitPrice="5000.25")
    assert (marketable["status"], marketable["filledQuantity"]) == ("NEW", "0")
    await trader.quote(**LOW, at=ago(minutes=5))
    await trader.place("BUY", "LIMIT", limitPrice="3000")
    assert (await trader.show(marketable["id"]))["filledQuantity"] == "0"
    await trader.quote(**BOTH)
    await trader.desk.filled(UUID(marketable["id"]), "1")


async def test_a_replay_has_its_own_clock(trader: Trader) -> None:
    await trader.quote(**BOTH)
    await trader.quote("august", **LOW, at="2024-08-08T12:00:00.5Z")
    assert await trader.shown() == LOW | {"last": None, "stale": False}
    assert (await trader.place("BUY", "MARKET"))["averagePrice"] == "4000.25"
    await trader.quote("august", **BOTH, at="2024-08-08T12:00:00Z")
    assert (await trader.shown())["bid"] == "4000"
    await trader.quote("again", **BOTH, at="2024-08-08T12:00:00Z")
    assert (await trader.shown())["bid"] == "5000"


async def test_a_null_price_removes_its_side_of_the_quote(trader: Trader) -> None:
    await trader.quote(**BOTH)
    resting = await trader.place("SELL", "LIMIT", limitPrice="5000.5")
    await trader.quote(bid="5000", bidSize="7", ask=None)
    shown = {"bid": "5000", "bidSize": "7", "ask": None, "askSize": None, "last": None, "stale": False}
    assert await trader.shown() == shown
    assert (await trader.place("BUY", "MARKET"))["rejectReason"] == "NO_MARKET_PRICE"
    # Left out, the side stays as it was.
    await trader.quote(last="5000.25")
    assert await trader.shown() == shown | {"last": "5000.25"}
    assert (await trader.place("SELL", "MARKET"))["averagePrice"] == "5000"
    await trader.quote(bid=None, ask="5000.25")
    assert (await trader.place("SELL", "MARKET"))["rejectReason"] == "NO_MARKET_PRICE"
    assert (await trader.show(resting["id"]))["status"] == "NEW"


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"bid": "5000", "at": "2999-01-01T00:00:00Z"}, "at"),
        ({"bid": "5000", "at": "1969-12-31T23:59:59Z"}, "at"),
        ({"bid": None, "bidSize": "1"}, "bid"),
        ({"ask": None, "askSize": "1"}, "ask"),
        ({}, "bid"),
    ],
)
async def test_invalid_quotes_are_bad_input(trader: Trader, terms: dict[str, Any], field: str) -> None:
    refused = await trader.market.refusal(QUOTE, i={"quotes": [{"symbol": "FUT"} | terms]})
    assert (refused["code"], refused["field"], refused["index"]) == ("BAD_USER_INPUT", f"input.quotes.0.{field}", 0)
    assert await trader.api.ask('{ quotes(symbols: ["FUT"]) { bid } }') == []


@pytest.mark.parametrize("name", ["", "  ", "x" * 41])
async def test_an_invalid_replay_name_is_refused(trader: Trader, name: str) -> None:
    refused = await trader.market.refusal(QUOTE, i={"quotes": [{"symbol": "FUT"} | BOTH], "replay": name})
    assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", "input.replay")


async def test_a_future_trades_at_zero_and_below(trader: Trader) -> None:
    await trader.quote(bid="-30.25", ask="-30", bidSize="10", askSize="10")
    assert (await trader.place("BUY", "MARKET"))["averagePrice"] == "-30"
    # Half of what a sell at -30 may bring counts, with the buffer, away from zero.
    stop = await trader.place("SELL", "STOP", stopPrice="-40", reduceOnly=True)
    trailing = {"trailingOffset": "100", "trailingOffsetKind": "BASIS_POINTS"}
    trails = await trader.place("SELL", "TRAILING_STOP", **trailing, reduceOnly=True)
    assert (stop["status"], trails["status"], trails["stopPrice"]) == ("NEW", "NEW", "-30.75")
    assert (await trader.place("BUY", "LIMIT", limitPrice="-31"))["status"] == "NEW"
    assert (await trader.place("BUY", "LIMIT", limitPrice="0"))["averagePrice"] == "-30"
    await trader.quote(bid="0", ask="0", bidSize="10", askSize="10")
    assert (await trader.show(trails["id"]))["stopPrice"] in ("-30.75", "0")
    assert (await trader.place("BUY", "MARKET"))["averagePrice"] == "0"


CORRECT = "mutation ($i: CorrectExecutionInput!) { correctExecution(input: $i) { order { id } } }"


@pytest.mark.parametrize("asset_class", [AssetClass.CRYPTO, AssetClass.FX, AssetClass.EQUITY, AssetClass.PERPETUAL])
async def test_instruments_other_than_futures_refuse_prices_of_zero_and_below(
    trader: Trader, asset_class: AssetClass
) -> None:
    await trader.desk.add_instrument(instrument("SPOT", asset_class=asset_class))
    for price in ("0", "-1"):
        refused = await trader.market.refusal(QUOTE, i={"quotes": [{"symbol": "SPOT", "bid": price}]})
        assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", "input.quotes.0.bid")
        given = {"accountId": str(trader.account_id), "symbol": "SPOT", "side": "BUY", "type": "LIMIT"}
        placed = await trader.api.ask(PLACE, i=given | {"quantity": "1", "limitPrice": price})
        assert (await trader.show(placed["order"]["id"]))["rejectReason"] == "INVALID_TICK"
