"""Potential exposure, pure: position sizes if all working orders fill, and their value.

Only fresh prices and rates count: without one a value is None, unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.kernel.numbers import ONE, ZERO
from domain.market.rates import InstrumentIndex, IsStale, QuoteOf
from domain.market.types import Instrument
from domain.positions.types import PositionBook


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
