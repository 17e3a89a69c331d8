"""Splits of instruments, pure: the terms after a split.

Amounts of money stay: the smallest notional, margins and fees. Bounds of an order's quantity follow the split.
Divisible instruments (crypto) scale their grid by the ratio. Shares stay whole: the exchange sets their lot, bounds are
whole lots, and the tick gets finer with the price, down to the smallest unit of the currency, but not coarser.
"""

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from domain.kernel.money import currency_exponent
from domain.kernel.numbers import ONE, ZERO, within_bounds
from domain.market.types import AssetClass, Instrument

_SHARES = frozenset({AssetClass.EQUITY, AssetClass.ETF})


def after_split(instrument: Instrument, ratio: Decimal) -> Instrument:
    """The terms with ``ratio`` new units for each old one."""
    if instrument.asset_class in _SHARES:
        return _of_shares(instrument, ratio)
    lot, smallest = instrument.lot_size * ratio, instrument.min_quantity * ratio
    largest = None if instrument.max_quantity is None else instrument.max_quantity * ratio
    if not all(_can_be_kept(value) for value in (lot, smallest, largest)):
        # Finer than quantities can be: the grid stays, and the bounds lie on it.
        lot = instrument.lot_size
        smallest, largest = _in_lots(smallest, lot), None if largest is None else _in_lots(largest, lot)
    return replace(
        instrument,
        lot_size=lot,
        min_quantity=smallest,
        max_quantity=largest,
        tick_size=_same_tick(instrument.tick_size, ratio),
    )


def _same_tick(tick: Decimal, ratio: Decimal) -> Decimal:
    """A tick grid that still holds every price; where the quotient has no finite decimal form, the grid stays."""
    finer = tick / ratio
    return finer if _can_be_kept(finer) and finer * ratio == tick else tick


def _of_shares(instrument: Instrument, ratio: Decimal) -> Instrument:
    lot, largest = instrument.lot_size, instrument.max_quantity
    smallest = lot if instrument.min_quantity == lot else _in_lots(instrument.min_quantity * ratio, lot)
    return replace(
        instrument,
        min_quantity=smallest,
        max_quantity=None if largest is None else max(smallest, _in_lots(largest * ratio, lot)),
        tick_size=_finer_tick(instrument, ratio),
    )


def _finer_tick(instrument: Instrument, ratio: Decimal) -> Decimal:
    cent = ONE.scaleb(-currency_exponent(instrument.currency))
    tick = instrument.tick_size / ratio
    if ratio <= ONE or instrument.tick_size <= cent:
        return instrument.tick_size
    return tick if tick >= cent and tick % cent == ZERO else cent


def _can_be_kept(value: Decimal | None) -> bool:
    return value is None or (value > ZERO and within_bounds(value))


def _in_lots(quantity: Decimal, lot: Decimal) -> Decimal:
    """At least one lot, and no less than ``quantity``."""
    return max(ONE, (quantity / lot).to_integral_value(rounding=ROUND_CEILING)) * lot
