"""Types of the settlement area: a market day, and the daily statement of an account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.actions import CorporateAction
from domain.market.types import Instrument, Quote
from domain.positions.history_types import PositionSnapshot


@dataclass(frozen=True, slots=True)
class MarketDay:
    """A closed market day, ended at ``moment``; ``following`` is the day that begins then.

    ``prices`` are the closing prices of instruments, restated by the corporate actions of the following day.
    """

    day: date
    following: date
    moment: datetime
    prices: Mapping[UUID, Decimal]
    actions: tuple[CorporateAction, ...] = ()

    def quote_of(self, instrument: Instrument | None) -> Quote | None:
        """The day's last price as a quote, None where it is unknown: the valuation price of everything."""
        price = self.prices.get(instrument.id) if instrument is not None else None
        if instrument is None or price is None:
            return None
        at = Nanos(Nanos.of(self.moment) - NANOS_PER_SECOND)
        return Quote(instrument.symbol, at, bid=price, ask=price, last=price)


@dataclass(frozen=True, slots=True)
class DayFlows:
    """Sums of an account's transactions within a day, by kind; fees and taxes above zero when paid."""

    deposits: Decimal
    withdrawals: Decimal
    fees: Decimal
    taxes: Decimal
    financing: Decimal
    dividends: Decimal


@dataclass(frozen=True, slots=True)
class DailyStatement:
    """An account's day in figures, in its currency; it always adds up (see ``statement.is_balanced``).

    ``moment`` is the day roll that ended the day. ``realized_total`` is the account's realised PnL since its opening;
    the account's events and transactions up to ``event_sequence`` and ``transaction_sequence`` belong to this day or to
    earlier ones.
    """

    account_id: UUID
    day: date
    moment: datetime
    opening_equity: Decimal
    deposits: Decimal
    withdrawals: Decimal
    realized_pnl: Decimal
    unrealized_pnl_change: Decimal
    fees: Decimal
    taxes: Decimal
    financing: Decimal
    dividends: Decimal
    closing_equity: Decimal
    executions: int
    realized_total: Decimal
    event_sequence: int
    transaction_sequence: int
    positions: tuple[PositionSnapshot, ...] = field(default=())
