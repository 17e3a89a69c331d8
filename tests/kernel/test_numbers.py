"""Exact numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.money import currency_exponent, to_cash
from domain.kernel.numbers import is_multiple, plain, within_bounds


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+3", "1000"),
        ("0.10", "0.1"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("1E-8", "0.00000001"),
        ("100", "100"),
        ("0", "0"),
    ],
)
def test_plain_text_has_no_exponent_and_no_trailing_zeros(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**17), max_value=10**17, places=18))
def test_plain_text_parses_to_the_same_number(value: Decimal) -> None:
    assert Decimal(plain(value)) == value


@pytest.mark.parametrize(
    ("amount", "currency", "cash"),
    [
        ("0.125", "USD", "0.12"),
        ("0.135", "USD", "0.14"),
        ("-0.125", "USD", "-0.12"),
        ("0.5", "JPY", "0"),
        ("1.5", "JPY", "2"),
        ("0.000000005", "BTC", "0"),
        ("0.000000015", "USDT", "0.00000002"),
    ],
)
def test_cash_is_rounded_half_even_to_its_currency(amount: str, currency: str, cash: str) -> None:
    assert to_cash(Decimal(amount), currency) == Decimal(cash)


def test_each_currency_has_its_exponent() -> None:
    assert [currency_exponent(code) for code in ("EUR", "JPY", "BTC", "USDC", "USDT")] == [2, 0, 8, 8, 8]


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("999999999999999999", True),
        ("1000000000000000000", False),
        ("0.000000000000000001", True),
        ("0.0000000000000000001", False),
        ("NaN", False),
        ("Infinity", False),
    ],
)
def test_numbers_beyond_the_bounds_are_refused(value: str, fits: bool) -> None:
    assert within_bounds(Decimal(value)) is fits


@given(
    st.decimals(allow_nan=False, allow_infinity=False) | st.from_regex(r"-?[0-9]{1,22}(\.[0-9]{1,22})?", fullmatch=True)
)
def test_bounds_count_digits_on_both_sides_of_the_point(given_value: Decimal | str) -> None:
    value = Decimal(given_value)
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    assert within_bounds(value) is (len(digits) + exponent <= 18 and exponent >= -18)


def test_large_products_stay_exact() -> None:
    quantity, price, multiplier = Decimal(10**15) + 1, Decimal("12345.678901234567"), Decimal("0.000001")
    assert quantity * price * multiplier == Decimal("12345678901234.579345678901234567")
    assert is_multiple(Decimal("0.3"), Decimal("0.1"))
