"""Exact decimal numbers: the one arithmetic context, and bounds on input.

Importing this module widens the decimal context of the process: Python's default of 28 digits would silently round
quantity x price x multiplier of large positions. Quotients and money are rounded explicitly (``market.costs``,
``money``), and each call names its rounding, because the process shares its context with libraries.
"""

import decimal
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

# 15 digits before the point and 18 after it, multiplied three times over, fit without rounding.
PRECISION_DIGITS = 76
decimal.DefaultContext.prec = PRECISION_DIGITS
decimal.DefaultContext.rounding = ROUND_HALF_EVEN
decimal.setcontext(decimal.Context(prec=PRECISION_DIGITS, rounding=ROUND_HALF_EVEN))

ZERO = Decimal(0)
ONE = Decimal(1)

AVERAGE_EXPONENT = 12
MAX_INTEGER_DIGITS = 18
MAX_FRACTION_DIGITS = 18


def plain(value: Decimal) -> str:
    """``value`` as text without exponent or superfluous zeros: the form that the API and the hash chain use."""
    # Most numbers of an event are zero.
    if not value:
        return "0"
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    if text[-1] == "0" and "." in text:
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
