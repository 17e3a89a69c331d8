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


def opening_quantities(book: PositionBook) -> tuple[Decimal, Decimal]:
    """The working buys and sells that are not bound to reduce a position."""
    return book.working_buy - book.exit_buy, book.working_sell - book.exit_sell


def reach(book: PositionBook, *, buys: Decimal = ZERO, sells: Decimal = ZERO) -> tuple[Decimal, Decimal]:
    """The lowest and the highest signed quantity that working orders can lead to, whatever of them fills, and when.

    Orders that can only reduce stop at zero, the others go through it. ``buys`` and ``sells`` are so much more to open.
    """
    held = book.quantity
    opening_buys, opening_sells = opening_quantities(book)
    lowest = max(ZERO, held - book.exit_sell) if held > ZERO else held
    highest = min(ZERO, held + book.exit_buy) if held < ZERO else held
    return lowest - opening_sells - sells, highest + opening_buys + buys


def increasing_quantities(book: PositionBook) -> tuple[Decimal, Decimal]:
    """By how much the working buys, and the working sells, could at most make the position larger than it is.

    What goes through zero first frees the margin of all that it closes: only the growth in size needs more.
    """
    lowest, highest = reach(book)
    size = abs(book.quantity)
    return max(ZERO, highest - size), max(ZERO, -lowest - size)


def _share(margin: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    if part == whole:
        return margin
    if part == ZERO:
        return ZERO
    return (margin * part / whole).quantize(_QUANTUM, rounding=ROUND_UP)


def reserved_for(book: PositionBook, kind: AccountKind) -> Decimal:
    """Money that the working orders of a bucket hold.

    A CASH account pays for all its buys. A MARGIN account needs the margin of its worse side: buys and sells cannot
    both increase the position. The growth of a side is valued at the average price of its orders that can open.
    """
    if kind is AccountKind.CASH:
        return book.working_buy_margin + book.working_fees
    buys, sells = increasing_quantities(book)
    opening_buys, opening_sells = opening_quantities(book)
    return book.working_fees + max(
        _share(book.working_buy_margin, buys, opening_buys),
        _share(book.working_sell_margin, sells, opening_sells),
    )


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
