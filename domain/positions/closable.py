"""The closable quantity of a position, pure: its size less the parts frozen by working orders, holds or settlement."""

from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.market.types import Instrument, SettlementCycle
from domain.positions.types import PositionBook


def frozen_by_orders(book: PositionBook) -> Decimal:
    """The part of the position that working orders would close; orders that share a part count it once."""
    held = abs(book.quantity)
    closing = book.working_sell if book.quantity > ZERO else book.working_buy
    return min(held, closing)


def unsettled(book: PositionBook, instrument: Instrument) -> Decimal:
    """The quantity that was bought today and may be sold from the next trading day only."""
    if instrument.settlement_cycle is SettlementCycle.T1 and book.quantity > ZERO:
        return min(book.quantity, book.today_quantity)
    return ZERO


def frozen(book: PositionBook, instrument: Instrument) -> Decimal:
    """The part of the position that cannot be closed now.

    Working closing orders, holds by hand and unsettled purchases freeze it.
    """
    return min(abs(book.quantity), frozen_by_orders(book) + book.held_quantity + unsettled(book, instrument))


def closable(book: PositionBook, instrument: Instrument) -> Decimal:
    """The quantity of the position that a new order may close."""
    return abs(book.quantity) - frozen(book, instrument)


def closable_by_exit(book: PositionBook, instrument: Instrument) -> Decimal:
    """The quantity of the position that a reduce-only order may close.

    Other reduce-only orders do not count, because the exchange cuts each to the remaining position. Where part of the
    position must not be closed at all, all working orders together stay within the rest.
    """
    locked = book.held_quantity + unsettled(book, instrument)
    return closable(book, instrument) if locked else abs(book.quantity)


def closable_by_cash_sale(book: PositionBook, instrument: Instrument) -> Decimal:
    """The quantity that a CASH account may still offer: every working sell counts, even beyond the position."""
    return book.quantity - book.working_sell - book.held_quantity - unsettled(book, instrument)
