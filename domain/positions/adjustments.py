"""Position adjustments, pure: changes without an execution, by futures settlement, splits, dividends and delistings.

An adjustment is a fact like an execution: it is stored with its terms and applied again, by the same function, whenever
books are rebuilt. Applying it changes the position and gives the realised PnL and the cash that moves, both in whole
units of the account's currency, rounded against the account.

Formulas. Settlement at s of quantity q with cost c: realised PnL = multiplier x (q x s - c), and s becomes the average.
Split by factor f: q x f units at the same cost; a fraction of a unit is paid out at the price after the split. Dividend
of d: cash = q x multiplier x d, which a short pays. Delisting at p: everything is closed at p.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from uuid import UUID

from domain.access.attribution import PlatformPart
from domain.accounts.types import TransactionKind
from domain.kernel.money import to_cash_down
from domain.kernel.numbers import ONE, ZERO
from domain.market.costs import average_of, cost_at, gain, part_of_cost, to_average
from domain.market.types import AssetClass, Instrument
from domain.positions.fills import snap_cost
from domain.positions.holds import Holds
from domain.positions.types import Bucket, PositionBook


class AdjustmentKind(StrEnum):
    """The kind of an adjustment."""

    SETTLEMENT = "SETTLEMENT"
    SPLIT = "SPLIT"
    DIVIDEND = "DIVIDEND"
    RENAMED = "RENAMED"
    DELISTED = "DELISTED"


# How the money of an adjustment is posted.
TRANSACTION_KINDS = {
    AdjustmentKind.SETTLEMENT: TransactionKind.SETTLEMENT,
    AdjustmentKind.SPLIT: TransactionKind.ADJUSTMENT,
    AdjustmentKind.DIVIDEND: TransactionKind.DIVIDEND,
    AdjustmentKind.DELISTED: TransactionKind.ADJUSTMENT,
}


@dataclass(slots=True)
class PositionAdjustment:
    """One adjustment of one position.

    Terms: ``factor`` is new units per old unit, ``unit`` the smallest quantity that can be held, ``price`` the
    settlement price of futures, the price at which fractions are paid out or a delisted position is closed (None
    freezes it), ``amount_per_unit`` the dividend. Results: ``quantity_after``, ``realized_pnl`` and ``cash``.

    ``sequence`` is the number of the event that recorded it: it comes after every execution with a smaller one.
    ``place`` orders the adjustments of one event. ``fx_rate`` converts the instrument's currency into the account's.
    ``rounded_alone`` marks adjustments from before costs were kept: their results, and the average after them, are
    rounded to twelve decimals.
    """

    id: UUID
    account_id: UUID
    instrument_id: UUID
    bucket: Bucket
    kind: AdjustmentKind
    day: date
    sequence: int = 0
    place: int = 0
    action_id: UUID | None = None
    factor: Decimal = ONE
    unit: Decimal | None = None
    price: Decimal | None = None
    amount_per_unit: Decimal | None = None
    quantity_before: Decimal = ZERO
    quantity_after: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    cash: Decimal = ZERO
    fx_rate: Decimal = ONE
    created_at: datetime | None = None
    rounded_alone: bool = False

    @property
    def transaction_kind(self) -> TransactionKind:
        """The kind of the ledger transaction of its cash."""
        return TRANSACTION_KINDS[self.kind]


def smallest_unit(instrument: Instrument) -> Decimal:
    """The smallest quantity that can be held: one share, even if a lot has more; for other instruments one lot."""
    if instrument.asset_class in (AssetClass.EQUITY, AssetClass.ETF):
        return min(ONE, instrument.lot_size)
    return instrument.lot_size


def adjust(
    book: PositionBook, instrument: Instrument, adjustment: PositionAdjustment, now: datetime, *, currency: str
) -> None:
    """Apply ``adjustment`` to a working copy, and store its results, in ``currency``, in it."""
    adjustment.quantity_before = book.quantity
    adjustment.realized_pnl = adjustment.cash = ZERO
    if book.quantity != ZERO:
        _APPLY[adjustment.kind](book, instrument, adjustment)
        _convert(book, instrument, adjustment, currency)
        book.changed = True
        if book.quantity == ZERO:
            book.average_price = book.cost = book.today_quantity = ZERO
            book.holds = Holds()
            book.closed_at = now
    adjustment.quantity_after = book.quantity


def _convert(book: PositionBook, instrument: Instrument, adjustment: PositionAdjustment, currency: str) -> None:
    """The results converted from the instrument's currency to the account's. For a derivative, its cash is its PnL."""
    realized, cash = adjustment.realized_pnl * adjustment.fx_rate, adjustment.cash * adjustment.fx_rate
    if adjustment.rounded_alone:
        adjustment.realized_pnl = to_average(realized)
        book.realized_pnl += adjustment.realized_pnl
    else:
        adjustment.realized_pnl = book.realize(realized, currency)
        cash = to_cash_down(cash, currency)
    adjustment.cash = adjustment.realized_pnl if instrument.asset_class.is_derivative else cash


def _settle(book: PositionBook, instrument: Instrument, adjustment: PositionAdjustment) -> None:
    assert adjustment.price is not None
    adjustment.realized_pnl = gain(instrument, book.quantity, book.cost, adjustment.price)
    book.average_price = adjustment.price
    book.cost = cost_at(instrument, book.quantity, adjustment.price)


def _split(book: PositionBook, instrument: Instrument, adjustment: PositionAdjustment) -> None:
    assert adjustment.unit is not None
    factor, unit = adjustment.factor, adjustment.unit
    exact = book.quantity * factor
    average = average_of(instrument, exact, book.cost)
    if adjustment.rounded_alone:
        book.cost = cost_at(instrument, exact, average)
    whole = floor_to(exact, unit)
    fraction = exact - whole
    if fraction:
        price = average if adjustment.price is None else adjustment.price
        cost = part_of_cost(book.cost, fraction, exact)
        adjustment.cash = fraction * instrument.multiplier * price
        adjustment.realized_pnl = gain(instrument, fraction, cost, price)
        book.cost -= cost
    book.quantity, book.average_price = whole, average
    if adjustment.rounded_alone:
        snap_cost(book, instrument)
    book.today_quantity = min(abs(whole), floor_to(book.today_quantity * factor, unit))
    book.holds = holds_adjusted(book.holds, book, adjustment).within(abs(whole))


def _pay_dividend(book: PositionBook, instrument: Instrument, adjustment: PositionAdjustment) -> None:
    assert adjustment.amount_per_unit is not None
    adjustment.cash = book.quantity * instrument.multiplier * adjustment.amount_per_unit


def _rename(book: PositionBook, instrument: Instrument, adjustment: PositionAdjustment) -> None:
    """Apply a change of symbol: nothing of the position changes."""


def _delist(book: PositionBook, instrument: Instrument, adjustment: PositionAdjustment) -> None:
    if adjustment.price is None:
        book.holds = holds_adjusted(book.holds, book, adjustment)
        return
    adjustment.realized_pnl = gain(instrument, book.quantity, book.cost, adjustment.price)
    adjustment.cash = book.quantity * instrument.multiplier * adjustment.price
    book.quantity = ZERO


_APPLY = {
    AdjustmentKind.SETTLEMENT: _settle,
    AdjustmentKind.SPLIT: _split,
    AdjustmentKind.DIVIDEND: _pay_dividend,
    AdjustmentKind.RENAMED: _rename,
    AdjustmentKind.DELISTED: _delist,
}


def holds_adjusted(holds: Holds, book: PositionBook, adjustment: PositionAdjustment) -> Holds:
    """The part frozen by hand after an adjustment, out of the quantity held then. A delisting freezes all of it."""
    if adjustment.kind is AdjustmentKind.DELISTED:
        return holds.raised_to(abs(book.quantity), PlatformPart.SETTLEMENT)
    if adjustment.kind is AdjustmentKind.SPLIT:
        assert adjustment.unit is not None
        return holds.scaled(adjustment.factor, adjustment.unit)
    return holds


def floor_to(quantity: Decimal, unit: Decimal) -> Decimal:
    """The whole units of ``quantity``, towards zero."""
    return (quantity / unit).to_integral_value(rounding=ROUND_DOWN) * unit
