"""Prices through the API: computed ones on the tick grid, late ones, none at all, and those below zero."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
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
        """The order as it stands."""
        return dict(await self.api.ask(ORDER, id=order_id))

    async def quote(self, **terms: Any) -> None:
        """Publish one quote of the future."""
        assert await self.market.ask(QUOTE, i={"quotes": [{"symbol": "FUT"} | terms]}) == 1


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
