"""One account at the end of a day: what its steps work on, and what they leave to be written."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from domain.accounts.rules import post
from domain.accounts.types import AccountBook
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, plain
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.market import Market
from domain.market.rates import InstrumentIndex
from domain.market.types import Instrument, Quote
from domain.orders.order import Order
from domain.orders.trading_book import TradingBook
from domain.positions.adjustments import AdjustmentKind, PositionAdjustment, adjust
from domain.positions.queries import PositionKey
from domain.positions.types import PositionBook
from domain.positions.valuation import AccountValue, newest_rate, value_all
from domain.settlement.types import DailyStatement, MarketDay


@dataclass(slots=True)
class AccountRoll:
    """A locked account, what it holds and its open orders where they are concerned, at the end of ``day``.

    ``before`` is the statement of the day before, None for the first. ``commands`` are what venues will be asked.
    """

    work: UnitOfWork
    market: Market
    day: MarketDay
    instruments: InstrumentIndex
    account: AccountBook
    positions: dict[PositionKey, PositionBook]
    orders: list[Order]
    before: DailyStatement | None
    adjustments: list[PositionAdjustment] = field(default_factory=list)
    changed: dict[UUID, Order] = field(default_factory=dict)
    commands: list[tuple[str, Order]] = field(default_factory=list)
    statement: DailyStatement | None = None

    @property
    def book(self) -> TradingBook:
        """The account and its positions, as orders are held on them."""
        return TradingBook(self.account, self.positions, None)

    @property
    def held(self) -> list[PositionBook]:
        """The positions that are not flat, in the order in which they were made."""
        return sorted((row for row in self.positions.values() if row.quantity), key=lambda row: row.id)

    def quote_of(self, symbol: str) -> Quote | None:
        """The day's closing price of a symbol."""
        return self.day.quote_of(self.market.instrument(symbol))

    def value(self) -> AccountValue:
        """The account at the day's closing prices."""
        return value_all(self.account, self.positions.values(), self.instruments, self.quote_of)

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
        """Change a position without an execution, and move the money that comes of it."""
        instrument = self.instruments[position.instrument_id]
        adjustment = PositionAdjustment(
            id=new_id(),
            account_id=self.account.id,
            instrument_id=instrument.id,
            bucket=position.bucket,
            kind=kind,
            day=self.day.day,
            place=len(self.adjustments),
            action_id=action_id,
            factor=factor,
            unit=unit,
            price=price,
            amount_per_unit=amount_per_unit,
            fx_rate=self._rate(instrument, position),
            created_at=self.work.now,
        )
        adjust(position, instrument, adjustment, self.work.now)
        self.account.realized_pnl += adjustment.realized_pnl
        self.adjustments.append(adjustment)
        if adjustment.cash:
            post(
                self.account,
                adjustment.transaction_kind,
                adjustment.cash,
                self.work.now,
                note=_note(adjustment, instrument),
            )

    def _rate(self, instrument: Instrument, position: PositionBook) -> Decimal:
        rate = newest_rate(self.account.currency, instrument, self.instruments, self.quote_of)
        return position.fx_rate if rate is None else rate


def _note(adjustment: PositionAdjustment, instrument: Instrument) -> str:
    """What the ledger says of an adjustment, for people."""
    figures = {"at": adjustment.price, "per unit": adjustment.amount_per_unit}
    told = [f"{name} {plain(value)}" for name, value in figures.items() if value is not None]
    return " ".join([str(adjustment.kind), instrument.symbol, plain(adjustment.quantity_before), *told])
