"""Liquidation prices: known cases, and equity equal to maintenance margin there."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.time import Nanos
from domain.market.costs import cost_at
from domain.market.types import AssetClass, Instrument, Quote
from domain.positions.types import Bucket, PositionBook
from domain.positions.valuation import value_all
from domain.positions.values import AccountValue
from tests.orders.factories import ACCOUNT_ID, INVERSE, PERPETUAL, SPOT, account

FUTURE = replace(PERPETUAL, id=UUID(int=13), symbol="OIL", asset_class=AssetClass.FUTURE, multiplier=Decimal(10))
SHARE = replace(
    SPOT,
    id=UUID(int=14),
    symbol="SHARE",
    asset_class=AssetClass.EQUITY,
    initial_margin_rate=Decimal("0.5"),
    maintenance_margin_rate=Decimal("0.25"),
)
EURUSD = replace(SPOT, id=UUID(int=15), symbol="EURUSD", asset_class=AssetClass.FX)
INSTRUMENTS = {item.id: item for item in (SPOT, PERPETUAL, INVERSE, FUTURE, SHARE, EURUSD)}


def held(instrument: Instrument, quantity: str, average: str, bucket: Bucket = Bucket.NET) -> PositionBook:
    return PositionBook(
        UUID(int=100),
        ACCOUNT_ID,
        instrument.id,
        bucket,
        quantity=Decimal(quantity),
        average_price=Decimal(average),
        cost=cost_at(instrument, Decimal(quantity), Decimal(average)),
    )


def valued(cash: str, positions: Sequence[PositionBook], prices: dict[str, Any], **terms: Any) -> AccountValue:
    quotes = {symbol: Quote(symbol, Nanos(0), last=Decimal(price)) for symbol, price in prices.items()}
    book = account(cash, AccountKind.MARGIN, **terms)
    return value_all(book, positions, INSTRUMENTS, quotes.get)


@pytest.mark.parametrize(
    ("instrument", "cash", "quantity", "average", "mark", "price"),
    [
        # 10 in cash carry one from 100 down to where 10 - (100 - p) = 0.05 p.
        (PERPETUAL, "10", "1", "100", "100", "94.736842105263"),
        (PERPETUAL, "10", "-1", "100", "100", "104.761904761905"),
        # The mark does not matter as long as there is one.
        (PERPETUAL, "10", "1", "100", "97", "94.736842105263"),
        # Cash for all of it: no price above zero takes it.
        (PERPETUAL, "200", "1", "100", "100", None),
        # A future goes through zero, below which its margin grows again: 1000 + 10 p = -0.5 p.
        (FUTURE, "2000", "1", "100", "100", "-95.238095238095"),
        (FUTURE, "100", "1", "100", "100", "94.736842105263"),
        # A tenth of a coin as margin for 100 contracts of 100 dollars, long and short, at 10,000.
        (INVERSE, "0.1", "100", "10000", "10000", "9545.454545454545"),
        (INVERSE, "0.1", "-100", "10000", "10000", "10555.555555555556"),
        # A short covered by as many coins cannot lose them.
        (INVERSE, "1", "-100", "10000", "10000", None),
        # A loan of 60 on a share of 100: 100 - 60 of it are ours until p - 60 = 0.25 p.
        (SHARE, "-60", "1", "100", "100", "80"),
        # Sold short for 100, with 50 of our own.
        (SHARE, "150", "-1", "100", "100", "120"),
        # Paid for in full, at a margin of the whole: it never comes to that.
        (SPOT, "0", "1", "100", "100", None),
    ],
)
def test_liquidation_prices_match_known_cases(
    instrument: Instrument, cash: str, quantity: str, average: str, mark: str, price: str | None
) -> None:
    value = valued(cash, [held(instrument, quantity, average)], {instrument.symbol: mark})
    expected = None if price is None else Decimal(price)
    found = value.positions[0].liquidation_price
    assert found == expected if expected is None or found is None else abs(found - expected) <= Decimal("1e-11")


def test_cash_accounts_unquoted_and_closed_positions_have_no_liquidation_price() -> None:
    positions = [held(PERPETUAL, "1", "100"), held(FUTURE, "0", "0")]
    value = valued("10", positions, {"OIL": "100"})
    assert [row.liquidation_price for row in value.positions] == [None, None]
    cash = value_all(account("10"), [held(SPOT, "1", "100")], INSTRUMENTS, {}.get)
    assert cash.positions[0].liquidation_price is None


def test_both_legs_of_a_hedge_share_the_liquidation_price_of_the_net_position() -> None:
    legs = [held(PERPETUAL, "3", "100", Bucket.LONG), held(PERPETUAL, "-1", "100", Bucket.SHORT)]
    value = valued("30", legs, {"COIN-PERP": "100"}, position_mode=PositionMode.HEDGING)
    # 30 + 2 (p - 100) = 0.05 x 4 p
    assert {row.liquidation_price for row in value.positions} == {Decimal("94.444444444444")}


amounts = st.integers(1, 2_000).map(Decimal)
signed = st.integers(-50, 50).filter(bool).map(Decimal)
prices = st.integers(1, 40_000).map(lambda cents: Decimal(cents) / 100)


@given(cash=amounts, quantity=signed, average=prices, mark=prices, other=signed, which=st.sampled_from([0, 1, 2, 3]))
def test_equity_equals_maintenance_margin_at_the_liquidation_price(
    cash: Decimal, quantity: Decimal, average: Decimal, mark: Decimal, other: Decimal, which: int
) -> None:
    instrument = (PERPETUAL, FUTURE, INVERSE, SHARE)[which]
    rate = Decimal("1.25")
    currency = "COIN" if instrument.inverse else "EUR"
    positions = [held(instrument, str(quantity), str(average)), held(EURUSD, str(other), "1.2")]
    if instrument.inverse:
        # Its rate to the coin cannot stay as it is when its own price moves: without another currency then.
        positions.pop()
    others = {"EURUSD": rate}
    value = valued(str(cash), positions, {instrument.symbol: mark, **others}, currency=currency)
    price = value.positions[0].liquidation_price
    if price is None:
        return
    there = valued(str(cash), positions, {instrument.symbol: price, **others}, currency=currency)
    gap = abs(there.equity - there.maintenance_margin)
    sensitivity = abs(quantity) * instrument.multiplier * (1 / price**2 if instrument.inverse else 1)
    # Both are sums of whole units: half of one for each position's value and margin.
    whole_units = Decimal("0.02") if currency == "EUR" else Decimal("2e-8")
    assert gap <= whole_units + Decimal("1e-11") * (1 + sensitivity) * 2
