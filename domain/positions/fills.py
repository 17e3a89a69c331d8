"""An execution booked to a locked position: the arithmetic of ``rules`` on the row's working copy."""

from datetime import datetime
from decimal import Decimal

from domain.kernel.numbers import ONE, ZERO, to_average, to_cash_down, to_exact
from domain.market.types import Instrument
from domain.positions.holds import Holds
from domain.positions.rules import (
    Fill,
    PositionChange,
    PositionState,
    apply_fill,
    close_leg,
    cost_at,
    open_leg,
)
from domain.positions.types import Bucket, PositionBook


def book_fill(
    book: PositionBook,
    instrument: Instrument,
    *,
    currency: str,
    buys: bool,
    quantity: Decimal,
    price: Decimal,
    now: datetime,
    today_first: bool = False,
    rate: Decimal = ONE,
    withheld: Decimal = ZERO,
    rounded_alone: bool = False,
) -> Decimal:
    """Book an execution and return its realised PnL, gross of fees, in whole units of the account's currency.

    ``rate`` converts the instrument's currency into the account's, in which the PnL is. ``withheld`` is the quantity
    that the venue kept as its fee (below zero: added as a rebate): it leaves at the execution's price.
    ``rounded_alone`` marks executions from before costs were kept: PnL, and the average after it, are rounded to twelve
    decimals.

    Raises:
        ClosesTooMuch: it closes more of a hedging leg than there is.
    """
    held = PositionState(book.quantity, book.cost, book.average_price, ZERO, book.today_quantity)
    change = _change(book.bucket, held, instrument, buys, quantity, price, today_first)
    after, gained = change.position, change.realized_pnl
    if withheld:
        kept = apply_fill(after, instrument, Fill(-withheld, price))
        after, gained = kept.position, gained + kept.realized_pnl
    if change.opened != ZERO and (held.quantity == ZERO or change.closed != ZERO):
        book.opened_at = now
    book.quantity, book.cost, book.average_price = after.quantity, after.cost, after.average_price
    book.today_quantity = after.today_quantity
    book.fx_rate = rate
    if book.held_quantity:
        book.holds = holds_after(book.holds, held.quantity, book.quantity)
    book.closed_at = now if book.quantity == ZERO else None
    book.changed = True
    if rounded_alone:
        snap_cost(book, instrument)
        realized = to_average(gained * rate)
        book.realized_pnl += realized
        return realized
    return realize(book, gained * rate, currency)


def realize(book: PositionBook, amount: Decimal, currency: str) -> Decimal:
    """Add to a position's exact realised PnL, and return the change of its whole units, rounded against the account."""
    before = to_cash_down(book.realized_due, currency)
    book.realized_due = to_exact(book.realized_due + amount)
    rise = to_cash_down(book.realized_due, currency) - before
    book.realized_pnl += rise
    return rise


def snap_cost(book: PositionBook, instrument: Instrument) -> None:
    """Set the cost to the rounded average, as older books kept it (``rounded_alone``)."""
    book.cost = cost_at(instrument, book.quantity, book.average_price) if book.quantity else ZERO


def holds_after(holds: Holds, before: Decimal, after: Decimal) -> Holds:
    """The part that stays frozen by hand after a position went from one signed quantity to another.

    It is never more than the position; a hold on a long does not apply to a short that follows it.
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
