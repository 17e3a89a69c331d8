"""Numbers of an exchange as exact decimals; a float is refused as a programming error."""

from decimal import Decimal, InvalidOperation

from domain.kernel.numbers import ZERO, within_bounds


class Inexact(ValueError):
    """An exchange gave a number that cannot be kept exactly."""


def exact(value: object) -> Decimal:
    """The number of a text, a whole number or a decimal.

    Raises:
        Inexact: it is none, or a float.
    """
    if isinstance(value, bool | float) or not isinstance(value, str | int | Decimal):
        raise Inexact(f"{type(value).__name__} is not how exact numbers arrive")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise Inexact("an exchange's number cannot be read") from None
    if not within_bounds(number):
        raise Inexact("an exchange's number has too many digits")
    return number


def exact_or_none(value: object) -> Decimal | None:
    """The number, None where the exchange gives none."""
    return None if value is None or value == "" else exact(value)


def exact_or_zero(value: object) -> Decimal:
    """The number, zero where the exchange gives none."""
    return exact_or_none(value) or ZERO
