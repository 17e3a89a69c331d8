"""An execution booked to a locked position: the arithmetic of ``rules`` on the row's working copy."""

from datetime import datetime
from decimal import Decimal

from domain.kernel.numbers import ONE, ZERO, to_average
from domain.market.types import Instrument
from domain.positions.holds import Holds
from domain.positions.rules import Fill, PositionChange, PositionState, apply_fill, close_leg, open_leg
from domain.positions.types import Bucket, PositionBook


def book_fill(
    book: PositionBook,
    instrument: Instrument,
    *,
    buys: bool,
    quantity: Decimal,
    price: Decimal,
    now: datetime,
    today_first: bool = False,
    rate: Decimal = ONE,
) -> Decimal:
    """Book an execution and return the PnL that it realised, to twelve decimals and gross of fees.

    ``rate`` is what one unit of the instrument's currency is in the account's, in which the PnL is.

    Raises:
        ClosesTooMuch: it closes more of a hedging leg than there is.
    """
    held = PositionState(book.quantity, book.average_price, ZERO, book.today_quantity)
    change = _change(book.bucket, held, instrument, buys, quantity, price, today_first)
    realized = to_average(change.realized_pnl * rate)
    if change.opened != ZERO and (held.quantity == ZERO or change.closed != ZERO):
        book.opened_at = now
    book.quantity = change.position.quantity
    book.average_price = change.position.average_price
    book.today_quantity = change.position.today_quantity
    book.realized_pnl += realized
    book.fx_rate = rate
    if book.held_quantity:
        book.holds = holds_after(book.holds, held.quantity, book.quantity)
    book.closed_at = now if book.quantity == ZERO else None
    book.changed = True
    return realized


def holds_after(holds: Holds, before: Decimal, after: Decimal) -> Holds:
    """What stays frozen by hand of a position that went from one signed quantity to another.

    Never more than there is; and what was frozen of a long is nothing of the short that came after it.
    """
    same_side = before * after > ZERO
    return holds.within(abs(after)) if same_side else Holds()


def _change(
    bucket: Bucket,
    held: PositionState,
    instrument: Instrument,
    buys: bool,
    quantity: Decimal,
    price: Decimal,
    today_first: bool,
) -> PositionChange:
    if bucket is Bucket.NET:
        return apply_fill(held, instrument, Fill(quantity if buys else -quantity, price))
    is_long = bucket is Bucket.LONG
    if buys == is_long:
        return open_leg(held, instrument, quantity, price, is_long=is_long)
    return close_leg(held, instrument, quantity, price, today_first=today_first)
