"""Tables of valid and invalid instruments and quotes."""

from decimal import Decimal
from typing import Any

import pytest

from domain.kernel.errors import BadInput
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.rules import InstrumentChange, changed, check_instrument, check_quote
from domain.market.types import AssetClass, FeeSchedule, QuoteTick
from tests.support.market import an_instrument

NOW = Nanos(1_723_161_600 * NANOS_PER_SECOND)


@pytest.mark.parametrize("symbol", ["A", "BTCUSDT-PERP.BINANCE", "BTC/USDT:USDT", "^GSPC", "ES=F", "000001.SSE_INDEX"])
def test_common_symbols_are_accepted(symbol: str) -> None:
    assert check_instrument(an_instrument(symbol)).symbol == symbol


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"symbol": ""}, "symbol"),
        ({"symbol": "A B"}, "symbol"),
        ({"symbol": "-A"}, "symbol"),
        ({"symbol": "A\n"}, "symbol"),
        ({"symbol": "A" * 41}, "symbol"),
        ({"symbol": "\u0410"}, "symbol"),  # a Cyrillic letter that looks like A
        ({"currency": "usd"}, "currency"),
        ({"currency": "U"}, "currency"),
        ({"currency": "USD "}, "currency"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"exchange": ""}, "exchange"),
        ({"exchange": "x" * 21}, "exchange"),
        ({"calendar": ""}, "calendar"),
        ({"tick_size": Decimal(0)}, "tickSize"),
        ({"tick_size": Decimal("-0.01")}, "tickSize"),
        ({"tick_size": Decimal("NaN")}, "tickSize"),
        ({"tick_size": Decimal("1e-19")}, "tickSize"),
        ({"lot_size": Decimal(0)}, "lotSize"),
        ({"min_quantity": Decimal(0)}, "minQuantity"),
        ({"max_quantity": Decimal(0)}, "maxQuantity"),
        ({"min_quantity": Decimal(2), "max_quantity": Decimal(1)}, "maxQuantity"),
        ({"min_notional": Decimal(-1)}, "minNotional"),
        ({"multiplier": Decimal(0)}, "multiplier"),
        ({"multiplier": Decimal("Infinity")}, "multiplier"),
        ({"inverse": True}, "inverse"),
        ({"initial_margin_rate": Decimal(0)}, "initialMarginRate"),
        ({"initial_margin_rate": Decimal("1.01")}, "initialMarginRate"),
        ({"maintenance_margin_rate": Decimal("-0.1")}, "maintenanceMarginRate"),
        (
            {"initial_margin_rate": Decimal("0.1"), "maintenance_margin_rate": Decimal("0.2")},
            "maintenanceMarginRate",
        ),
        ({"price_limit_rate": Decimal(0)}, "priceLimitRate"),
        ({"price_limit_rate": Decimal("1.1")}, "priceLimitRate"),
        ({"fees": FeeSchedule(maker_rate=Decimal("-1.1"))}, "fees.makerRate"),
        ({"fees": FeeSchedule(taker_rate=Decimal("-1.1"))}, "fees.takerRate"),
        ({"fees": FeeSchedule(taker_rate=Decimal("NaN"))}, "fees.takerRate"),
        ({"fees": FeeSchedule(maker_rate=Decimal("-Infinity"))}, "fees.makerRate"),
        ({"fees": FeeSchedule(per_unit=Decimal("NaN"))}, "fees.perUnit"),
        ({"initial_margin_rate": Decimal("NaN")}, "initialMarginRate"),
        ({"price_limit_rate": Decimal("NaN")}, "priceLimitRate"),
        ({"min_notional": Decimal("NaN")}, "minNotional"),
        # A hundred-millionth of a dollar's worth at a cent, and less than a cent at ten thousand dollars.
        ({"min_quantity": Decimal("1e-8"), "lot_size": Decimal("1e-8")}, "minNotional"),
        ({"min_quantity": Decimal("1e-8"), "lot_size": Decimal("1e-8"), "min_notional": Decimal(0)}, "minNotional"),
        ({"tick_size": Decimal("1e-16"), "currency": "USDT"}, "minNotional"),
        ({"fees": FeeSchedule(sell_tax_rate=Decimal(2))}, "fees.sellTaxRate"),
        ({"fees": FeeSchedule(per_unit=Decimal(-1))}, "fees.perUnit"),
        ({"fees": FeeSchedule(minimum=Decimal(-1))}, "fees.minimum"),
        ({"funding_rate": Decimal("0.0001")}, "fundingRate"),
        ({"funding_rate": Decimal("1.1"), "asset_class": AssetClass.PERPETUAL}, "fundingRate"),
        ({"funding_rate": Decimal("NaN"), "asset_class": AssetClass.PERPETUAL}, "fundingRate"),
        ({"funding_hours": (25,), "asset_class": AssetClass.PERPETUAL}, "fundingHours"),
        ({"funding_hours": (-1, 8), "asset_class": AssetClass.PERPETUAL}, "fundingHours"),
        ({"funding_hours": (8, 8), "asset_class": AssetClass.PERPETUAL}, "fundingHours"),
        ({"funding_hours": (8,)}, "fundingHours"),
        ({"borrow_rate": Decimal("-0.01")}, "borrowRate"),
        ({"borrow_rate": Decimal("10.1")}, "borrowRate"),
        ({"borrow_rate": Decimal("0.1"), "asset_class": AssetClass.FUTURE}, "borrowRate"),
    ],
)
def test_invalid_terms_are_refused(terms: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check_instrument(an_instrument(**terms))
    assert refusal.value.field == field


def test_terms_at_their_bounds_are_accepted() -> None:
    instrument = an_instrument(
        asset_class=AssetClass.PERPETUAL,
        inverse=True,
        min_quantity=Decimal(5),
        max_quantity=Decimal(5),
        min_notional=Decimal(0),
        price_limit_rate=Decimal(1),
        fees=FeeSchedule(maker_rate=Decimal(-1), taker_rate=Decimal(1), sell_tax_rate=Decimal(1)),
    )
    assert check_instrument(instrument) == instrument


def test_texts_are_normalised() -> None:
    assert check_instrument(an_instrument(name="  Apple  ")).name == "Apple"


def test_a_change_keeps_unnamed_fields() -> None:
    before = an_instrument(price_limit_rate=Decimal("0.1"), initial_margin_rate=Decimal("0.5"),
                           maintenance_margin_rate=Decimal("0.4"))  # fmt: skip
    assert changed(before, InstrumentChange()) == before
    after = changed(before, InstrumentChange(name="New", tradable=False, shortable=True))
    assert (after.name, after.tradable, after.shortable) == ("New", False, True)
    assert (after.price_limit_rate, after.initial_margin_rate) == (Decimal("0.1"), Decimal("0.5"))
    assert changed(before, InstrumentChange(removed=frozenset({"price_limit_rate"}))).price_limit_rate is None
    assert changed(before, InstrumentChange(price_limit_rate=Decimal("0.2"))).price_limit_rate == Decimal("0.2")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (InstrumentChange(name=""), "name"),
        (InstrumentChange(price_limit_rate=Decimal(0)), "priceLimitRate"),
        (InstrumentChange(initial_margin_rate=Decimal("0.1")), "maintenanceMarginRate"),
        (InstrumentChange(fees=FeeSchedule(minimum=Decimal(-1))), "fees.minimum"),
    ],
)
def test_invalid_changes_are_refused(change: InstrumentChange, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        changed(an_instrument(), change)
    assert refusal.value.field == field


LATEST = Nanos(NOW + 60 * NANOS_PER_SECOND)


def check(asset_class: AssetClass = AssetClass.CRYPTO, at: int = NOW, **numbers: str) -> None:
    tick = QuoteTick("TEST", Nanos(at), **{name: Decimal(value) for name, value in numbers.items()})
    check_quote(tick, {"TEST": an_instrument(asset_class=asset_class)}.get, 3, LATEST)


@pytest.mark.parametrize(
    "numbers",
    [
        {"bid": "1"},
        {"ask": "1"},
        {"last": "1"},
        {"volume": "0"},
        {"bid": "2", "ask": "1"},  # crossed: real markets show it
        {"bid": "1", "bid_size": "0"},
        {"bid": "1.23456789", "ask": "1.3", "bid_size": "1", "ask_size": "2", "last": "1", "last_size": "3"},
    ],
)
def test_valid_quotes_are_accepted(numbers: dict[str, str]) -> None:
    check(**numbers)


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ({}, "bid"),
        ({"bid": "0"}, "bid"),
        ({"ask": "-1"}, "ask"),
        ({"last": "NaN"}, "last"),
        ({"last": "Infinity"}, "last"),
        ({"bid": "1", "bid_size": "-1"}, "bidSize"),
        ({"bid": "1", "bid_size": "NaN"}, "bidSize"),
        ({"ask": "1", "ask_size": "-0.5"}, "askSize"),
        ({"last": "1", "last_size": "-1"}, "lastSize"),
        ({"volume": "-1"}, "volume"),
        ({"bid": "1", "ask_size": "1"}, "ask"),
        ({"last": "1", "bid_size": "1"}, "bid"),
    ],
)
def test_invalid_quotes_are_refused(numbers: dict[str, str], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        check(**numbers)
    assert (refusal.value.field, refusal.value.index) == (field, 3)


def test_only_futures_have_negative_prices() -> None:
    check(AssetClass.FUTURE, bid="-37.63", ask="0")
    with pytest.raises(BadInput):
        check(AssetClass.PERPETUAL, bid="-37.63")


def test_quote_times_are_within_the_bounds() -> None:
    check(bid="1", at=0)
    check(bid="1", at=LATEST)
    for at in (LATEST + 1, -1):
        with pytest.raises(BadInput) as refusal:
            check(bid="1", at=at)
        assert refusal.value.field == "at"


def test_an_empty_quote_is_refused() -> None:
    with pytest.raises(BadInput) as refusal:
        check_quote(QuoteTick("NONE", NOW, bid=Decimal(1)), {}.get, 0, NOW)
    assert refusal.value.field == "symbol"
