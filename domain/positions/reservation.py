"""What working orders hold back, pure: the bucket that an order acts on, its contribution, and what follows.

Each working order contributes its remaining quantity and what it would cost if all of it increased the position. A
bucket keeps exact sums of these, so that what is reserved is a function of the sums alone: it does not depend on the
order of events and returns to exactly zero when the last order ends.
"""

from decimal import ROUND_UP, Decimal

from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.numbers import AVERAGE_EXPONENT, ZERO
from domain.market.types import Instrument, SettlementCycle
from domain.positions.types import Bucket, PositionBook

_QUANTUM = Decimal(1).scaleb(-AVERAGE_EXPONENT)


def notional(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """Money that ``quantity`` is worth at ``price``, in the instrument's currency; unsigned for unsigned quantity."""
    if instrument.inverse:
        return quantity * instrument.multiplier / price
    return quantity * instrument.multiplier * price


def bucket_for(mode: PositionMode, *, buys: bool, closes: bool) -> Bucket:
    """Where the fills of an order go: in hedging mode a buy opens LONG or closes SHORT."""
    if mode is PositionMode.NETTING:
        return Bucket.NET
    return Bucket.LONG if buys != closes else Bucket.SHORT


def full_margin(kind: AccountKind, instrument: Instrument, *, buys: bool, quantity: Decimal, price: Decimal) -> Decimal:
    """What ``quantity`` would hold back if all of it increased the position, before fees."""
    if kind is AccountKind.MARGIN:
        return notional(instrument, quantity, price) * instrument.initial_margin_rate
    return notional(instrument, quantity, price) if buys else ZERO


def increasing_quantities(book: PositionBook) -> tuple[Decimal, Decimal]:
    """How much of the working buys and sells would increase the position, whatever fills first."""
    if book.bucket is Bucket.LONG:
        return book.working_buy, ZERO
    if book.bucket is Bucket.SHORT:
        return ZERO, book.working_sell
    short = max(ZERO, -book.quantity)
    long = max(ZERO, book.quantity)
    return max(ZERO, book.working_buy - short), max(ZERO, book.working_sell - long)


def _share(margin: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    if part == whole:
        return margin
    if part == ZERO:
        return ZERO
    return (margin * part / whole).quantize(_QUANTUM, rounding=ROUND_UP)


def reserved_for(book: PositionBook, kind: AccountKind) -> Decimal:
    """Money that the working orders of a bucket hold.

    A CASH account pays for all its buys. A MARGIN account needs the margin of its worse side: buys and sells cannot
    both increase the position.
    """
    if kind is AccountKind.CASH:
        return book.working_buy_margin + book.working_fees
    buys, sells = increasing_quantities(book)
    return book.working_fees + max(
        _share(book.working_buy_margin, buys, book.working_buy),
        _share(book.working_sell_margin, sells, book.working_sell),
    )


def frozen_by_orders(book: PositionBook) -> Decimal:
    """How much of what is held the working closing orders would close."""
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


def closable_by_cash_sale(book: PositionBook, instrument: Instrument) -> Decimal:
    """How much a CASH account may still offer: every working sell counts, even beyond what is held now."""
    return book.quantity - book.working_sell - book.held_quantity - unsettled(book, instrument)
