"""How much of a position may be closed, pure: what is held less what working orders, a hold or settlement freeze."""

from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.market.types import Instrument, SettlementCycle
from domain.positions.types import PositionBook


def frozen_by_orders(book: PositionBook) -> Decimal:
    """How much of what is held the working orders would close; of orders that share a part, it counts once."""
    held = abs(book.quantity)
    closing = book.working_sell if book.quantity > ZERO else book.working_buy
    return min(held, closing)


def unsettled(book: PositionBook, instrument: Instrument) -> Decimal:
    """How much was bought today and may be sold from the next trading day only."""
    if instrument.settlement_cycle is SettlementCycle.T1 and book.quantity > ZERO:
        return min(book.quantity, book.today_quantity)
    return ZERO


def frozen(book: PositionBook, instrument: Instrument) -> Decimal:
    """All of the position that cannot be closed now: working closing orders, a hold by hand, unsettled purchases."""
    return min(abs(book.quantity), frozen_by_orders(book) + book.held_quantity + unsettled(book, instrument))


def closable(book: PositionBook, instrument: Instrument) -> Decimal:
    """How much of the position a new order may close."""
    return abs(book.quantity) - frozen(book, instrument)


def closable_by_exit(book: PositionBook, instrument: Instrument) -> Decimal:
    """How much of the position an order may close that can only reduce it.

    Other such orders do not count: the exchange cuts each to what is left. Where part of the position must not be
    closed at all, all working orders together keep within the rest.
    """
    locked = book.held_quantity + unsettled(book, instrument)
    return closable(book, instrument) if locked else abs(book.quantity)


def closable_by_cash_sale(book: PositionBook, instrument: Instrument) -> Decimal:
    """How much a CASH account may still offer: every working sell counts, even beyond what is held now."""
    return book.quantity - book.working_sell - book.held_quantity - unsettled(book, instrument)
