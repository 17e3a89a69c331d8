"""Replay of executions after a bust or a correction, pure: a position and an order rebuilt from the valid ones.

Executions are booked again in the order of booking, a correction in the place of the execution that it corrects. The
realised PnL of later executions may change with that; the difference, rounded as it was posted, is compensated.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.accounts.fees import execution_fee, execution_tax, posted
from domain.accounts.types import PositionMode, TransactionKind
from domain.kernel.money import to_cash
from domain.kernel.numbers import ZERO, total
from domain.market.costs import to_exact
from domain.market.types import Instrument
from domain.orders.books.executions import average_fill, costs_of, total_dues
from domain.orders.deciding.state import reopen_fills
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import CLOSING, Liquidity, PositionEffect, Side
from domain.positions.adjustments import PositionAdjustment, adjust
from domain.positions.fills import move_position, realize_rounded
from domain.positions.holds import holds_after
from domain.positions.lookup import bucket_for
from domain.positions.rules import Fill
from domain.positions.types import Bucket, PositionBook

_REBUILT = (
    "quantity",
    "cost",
    "average_price",
    "realized_due",
    "realized_pnl",
    "fees_paid",
    "today_quantity",
    "fx_rate",
)


def book_again(book: PositionBook, execution: Execution, instrument: Instrument, currency: str) -> Decimal:
    """Book a stored execution to a position as it was booked at first, and return its realised PnL.

    Raises:
        ClosesTooMuch: it closes more of a hedging leg than there is.
    """
    gained = move_position(
        book,
        instrument,
        Fill(execution.quantity * execution.side.sign, execution.price),
        execution.created_at,
        today_first=execution.position_effect is PositionEffect.CLOSE_TODAY,
        rate=execution.fx_rate,
        withheld=execution.withheld,
    )
    if execution.rounded_alone:
        return realize_rounded(book, instrument, gained)
    return book.realize(gained, currency)


def bucket_of_execution(execution: Execution, mode: PositionMode) -> Bucket:
    """The bucket of the execution."""
    return bucket_for(mode, buys=execution.side is Side.BUY, closes=execution.position_effect in CLOSING)


@dataclass(slots=True)
class PositionRebuild:
    """A position rebuilt from its executions, and the executions whose realised PnL changes.

    ``rolled_at`` is the account's last day roll: units opened since then were opened today. ``adjusted`` are
    adjustments whose results change, ``rises`` the changes of their cash, by kind.
    """

    booked: PositionBook
    instrument: Instrument
    rolled_at: datetime
    realized: dict[UUID, Decimal] = field(default_factory=dict)
    adjusted: list[PositionAdjustment] = field(default_factory=list)
    before: Decimal = ZERO
    after: Decimal = ZERO
    rises: dict[TransactionKind, Decimal] = field(default_factory=dict)
    _fresh: PositionBook = field(init=False)
    _is_today: bool = False

    def __post_init__(self) -> None:
        self._fresh = PositionBook(
            self.booked.id, self.booked.account_id, self.booked.instrument_id, self.booked.bucket
        )

    def take_back(self, execution: Execution, currency: str) -> None:
        """Leave out an execution that was booked."""
        self.before += to_cash(execution.realized_pnl, currency)

    def book(self, execution: Execution, currency: str, *, is_new: bool = False) -> None:
        """Book a valid execution; call it for all of them in order.

        Raises:
            ClosesTooMuch: it closes more of a hedging leg than there is now.
        """
        if not self._is_today and execution.created_at >= self.rolled_at:
            self._fresh.today_quantity, self._is_today = ZERO, True
        realized = book_again(self._fresh, execution, self.instrument, currency)
        self._fresh.fees_paid += execution.fee + execution.tax
        self.after += to_cash(realized, currency)
        if is_new:
            execution.realized_pnl = realized
            return
        self.before += to_cash(execution.realized_pnl, currency)
        if realized != execution.realized_pnl:
            self.realized[execution.id] = realized

    def adjust(self, adjustment: PositionAdjustment, currency: str) -> None:
        """Apply an adjustment to the position as rebuilt so far."""
        assert adjustment.created_at is not None
        booked = replace(adjustment)
        adjust(self._fresh, self.instrument, adjustment, adjustment.created_at, currency=currency)
        rise = to_cash(adjustment.cash, currency) - to_cash(booked.cash, currency)
        if rise:
            kind = adjustment.transaction_kind
            self.rises[kind] = self.rises.get(kind, ZERO) + rise
        if adjustment != booked:
            self.adjusted.append(adjustment)

    def finish(self) -> Decimal:
        """Set the booked position to the rebuilt one, and return the change of its realised PnL."""
        booked, fresh = self.booked, self._fresh
        if not self._is_today:
            fresh.today_quantity = ZERO
        rise = fresh.realized_pnl - booked.realized_pnl
        booked.holds = holds_after(booked.holds, booked.quantity, fresh.quantity)
        for name in _REBUILT:
            setattr(booked, name, getattr(fresh, name))
        booked.opened_at, booked.closed_at = fresh.opened_at, fresh.closed_at
        booked.changed = True
        return rise


def recost(executions: Sequence[Execution], instrument: Instrument, currency: str) -> list[Execution]:
    """Recompute fee and tax of an order's executions, in the order of booking, and return those that changed."""
    changed = []
    for row, cost in zip(executions, costs_of(executions, instrument, currency), strict=True):
        if (row.fee, row.tax) != (cost.fee, cost.tax):
            row.fee, row.tax = cost.fee, cost.tax
            changed.append(row)
    return changed


def recompute_fills(
    order: Order, executions: Sequence[Execution], instrument: Instrument, currency: str, now: datetime
) -> None:
    """Recompute an order's fills, average, dues and fees from its valid executions.

    A closed order stays closed: a busted quantity does not work again.
    """
    order.filled_quantity = total(row.quantity for row in executions)
    order.filled_value = total(
        row.quantity / row.price if instrument.inverse else row.quantity * row.price for row in executions
    )
    order.average_price = average_fill(order, instrument)
    order.owe(total_dues(executions, instrument, currency))
    order.fees = posted(order.dues, currency).costs
    order.version += 1
    reopen_fills(order, now)


def corrected(
    original: Execution, price: Decimal, quantity: Decimal, instrument: Instrument, new_id: UUID
) -> Execution:
    """The execution that replaces ``original``; money is converted at the rate of the original.

    A fee that the venue kept in units keeps its share; any other fee follows from the instrument's terms.
    """
    rate, minimum = original.fx_rate, instrument.fees.minimum * original.fx_rate
    withheld = to_exact(original.withheld * quantity / original.quantity)
    if withheld:
        fee, minimum = withheld * price * rate, ZERO
    else:
        is_maker = original.liquidity is Liquidity.MAKER
        fee = execution_fee(instrument, quantity=quantity, price=price, maker=is_maker) * rate
    tax = execution_tax(instrument, quantity=quantity, price=price, sells=original.side is Side.SELL) * rate
    return replace(
        original,
        id=new_id,
        venue_execution_id=f"{original.order_id}-{new_id}",
        price=price,
        quantity=quantity,
        fee=ZERO,
        tax=ZERO,
        fee_due=to_exact(fee),
        fee_minimum=minimum,
        tax_due=to_exact(tax),
        withheld=withheld,
        venue_fee=withheld or None,
        venue_fee_currency=original.venue_fee_currency if withheld else None,
        realized_pnl=ZERO,
        busted_at=None,
        corrected_by=None,
        rounded_alone=False,
    )
