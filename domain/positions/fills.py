"""An execution booked to a locked position: the arithmetic of ``rules`` on the row's working copy."""

from datetime import datetime
from decimal import Decimal

from domain.kernel.numbers import ONE, ZERO
from domain.market.costs import cost_at, to_average
from domain.market.types import Instrument
from domain.positions.holds import holds_after
from domain.positions.rules import Fill, PositionState, apply_fill
from domain.positions.types import Bucket, PositionBook


def book_fill(
    book: PositionBook,
    instrument: Instrument,
    fill: Fill,
    currency: str,
    now: datetime,
    *,
    today_first: bool = False,
    rate: Decimal = ONE,
    withheld: Decimal = ZERO,
) -> Decimal:
    """Book an execution and return its realised PnL, gross of fees, in whole units of the account's currency.

    ``rate`` converts the instrument's currency into the account's, in which the PnL is. ``withheld`` is the quantity
    that the venue kept as its fee (below zero: added as a rebate): it leaves at the execution's price.

    Raises:
        ClosesTooMuch: it closes more of a hedging leg than there is.
    """
    gained = move_position(book, instrument, fill, now, today_first=today_first, rate=rate, withheld=withheld)
    return book.realize(gained, currency)


def move_position(
    book: PositionBook,
    instrument: Instrument,
    fill: Fill,
    now: datetime,
    *,
    today_first: bool,
    rate: Decimal,
    withheld: Decimal,
) -> Decimal:
    """Move a position by an execution, and return the exact gain in the account's currency, which is not realised yet.

    Raises:
        ClosesTooMuch: it closes more of a hedging leg than there is.
    """
    before = PositionState(book.quantity, book.cost, book.average_price, ZERO, book.today_quantity)
    after, gained = before, ZERO
    today_first = today_first and book.bucket is not Bucket.NET
    for one in (fill, Fill(-withheld, fill.price)) if withheld else (fill,):
        change = apply_fill(after, instrument, one, book.bucket, today_first=today_first)
        if one is fill and change.opened and (before.quantity == ZERO or change.closed):
            book.opened_at = now
        after, gained = change.position, gained + change.realized_pnl
    book.quantity, book.cost, book.average_price = after.quantity, after.cost, after.average_price
    book.today_quantity = after.today_quantity
    book.fx_rate = rate
    if book.held_quantity:
        book.holds = holds_after(book.holds, before.quantity, book.quantity)
    book.closed_at = now if book.quantity == ZERO else None
    book.changed = True
    return gained * rate


def realize_rounded(book: PositionBook, instrument: Instrument, amount: Decimal) -> Decimal:
    """Realise PnL as it was before costs were kept: it, and the average after it, are rounded to twelve decimals."""
    snap_cost(book, instrument)
    realized = to_average(amount)
    book.realized_pnl += realized
    return realized


def snap_cost(book: PositionBook, instrument: Instrument) -> None:
    """Set the cost to the rounded average, as older books kept it (``rounded_alone``)."""
    book.cost = cost_at(instrument, book.quantity, book.average_price) if book.quantity else ZERO
