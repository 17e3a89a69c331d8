"""Potential exposure, pure: position sizes if all working orders fill, their value, and the money they reserve.

Only fresh prices and rates count: without one a value is None, unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from uuid import UUID

from domain.accounts.types import AccountKind
from domain.kernel.numbers import AVERAGE_EXPONENT, ONE, ZERO
from domain.kernel.values import unguarded
from domain.market.rates import InstrumentIndex, IsStale, QuoteOf
from domain.market.types import Instrument
from domain.positions.types import PositionBook

_QUANTUM = Decimal(1).scaleb(-AVERAGE_EXPONENT)


@unguarded
@dataclass(frozen=True, slots=True)
class Marks:
    """The market at one moment, as valuation sees it; ``instruments`` are all that exist."""

    instruments: Mapping[UUID, Instrument]
    quote_of: QuoteOf
    is_stale: IsStale

    def fresh_mark(self, instrument: Instrument) -> Decimal | None:
        """The valuation price of the instrument; None when there is no price, or no fresh one."""
        quote = None if self.is_stale(instrument.symbol) else self.quote_of(instrument.symbol)
        mark = quote.mark if quote is not None else None
        return None if mark is None or (instrument.inverse and mark <= ZERO) else mark

    def fresh_rate(self, instrument: Instrument, currency: str) -> Decimal | None:
        """One unit of the instrument's currency in ``currency``; None without a fresh quote."""
        if instrument.currency == currency:
            return ONE
        index = self.instruments
        pairs = (index if isinstance(index, InstrumentIndex) else InstrumentIndex(index)).pairs
        return pairs.conversion(instrument.currency, currency, self.quote_of, self.is_stale).fresh


@dataclass(frozen=True, slots=True)
class PotentialExposure:
    """An account's figures if all working orders filled, in its currency."""

    gross_exposure: Decimal
    maintenance_margin: Decimal


def opening_quantities(book: PositionBook) -> tuple[Decimal, Decimal]:
    """The working buy and sell quantities that are not limited to reducing a position."""
    return book.working_buy - book.exit_buy, book.working_sell - book.exit_sell


def reach(book: PositionBook, *, buys: Decimal = ZERO, sells: Decimal = ZERO) -> tuple[Decimal, Decimal]:
    """The lowest and the highest signed quantity that working orders can lead to, in any sequence of fills.

    Reduce-only orders stop at zero, the others go through it. ``buys`` and ``sells`` are further quantities to open.
    """
    held = book.quantity
    opening_buys, opening_sells = opening_quantities(book)
    lowest = max(ZERO, held - book.exit_sell) if held > ZERO else held
    highest = min(ZERO, held + book.exit_buy) if held < ZERO else held
    return lowest - opening_sells - sells, highest + opening_buys + buys


def largest(position: PositionBook, *, buys: Decimal = ZERO, sells: Decimal = ZERO) -> Decimal:
    """The largest size that a position can reach by working orders, and by ``buys`` and ``sells`` to open."""
    lowest, highest = reach(position, buys=buys, sells=sells)
    return max(abs(lowest), abs(highest))


def worth(instrument: Instrument, quantity: Decimal, mark: Decimal, rate: Decimal) -> Decimal:
    """The unsigned value of a quantity of an instrument, in the currency that ``rate`` converts to."""
    return abs(instrument.notional(quantity, mark)) * rate


def potential_exposure(
    positions: Iterable[PositionBook], sizes: Mapping[UUID, Decimal], marks: Marks, currency: str
) -> PotentialExposure | None:
    """All positions at their largest; ``sizes`` sets some of them by position. None when one has no fresh price."""
    exposure = margin = ZERO
    for position in positions:
        size = sizes.get(position.id)
        size = largest(position) if size is None else size
        if size == ZERO:
            continue
        instrument = marks.instruments[position.instrument_id]
        mark, rate = marks.fresh_mark(instrument), marks.fresh_rate(instrument, currency)
        if mark is None or rate is None:
            return None
        value = worth(instrument, size, mark, rate)
        exposure += value
        margin += value * instrument.maintenance_margin_rate
    return PotentialExposure(exposure, margin)


def reserved_for(position: PositionBook, kind: AccountKind) -> Decimal:
    """The money that all working orders of a position reserve together.

    A CASH account pays for all its buys. A MARGIN account needs the margin of its worse side: buys and sells cannot
    both increase the position. The growth of a side is valued at the average price of its orders that can open.
    """
    if kind is AccountKind.CASH:
        return position.working_buy_margin + position.working_fees
    buys, sells = _increasing_quantities(position)
    opening_buys, opening_sells = opening_quantities(position)
    return position.working_fees + max(
        _share(position.working_buy_margin, buys, opening_buys),
        _share(position.working_sell_margin, sells, opening_sells),
    )


def _increasing_quantities(position: PositionBook) -> tuple[Decimal, Decimal]:
    """By how much the working buys, and the working sells, could at most make the position larger than it is.

    What goes through zero first frees the margin of all that it closes: only the growth in size needs more.
    """
    lowest, highest = reach(position)
    size = abs(position.quantity)
    return max(ZERO, highest - size), max(ZERO, -lowest - size)


def _share(margin: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    if part == whole:
        return margin
    if part == ZERO:
        return ZERO
    return (margin * part / whole).quantize(_QUANTUM, rounding=ROUND_UP)
