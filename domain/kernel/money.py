"""Money, pure: the smallest units of currencies, and the rounding of amounts to them."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from domain.kernel.numbers import AVERAGE_EXPONENT

CRYPTO_EXPONENT = 8
FIAT_EXPONENT = 2

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

_SETTLED = Decimal(1).scaleb(-AVERAGE_EXPONENT)


def currency_exponent(currency: str) -> int:
    """Digits after the point in which cash of ``currency`` is kept: 2 for fiat (0 where it has no cents), else 8."""
    if currency in _FIAT:
        return FIAT_EXPONENT
    return 0 if currency in _WHOLE_UNIT_FIAT else CRYPTO_EXPONENT


# An amount is quantised several times per order: one lookup each.
_QUANTA = {currency: Decimal(1).scaleb(-currency_exponent(currency)) for currency in _FIAT | _WHOLE_UNIT_FIAT}
_CRYPTO_QUANTUM = Decimal(1).scaleb(-CRYPTO_EXPONENT)


def to_cash(amount: Decimal, currency: str) -> Decimal:
    """Quantise ``amount`` half-even to the exponent of ``currency``; done once, when an amount is posted."""
    return amount.quantize(_QUANTA.get(currency, _CRYPTO_QUANTUM), rounding=ROUND_HALF_EVEN)


def to_cash_down(amount: Decimal, currency: str) -> Decimal:
    """Quantise ``amount`` towards minus infinity: an account receives never more, and pays never less.

    A remainder of a quotient beyond the twelfth decimal is ignored, so it moves nothing to the next unit.
    """
    settled = amount.quantize(_SETTLED, rounding=ROUND_HALF_EVEN)
    return settled.quantize(_QUANTA.get(currency, _CRYPTO_QUANTUM), rounding=ROUND_FLOOR)


def to_cash_up(amount: Decimal, currency: str) -> Decimal:
    """Quantise ``amount`` towards plus infinity: the whole units that cover it."""
    settled = amount.quantize(_SETTLED, rounding=ROUND_HALF_EVEN)
    return settled.quantize(_QUANTA.get(currency, _CRYPTO_QUANTUM), rounding=ROUND_CEILING)
