"""Arithmetic of trailing stops: where stop and limit stand for a price, and that they move favourably only."""

from decimal import ROUND_HALF_EVEN, Decimal

from domain.kernel.numbers import ONE
from domain.orders.model.types import OffsetKind, Side

BASIS_POINTS = Decimal(10_000)


def tick_quantum(tick_size: Decimal) -> Decimal:
    """One unit of the last decimal that prices on this tick have: 0.01 for a tick of 0.25, 1 for one of 5."""
    exponent = tick_size.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return ONE.scaleb(min(exponent, 0))


def trail(
    side: Side, price: Decimal, offset: Decimal, kind: OffsetKind, *, tick_size: Decimal, quantum: Decimal
) -> Decimal:
    """The stop that trails ``price``: below it for a sell, above it for a buy, rounded to the tick's decimals."""
    if kind is OffsetKind.BASIS_POINTS:
        distance = price * offset / BASIS_POINTS
    elif kind is OffsetKind.TICKS:
        distance = offset * tick_size
    else:
        distance = offset
    raw = price + distance if side is Side.BUY else price - distance
    return raw.quantize(quantum, rounding=ROUND_HALF_EVEN)


def favourable(side: Side, current: Decimal | None, candidate: Decimal) -> Decimal:
    """The better of two trailing prices for the holder: a sell's stop only rises, a buy's only falls."""
    if current is None:
        return candidate
    return min(current, candidate) if side is Side.BUY else max(current, candidate)
