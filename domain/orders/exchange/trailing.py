"""Trailing stops: stop and limit for a price; they only move favourably."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Self

from domain.kernel.numbers import ONE, ZERO
from domain.orders.model.types import OffsetKind, Side

BASIS_POINTS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class TickGrid:
    """The prices of an instrument. ``is_decimal``: its tick is a power of ten, such as 0.01 or 10."""

    tick_size: Decimal
    is_decimal: bool

    @classmethod
    def of(cls, tick_size: Decimal) -> Self:
        """The grid of the multiples of ``tick_size``."""
        tick = tick_size.normalize()
        return cls(tick, tick.as_tuple().digits == (1,))

    def snap(self, price: Decimal, *, up: bool) -> Decimal:
        """The price on the grid for a computed ``price``.

        A decimal grid takes the nearest price, half to even, as exchanges' decimals do. Any other grid takes the next
        price ``up`` or down: the caller gives the direction away from the market.
        """
        if self.is_decimal:
            # Adding zero writes the result without an exponent.
            return price.quantize(self.tick_size, rounding=ROUND_HALF_EVEN) + ZERO
        ticks = price // self.tick_size
        rest = price - ticks * self.tick_size
        # Whole division goes towards zero, whichever side of zero the price is on.
        if up and rest > ZERO:
            ticks += ONE
        elif not up and rest < ZERO:
            ticks -= ONE
        return ticks * self.tick_size + ZERO


def trail(side: Side, price: Decimal, offset: Decimal, kind: OffsetKind, grid: TickGrid) -> Decimal:
    """The stop that trails ``price``: below it for a sell, above it for a buy, at a price of the grid.

    Basis points are of the price's absolute value, so that the stop of a negative price trails away from the market.
    """
    buys = side is Side.BUY
    if kind is OffsetKind.BASIS_POINTS:
        distance = abs(price) * offset / BASIS_POINTS
    elif kind is OffsetKind.TICKS:
        distance = offset * grid.tick_size
    else:
        distance = offset
    return grid.snap(price + distance if buys else price - distance, up=buys)


def favourable(side: Side, current: Decimal | None, candidate: Decimal) -> Decimal:
    """The better of two trailing prices for the holder: a sell's stop only rises, a buy's only falls."""
    if current is None:
        return candidate
    return min(current, candidate) if side is Side.BUY else max(current, candidate)
