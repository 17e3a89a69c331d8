"""Words and values of the settlement area: a day of the market, and what a day did to an account."""

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
    """A day that the market has closed, at ``moment``; ``following`` is the day that begins then.

    ``prices`` are what instruments closed at, as the corporate actions leave them that begin with the following day.
    """

    day: date
    following: date
    moment: datetime
    prices: Mapping[UUID, Decimal]
    actions: tuple[CorporateAction, ...] = ()

    def quote_of(self, instrument: Instrument | None) -> Quote | None:
        """The day's last price as a quote, None where it is not known: what everything is valued at."""
        price = self.prices.get(instrument.id) if instrument is not None else None
        if instrument is None or price is None:
            return None
        at = Nanos(Nanos.of(self.moment) - NANOS_PER_SECOND)
        return Quote(instrument.symbol, at, bid=price, ask=price, last=price)


@dataclass(frozen=True, slots=True)
class DayFlows:
    """Sums of an account's transactions within a day, by what they are; fees and taxes above zero when paid."""

    deposits: Decimal
    withdrawals: Decimal
    fees: Decimal
    taxes: Decimal
    financing: Decimal
    dividends: Decimal


@dataclass(frozen=True, slots=True)
class DailyStatement:
    """What a day did to an account, in its currency; it always adds up (see ``statement.is_balanced``).

    ``moment`` is the day roll that ended the day. ``realized_total`` is the account's realised PnL since it was opened;
    up to ``event_sequence`` and ``transaction_sequence`` the account's events and transactions belong to this day or to
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
