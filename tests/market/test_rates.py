"""Which instruments quote a pair of currencies, and what their quotes make of it."""

from decimal import Decimal

import pytest

from domain.kernel.time import Nanos
from domain.market.rates import Conversion, CurrencyPairs, base_currency
from domain.market.types import AssetClass, Quote
from tests.support.market import an_instrument

FX, CRYPTO = AssetClass.FX, AssetClass.CRYPTO


def quoted(symbol: str, bid: str, ask: str, last: str | None = None) -> Quote:
    return Quote(symbol, Nanos(0), Decimal(bid), Decimal(ask), last=None if last is None else Decimal(last))


def pairs_of(*terms: tuple[str, AssetClass, str]) -> CurrencyPairs:
    return CurrencyPairs(an_instrument(symbol, asset_class=kind, currency=currency) for symbol, kind, currency in terms)


@pytest.mark.parametrize(
    ("symbol", "asset_class", "currency", "base"),
    [
        ("EURUSD.OANDA", FX, "USD", "EUR"),
        ("EUR/USD", FX, "USD", "EUR"),
        ("EUR.USD", FX, "USD", "EUR"),
        ("EURUSD=X", FX, "USD", "EUR"),
        ("BTC-USDT", CRYPTO, "USDT", "BTC"),
        ("BTCUSDT.BINANCE", CRYPTO, "USDT", "BTC"),
        ("USDTUSD", CRYPTO, "USD", "USDT"),
        ("EURUSD", FX, "EUR", None),
        ("USD", FX, "USD", None),
        ("USDUSD", FX, "USD", None),
        ("COIN", CRYPTO, "USD", None),
        ("BTCUSDT-PERP.BINANCE", AssetClass.PERPETUAL, "USDT", None),
        ("EURUSD", AssetClass.FUTURE, "USD", None),
        ("EURUSD", AssetClass.EQUITY, "USD", None),
    ],
)
def test_a_pair_is_told_by_its_symbol(symbol: str, asset_class: AssetClass, currency: str, base: str | None) -> None:
    assert base_currency(an_instrument(symbol, asset_class=asset_class, currency=currency)) == base


def test_a_pair_serves_in_both_directions_and_is_not_chained() -> None:
    pairs = pairs_of(("EURUSD", FX, "USD"), ("USDJPY", FX, "JPY"))
    quotes = {"EURUSD": quoted("EURUSD", "1.24", "1.26"), "USDJPY": quoted("USDJPY", "149", "151")}
    assert pairs.rate("EUR", "USD", quotes.get) == Decimal("1.25")
    assert pairs.rate("USD", "EUR", quotes.get) == Decimal("0.8")
    assert pairs.rate("USD", "USD", quotes.get) == 1
    assert pairs.rate("EUR", "JPY", quotes.get) is None
    assert pairs.conversion("EUR", "JPY", quotes.get) == Conversion(None)


def test_a_third_keeps_twelve_digits() -> None:
    pairs = pairs_of(("AAABBB", FX, "BBB"))
    assert pairs.rate("BBB", "AAA", {"AAABBB": quoted("AAABBB", "3", "3")}.get) == Decimal("0.333333333333")


def test_the_rate_is_the_mark_of_the_quote() -> None:
    pairs = pairs_of(("EURUSD", FX, "USD"))
    assert pairs.rate("EUR", "USD", {"EURUSD": quoted("EURUSD", "1.24", "1.26", "1.3")}.get) == Decimal("1.26")


def test_fx_comes_before_crypto_and_what_is_fresh_before_what_is_stale() -> None:
    pairs = pairs_of(("BTCUSD.C", CRYPTO, "USD"), ("BTCUSD.F", FX, "USD"), ("USDBTC", FX, "BTC"))
    assert pairs.symbols("BTC", "USD") == ["BTCUSD.F", "BTCUSD.C", "USDBTC"]
    quotes = {"BTCUSD.F": quoted("BTCUSD.F", "9", "9"), "BTCUSD.C": quoted("BTCUSD.C", "8", "8")}
    assert pairs.rate("BTC", "USD", quotes.get) == 9
    stale = pairs.conversion("BTC", "USD", quotes.get, lambda symbol: symbol.endswith("F"))
    assert stale == Conversion(Decimal(8), "BTCUSD.C")
    all_stale = pairs.conversion("BTC", "USD", quotes.get, lambda _: True)
    assert (all_stale.rate, all_stale.fresh, all_stale.symbol) == (Decimal(9), None, "BTCUSD.F")


def test_without_a_quote_the_pair_is_named_all_the_same() -> None:
    assert pairs_of(("EURUSD", FX, "USD")).conversion("EUR", "USD", {}.get) == Conversion(None, "EURUSD")
