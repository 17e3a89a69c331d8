"""The liquidation price of an instrument in an account, pure.

It is the price at which equity equals maintenance margin while every other price, and every rate between currencies,
stays as it is. With ``q`` the account's net and ``g`` its gross quantity of the instrument, ``m`` its multiplier, ``r``
its maintenance rate, ``f`` the rate to the account's currency, ``K`` equity less maintenance margin at the mark ``p0``,
and ``M = g m f r |p0|`` (inverse: ``g m f r / p0``) its own part of that margin:

    linear    K + M + q m f (p - p0) = g m f r |p|            p = (q m f p0 - K - M) / (m f (q -+ g r))
    inverse   K + M + q m f (1 / p0 - 1 / p) = g m f r / p    p = m f (q + g r) / (K + M + q m f / p0)

It follows from the definitions of the design page's section "Accounts"; exchanges publish special cases of it.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.market.costs import to_average
from domain.market.types import Instrument


@dataclass(frozen=True, slots=True)
class Stake:
    """The account's net and gross quantity of one instrument, and the account's cushion against liquidation.

    ``cushion`` is the account's equity less its maintenance margin, at the marks.
    """

    net: Decimal
    gross: Decimal
    cushion: Decimal


def liquidation_price(instrument: Instrument, stake: Stake, mark: Decimal, rate: Decimal) -> Decimal | None:
    """The price, to twelve decimals; None when the account would be liquidated at no price.

    It lies beyond the mark where the account should have been liquidated already.
    """
    if instrument.inverse:
        return _inverse(instrument, stake, mark, rate) if mark > ZERO else None
    unit, own = instrument.multiplier * rate, stake.gross * instrument.maintenance_margin_rate
    reach = stake.net * unit * mark - stake.cushion - own * unit * abs(mark)
    # Margin grows with the distance from zero, on either side of it; only futures go below.
    sides = (1, -1) if instrument.allows_negative_prices else (1,)
    for side in sides:
        slope = unit * (stake.net - side * own)
        if slope == ZERO:
            continue
        price = reach / slope
        if price * side > ZERO:
            return to_average(price)
    return None


def _inverse(instrument: Instrument, stake: Stake, mark: Decimal, rate: Decimal) -> Decimal | None:
    unit, own = instrument.multiplier * rate, stake.gross * instrument.maintenance_margin_rate
    bottom = stake.cushion + (own + stake.net) * unit / mark
    top = unit * (stake.net + own)
    if bottom == ZERO or top == ZERO or (top > ZERO) != (bottom > ZERO):
        return None
    return to_average(top / bottom)
