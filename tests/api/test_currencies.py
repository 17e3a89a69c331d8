"""Every figure of money in the schema names its currency, in its own type or in the type that holds it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_object_type

from api.root import platform_schema
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.market.types import AssetClass
from domain.orders.model.types import OrderType, Side
from domain.orders.reading.statistics import summarised
from domain.positions.history import snapshot_positions
from tests.orders.factories import SPOT, command
from tests.support.asking import Asking
from tests.support.trading import Platform, instrument, platform

# Decimal fields that are no money: quantities, and ratios.
COUNTED = frozenset(
    {
        *("askSize", "bidSize", "lastSize", "quantity", "filledQuantity", "remainingQuantity", "todayQuantity"),
        *("closable", "frozen", "volume", "withheld"),
        *("fxRate", "leverage", "marginRatio", "makerRate", "takerRate", "sellTaxRate", "ratio"),
        *("initialMarginRate", "maintenanceMarginRate"),
    }
)
# In the unit of a rule's kind, which may be money.
BY_KIND = frozenset({"limit", "observed", "threshold"})
# Prices of the instrument that was asked for by its symbol: it has the currency.
PRICES = frozenset(["ask", "bid", "close", "high", "last", "low", "open", "previousClose"])


def money_types() -> dict[str, GraphQLObjectType]:
    """The types with a figure of money that is not deprecated."""
    return {
        name: type_
        for name, type_ in platform_schema().type_map.items()
        if is_object_type(type_)
        and any(
            get_named_type(field.type).name == "Decimal"
            and field_name not in COUNTED | BY_KIND | PRICES
            and field.deprecation_reason is None
            for field_name, field in type_.fields.items()
        )
    }


def holders(name: str) -> set[str]:
    """The types with a field of this type."""
    return {
        type_.name
        for type_ in platform_schema().type_map.values()
        if is_object_type(type_) and any(get_named_type(field.type).name == name for field in type_.fields.values())
    }


def test_each_type_with_money_or_the_only_types_that_hold_it_has_a_currency() -> None:
    found = money_types()
    assert {"Order", "ClosedTrade", "DailyStatement", "PerformanceReport", "FeeSchedule"} <= found.keys()
    without = {name for name, type_ in found.items() if "currency" not in type_.fields}
    schema = platform_schema().type_map
    unnamed = {
        name: holders(name) for name in without if not all("currency" in schema[each].fields for each in holders(name))
    }
    assert unnamed == {}
    assert without == {"BusiestMinute", "ExposureBucket", "FeeSchedule", "HouseBalance", "PositionPnl"}


@pytest.fixture
async def whole(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as made:
        await made.add_instrument(replace(SPOT, id=new_id()))
        await made.add_instrument(instrument("EURUSD.X", asset_class=AssetClass.FX, tick_size=Decimal("0.0001")))
        await made.quote("COIN", "99.99", "100.01")
        await made.quote("EURUSD.X", "1.2499", "1.2501")
        yield made


OF_ACCOUNT = """
query ($a: ID!) { account(id: $a) {
  currency
  orders { edges { node { currency executions { currency } } } }
  positions { currency }
  performance { currency }
  equityCurve(interval: MINUTE) { currency }
  transactions { edges { node { currency } } }
} }
"""
OTHERS = """
query ($a: ID!, $order: PlaceOrderInput!) {
  riskMetrics(accountId: $a) { currency }
  positionSummary(accountId: $a) { currency }
  bookProof(accountId: $a) { currency }
  closedTrades(accountId: $a) { currency }
  positionHistory(accountId: $a) { currency }
  executions(filter: { accountId: $a }) { edges { node { currency } } }
  checkOrder(input: $order) { currency }
}
"""
STREAMS = ("pnl(accountId: $a)", "accountEvents(accountIds: [$a])")


def currencies(value: Any) -> list[str]:
    """Every currency in an answer."""
    if isinstance(value, list):
        return [each for item in value for each in currencies(item)]
    if not isinstance(value, dict):
        return []
    own = [value["currency"]] if "currency" in value else []
    return own + [each for item in value.values() for each in currencies(item)]


async def test_money_names_the_currency_of_the_account(whole: Platform) -> None:
    owner, book = await whole.open_account("10000", currency="EUR")
    api, account = Asking(whole, owner), str(book.id)
    for side, quantity in ((Side.BUY, "2"), (Side.SELL, "1")):
        terms = command(account_id=book.id, symbol="COIN", side=side, type=OrderType.MARKET, quantity=Decimal(quantity))
        (placed,) = await whole.place(owner, terms)
        await whole.filled(placed.id, quantity)
    services = whole.services
    await snapshot_positions(services.bus, services.market, utc_now() + timedelta(hours=1))
    order = {"accountId": account, "symbol": "COIN", "side": "BUY", "type": "MARKET", "quantity": "1"}
    answers = [await api.answer(OF_ACCOUNT, a=account), await api.answer(OTHERS, a=account, order=order)]
    for answer, at_least in zip(answers, (9, 8), strict=True):
        assert "errors" not in answer
        assert len(currencies(answer["data"])) >= at_least
        assert set(currencies(answer["data"])) == {"EUR"}
    for stream in STREAMS:
        document = f"subscription ($a: ID!) {{ {stream} {{ currency }} }}"
        async with api.listening(document, a=account) as heard:
            if stream.startswith("accountEvents"):
                await whole.place(owner, command(account_id=book.id, symbol="COIN"))
            assert await anext(heard) == {"currency": "EUR"}


def test_statistics_of_several_currencies_are_grouped() -> None:
    names = ("orders", "open", "filled", "canceled", "rejected", "expired", "executions", "begun")
    money = ("fees", "quantity", "notional", "realized_pnl", "waited", "slipped", "compared")
    kinds = (("A", "EUR", 1), ("A", "USD", 2), ("B", "USD", 3))
    rows: list[Any] = [
        {"symbol": symbol, "currency": currency, **dict.fromkeys(names, n), **dict.fromkeys(money, Decimal(n))}
        for symbol, currency, n in kinds
    ]
    found = summarised(rows)
    assert [(row.symbol, row.currency, row.notional) for row in found.by_symbol] == [(s, c, n) for s, c, n in kinds]
    assert [(row.currency, row.orders, row.fees) for row in found.by_currency] == [("EUR", 1, 1), ("USD", 5, 5)]
