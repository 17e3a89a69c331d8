"""Exact decimal numbers: the one arithmetic context, currency exponents and bounds on input.

Importing this module widens the decimal context of the process: Python's default of 28 digits would silently round
quantity x price x multiplier of large positions. Quotients are rounded explicitly (``to_average``), and each call names
its rounding, because the process shares its context with libraries.
"""

import decimal
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

# 15 digits before the point and 18 after it, multiplied three times over, fit without rounding.
PRECISION_DIGITS = 76
decimal.DefaultContext.prec = PRECISION_DIGITS
decimal.DefaultContext.rounding = ROUND_HALF_EVEN
decimal.setcontext(decimal.Context(prec=PRECISION_DIGITS, rounding=ROUND_HALF_EVEN))

ZERO = Decimal(0)
ONE = Decimal(1)

CRYPTO_EXPONENT = 8
FIAT_EXPONENT = 2
AVERAGE_EXPONENT = 12
# Of costs and running totals, far beyond what any currency counts: what is divided ends here.
EXACT_EXPONENT = 24
MAX_INTEGER_DIGITS = 18
MAX_FRACTION_DIGITS = 18

# Currencies of ISO 4217 that desks hold and whose smallest unit is a hundredth, and those that differ from it.
_FIAT = frozenset(
    [
        "AED",
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CNH",
        "CNY",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PHP",
        "PLN",
        "RON",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "USD",
        "ZAR",
    ]
)
_WHOLE_UNIT_FIAT = frozenset({"JPY", "KRW", "CLP", "VND"})

_QUANTA = {exponent: Decimal(1).scaleb(-exponent) for exponent in (0, FIAT_EXPONENT, CRYPTO_EXPONENT, AVERAGE_EXPONENT)}
_LAST_DIGIT = Decimal(1).scaleb(-EXACT_EXPONENT)


def currency_exponent(currency: str) -> int:
    """Digits after the point in which cash of ``currency`` is kept: 2 for fiat (0 where it has no cents), else 8."""
    if currency in _FIAT:
        return FIAT_EXPONENT
    return 0 if currency in _WHOLE_UNIT_FIAT else CRYPTO_EXPONENT


def to_cash(amount: Decimal, currency: str) -> Decimal:
    """Quantise ``amount`` half-even to the exponent of ``currency``; done once, when an amount is posted."""
    return amount.quantize(_QUANTA[currency_exponent(currency)], rounding=ROUND_HALF_EVEN)


def to_cash_down(amount: Decimal, currency: str) -> Decimal:
    """Quantise ``amount`` towards minus infinity: an account receives never more, and pays never less.

    A remainder of a quotient beyond the twelfth decimal is ignored, so it moves nothing to the next unit.
    """
    settled = amount.quantize(_QUANTA[AVERAGE_EXPONENT], rounding=ROUND_HALF_EVEN)
    return settled.quantize(_QUANTA[currency_exponent(currency)], rounding=ROUND_FLOOR)


def to_cash_up(amount: Decimal, currency: str) -> Decimal:
    """Quantise ``amount`` towards plus infinity: the whole units that cover it."""
    settled = amount.quantize(_QUANTA[AVERAGE_EXPONENT], rounding=ROUND_HALF_EVEN)
    return settled.quantize(_QUANTA[currency_exponent(currency)], rounding=ROUND_CEILING)


def to_exact(value: Decimal) -> Decimal:
    """``value`` unchanged if it has at most 24 decimals; a longer quotient is rounded half-even to 24."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return value if exponent >= -EXACT_EXPONENT else value.quantize(_LAST_DIGIT, rounding=ROUND_HALF_EVEN)


def to_price(value: Decimal, step: Decimal) -> Decimal:
    """Quantise a price half-even to the decimals of ``step``: the form in which averages are shown."""
    exponent = step.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return value.quantize(Decimal(1).scaleb(min(0, exponent)), rounding=ROUND_HALF_EVEN)


def to_average(value: Decimal) -> Decimal:
    """Quantise an average price half-even to twelve decimals; below one, leading zeros do not count as decimals."""
    leading_zeros = -min(value.adjusted() + 1, 0) if value else 0
    if not leading_zeros:
        return value.quantize(_QUANTA[AVERAGE_EXPONENT], rounding=ROUND_HALF_EVEN)
    return value.quantize(Decimal(1).scaleb(-AVERAGE_EXPONENT - leading_zeros), rounding=ROUND_HALF_EVEN)


def plain(value: Decimal) -> str:
    """``value`` as text without exponent or superfluous zeros: the form that the API and the hash chain use."""
    # Most numbers of an event are zero.
    if not value:
        return "0"
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """True if ``value`` lies on the grid of ``step``, exactly."""
    return value % step == 0


def within_bounds(value: Decimal) -> bool:
    """True if a number is finite and within the digits that are kept exactly: 18 before and 18 after the point."""
    if not value.is_finite():
        return False
    text = str(value)
    if len(text) <= MAX_FRACTION_DIGITS + 2 and "E" not in text:
        # Written like that, it has no room for more digits after the point: taking it apart costs ten times as much.
        return value.adjusted() < MAX_INTEGER_DIGITS
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    return len(digits) + exponent <= MAX_INTEGER_DIGITS and -exponent <= MAX_FRACTION_DIGITS


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum; zero for no values."""
    return sum(values, ZERO)
