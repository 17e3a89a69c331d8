"""Costs of quantities, pure: cost, average price and gain, of linear and of inverse contracts.

Quotients are rounded here: costs and running totals to 24 decimals, averages to twelve.
"""

from decimal import ROUND_HALF_EVEN, Decimal

from domain.kernel.numbers import AVERAGE_EXPONENT
from domain.market.types import Instrument

# Far beyond what any currency counts.
EXACT_EXPONENT = 24

_AVERAGE = Decimal(1).scaleb(-AVERAGE_EXPONENT)
_LAST_DIGIT = Decimal(1).scaleb(-EXACT_EXPONENT)


def cost_at(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """The cost of a quantity at a price, signed like the quantity, without the multiplier."""
    return to_exact(quantity / price) if instrument.inverse else quantity * price


def average_of(instrument: Instrument, quantity: Decimal, cost: Decimal) -> Decimal:
    """The average price of a quantity that is not zero."""
    return to_average(quantity / cost if instrument.inverse else cost / quantity)


def gain(instrument: Instrument, quantity: Decimal, cost: Decimal, price: Decimal) -> Decimal:
    """The gain of a signed quantity with cost ``cost`` at ``price``; not converted, not rounded."""
    if instrument.inverse:
        return (cost - quantity / price) * instrument.multiplier
    return (quantity * price - cost) * instrument.multiplier


def realized_pnl(instrument: Instrument, signed_quantity: Decimal, entry: Decimal, exit_price: Decimal) -> Decimal:
    """PnL of closing ``signed_quantity`` (above zero for a long), entered at ``entry``, at ``exit_price``."""
    if instrument.inverse:
        return signed_quantity * instrument.multiplier * (exit_price - entry) / (entry * exit_price)
    return signed_quantity * instrument.multiplier * (exit_price - entry)


def part_of_cost(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The cost of ``part`` of a quantity of ``whole``; the rest of the cost stays, to the last digit."""
    return cost if part == whole else to_exact(cost * part / whole)


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
        return value.quantize(_AVERAGE, rounding=ROUND_HALF_EVEN)
    return value.quantize(Decimal(1).scaleb(-AVERAGE_EXPONENT - leading_zeros), rounding=ROUND_HALF_EVEN)
