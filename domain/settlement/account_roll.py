"""The day roll of one account: the working copies of its steps, and the results to write."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.access.attribution import PlatformPart
from domain.accounts.rules import post
from domain.accounts.types import AccountBook
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, ZERO, plain, total
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.market import Market
from domain.market.rates import InstrumentIndex
from domain.market.types import Instrument, Quote
from domain.orders.books.replay import bucket_of_execution
from domain.orders.deciding.trading_book import TradingBook
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import Side
from domain.orders.model.venue_commands import QueuedCommand
from domain.positions.adjustments import AdjustmentKind, PositionAdjustment, adjust
from domain.positions.types import PositionBook, PositionKey
from domain.positions.valuation import newest_rate, value_all
from domain.positions.values import AccountValue
from domain.settlement.types import DailyStatement, MarketDay

# Adjustments of one day have places of their own, also where those of several days come after the same execution.
_PLACES = 1_000


@dataclass(slots=True)
class AccountRoll:
    """A locked account with its positions and affected open orders, at the end of ``day``.

    ``before`` is the statement of the day before, None for the first. ``commands`` are commands to venues. ``later``
    are executions after the day's end (when the run is late) and since the beginning of sessions that were open at it.
    ``realized`` is the changed PnL of such executions.
    """

    work: UnitOfWork
    market: Market
    day: MarketDay
    instruments: InstrumentIndex
    account: AccountBook
    positions: dict[PositionKey, PositionBook]
    orders: list[Order]
    before: DailyStatement | None
    later: list[Execution] = field(default_factory=list)
    realized: dict[UUID, Decimal] = field(default_factory=dict)
    adjustments: list[PositionAdjustment] = field(default_factory=list)
    changed: dict[UUID, Order] = field(default_factory=dict)
    commands: list[QueuedCommand] = field(default_factory=list)
    statement: DailyStatement | None = None

    @property
    def book(self) -> TradingBook:
        """The account and its positions, as order rules use them."""
        return TradingBook(self.account, self.positions, None)

    @property
    def concerned(self) -> list[PositionBook]:
        """The positions that are open now or were open at the day's end, in the order of their creation."""
        rows = (row for row in self.positions.values() if row.quantity or self.is_late(row))
        return sorted(rows, key=lambda row: row.id)

    def quote_of(self, symbol: str) -> Quote | None:
        """The day's closing price of a symbol."""
        return self.day.quote_of(self.market.instrument(symbol))

    def value(self) -> AccountValue:
        """The account at the day's closing prices."""
        return value_all(self.account, self.positions.values(), self.instruments, self.quote_of)

    def opened_since(self, position: PositionBook, moment: datetime) -> Decimal:
        """The quantity bought for a long position, or sold for a short one, since ``moment``."""
        is_long = position.quantity > ZERO
        return total(
            row.quantity
            for row in self.later
            if row.created_at >= moment and self.is_of(row, position) and (row.side is Side.BUY) is is_long
        )

    def is_of(self, execution: Execution, position: PositionBook) -> bool:
        """True if an execution was booked to a position."""
        if execution.instrument_id != position.instrument_id:
            return False
        return bucket_of_execution(execution, self.account.position_mode) is position.bucket

    def is_late(self, position: PositionBook) -> bool:
        """True if a position was traded after the day's end."""
        return any(row.created_at >= self.day.moment and self.is_of(row, position) for row in self.later)

    def adjust(
        self,
        position: PositionBook,
        kind: AdjustmentKind,
        *,
        action_id: UUID | None = None,
        factor: Decimal = ONE,
        unit: Decimal | None = None,
        price: Decimal | None = None,
        amount_per_unit: Decimal | None = None,
    ) -> None:
        """Adjust a position, and post the resulting cash.

        A position that was traded after the day's end is adjusted later, by ``replay_late``.
        """
        instrument = self.instruments[position.instrument_id]
        adjustment = PositionAdjustment(
            id=new_id(),
            account_id=self.account.id,
            instrument_id=instrument.id,
            bucket=position.bucket,
            kind=kind,
            day=self.day.day,
            place=self.day.day.toordinal() * _PLACES + len(self.adjustments),
            action_id=action_id,
            factor=factor,
            unit=unit,
            price=price,
            amount_per_unit=amount_per_unit,
            fx_rate=self._rate(instrument, position),
            created_at=self.work.now,
        )
        self.adjustments.append(adjustment)
        if not self.is_late(position):
            self.adjust_now(position, [adjustment])

    def adjust_now(self, position: PositionBook, adjustments: Iterable[PositionAdjustment]) -> None:
        """Apply adjustments to a position as it stands."""
        instrument = self.instruments[position.instrument_id]
        for adjustment in adjustments:
            adjustment.sequence = 0
            adjust(position, instrument, adjustment, self.work.now, currency=self.account.currency)
            self.account.realized_pnl += adjustment.realized_pnl
            if adjustment.cash:
                note = _note(adjustment, instrument)
                post(
                    self.account,
                    adjustment.transaction_kind,
                    adjustment.cash,
                    self.work.now,
                    PlatformPart.SETTLEMENT,
                    note=note,
                )

    def _rate(self, instrument: Instrument, position: PositionBook) -> Decimal:
        rate = newest_rate(self.account.currency, instrument, self.instruments, self.quote_of)
        return position.fx_rate if rate is None else rate


def _note(adjustment: PositionAdjustment, instrument: Instrument) -> str:
    """The note of an adjustment in the ledger, for people."""
    figures = {"at": adjustment.price, "per unit": adjustment.amount_per_unit}
    told = [f"{name} {plain(value)}" for name, value in figures.items() if value is not None]
    return " ".join([str(adjustment.kind), instrument.symbol, plain(adjustment.quantity_before), *told])
