"""The instruments that quote a pair of currencies, and the rates from their quotes."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
def test_a_currency_pair_is_recognised_by_its_symbol(
    symbol: str, asset_class: AssetClass, currency: str, base: str | None
) -> None:
    assert base_currency(an_instrument(symbol, asset_class=asset_class, currency=currency)) == base


def test_a_pair_converts_in_both_directions() -> None:
    pairs = pairs_of(("EURUSD", FX, "USD"))
    quotes = {"EURUSD": quoted("EURUSD", "1.24", "1.26")}
    assert pairs.rate("EUR", "USD", quotes.get) == Decimal("1.25")
    assert pairs.rate("USD", "EUR", quotes.get) == Decimal("0.8")
    assert pairs.rate("USD", "USD", quotes.get) == 1
    assert pairs.conversion("EUR", "JPY", quotes.get) == Conversion(None)
    assert pairs.symbols("EUR", "JPY") == []


@pytest.mark.parametrize(
    ("source", "target", "rate"),
    [
        ("EUR", "JPY", "187.5"),  # 1.25 x 150
        ("JPY", "EUR", "0.00533333333333"),  # 1 / (150 x 1.25), divided once
        ("JPY", "GBP", "0.00416666666667"),  # 1 / (150 x 1.6)
        ("EUR", "GBP", "0.78125"),  # 1.25 / 1.6
        ("GBP", "CHF", "1.44"),  # over USD: 1.6 x 0.9
        ("CHF", "SEK", None),  # no pair leads there
    ],
)
def test_rates_chain_over_a_third_currency_in_either_direction(source: str, target: str, rate: str | None) -> None:
    pairs = pairs_of(
        ("EURUSD", FX, "USD"),
        ("GBPUSD", FX, "USD"),
        ("USDJPY", FX, "JPY"),
        ("USDCHF", FX, "CHF"),
        ("SEKNOK", FX, "NOK"),
    )
    prices = {"EURUSD": "1.25", "GBPUSD": "1.6", "USDJPY": "150", "USDCHF": "0.9", "SEKNOK": "1"}
    quotes = {symbol: quoted(symbol, price, price) for symbol, price in prices.items()}
    assert pairs.rate(source, target, quotes.get) == (None if rate is None else Decimal(rate))


def test_the_shortest_chain_is_used_and_a_missing_or_stale_pair_refuses() -> None:
    terms = [("EURUSD", FX, "USD"), ("USDJPY", FX, "JPY")]
    quotes = {"EURUSD": quoted("EURUSD", "1.25", "1.25"), "USDJPY": quoted("USDJPY", "150", "150")}
    chained = pairs_of(*terms)
    assert chained.symbols("JPY", "EUR") == ["USDJPY", "EURUSD"]
    assert chained.conversion("JPY", "EUR", quotes.get, lambda symbol: symbol == "EURUSD") == Conversion(
        Decimal("0.00533333333333"), "EURUSD", stale=True
    )
    assert chained.conversion("JPY", "EUR", {"USDJPY": quotes["USDJPY"]}.get) == Conversion(None, "EURUSD")
    # Whoever quotes the pair itself has the word, even while it is silent.
    direct = pairs_of(*terms, ("EURJPY", FX, "JPY"))
    assert direct.conversion("EUR", "JPY", quotes.get) == Conversion(None, "EURJPY")
    assert direct.rate("EUR", "JPY", (quotes | {"EURJPY": quoted("EURJPY", "190", "190")}).get) == 190


def test_the_first_fresh_chain_of_equal_length_is_used() -> None:
    pairs = pairs_of(("AAACCC", FX, "CCC"), ("CCCBBB", FX, "BBB"), ("AAADDD", FX, "DDD"), ("DDDBBB", FX, "BBB"))
    prices = {"AAACCC": "2", "CCCBBB": "3", "AAADDD": "5", "DDDBBB": "7"}
    quotes = {symbol: quoted(symbol, price, price) for symbol, price in prices.items()}
    assert pairs.conversion("AAA", "BBB", quotes.get) == Conversion(Decimal(6), "AAACCC")
    by_the_other = pairs.conversion("AAA", "BBB", quotes.get, lambda symbol: symbol == "CCCBBB")
    assert by_the_other == Conversion(Decimal(35), "AAADDD")


@given(
    prices=st.lists(st.decimals("0.0001", "10000", places=4), min_size=3, max_size=3),
    turned=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_the_rate_of_a_chain_is_the_product_of_its_pairs(prices: list[Decimal], turned: list[bool]) -> None:
    terms, quotes, expected = [], {}, Decimal(1)
    for (source, target), price, is_turned in zip(pairwise(("AAA", "BBB", "CCC", "DDD")), prices, turned, strict=True):
        base, other = (target, source) if is_turned else (source, target)
        terms.append((f"{base}{other}", FX, other))
        quotes[f"{base}{other}"] = quoted(f"{base}{other}", str(price), str(price))
        expected = expected / price if is_turned else expected * price
    rate = pairs_of(*terms).rate("AAA", "DDD", quotes.get)
    assert rate is not None
    assert abs(rate - expected) <= abs(expected) * Decimal("1e-11")


def test_an_inverse_rate_keeps_twelve_decimals() -> None:
    pairs = pairs_of(("AAABBB", FX, "BBB"))
    assert pairs.rate("BBB", "AAA", {"AAABBB": quoted("AAABBB", "3", "3")}.get) == Decimal("0.333333333333")


def test_the_rate_is_the_mark_price_of_the_quote() -> None:
    pairs = pairs_of(("EURUSD", FX, "USD"))
    assert pairs.rate("EUR", "USD", {"EURUSD": quoted("EURUSD", "1.24", "1.26", "1.3")}.get) == Decimal("1.26")


def test_fx_pairs_precede_crypto_pairs_and_fresh_quotes_precede_stale_ones() -> None:
    pairs = pairs_of(("BTCUSD.C", CRYPTO, "USD"), ("BTCUSD.F", FX, "USD"), ("USDBTC", FX, "BTC"))
    assert pairs.symbols("BTC", "USD") == ["BTCUSD.F", "BTCUSD.C", "USDBTC"]
    quotes = {"BTCUSD.F": quoted("BTCUSD.F", "9", "9"), "BTCUSD.C": quoted("BTCUSD.C", "8", "8")}
    assert pairs.rate("BTC", "USD", quotes.get) == 9
    stale = pairs.conversion("BTC", "USD", quotes.get, lambda symbol: symbol.endswith("F"))
    assert stale == Conversion(Decimal(8), "BTCUSD.C")
    all_stale = pairs.conversion("BTC", "USD", quotes.get, lambda _: True)
    assert (all_stale.rate, all_stale.fresh, all_stale.symbol) == (Decimal(9), None, "BTCUSD.F")


def test_a_pair_without_a_quote_is_named() -> None:
    assert pairs_of(("EURUSD", FX, "USD")).conversion("EUR", "USD", {}.get) == Conversion(None, "EURUSD")
