"""Positions and accounts with their figures at given marks, pure: the values that ``valuation`` makes."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.accounts.types import AccountBook, AccountKind, AccountState, PositionMode
from domain.kernel.money import to_cash_up
from domain.kernel.numbers import ONE, ZERO
from domain.market.costs import to_price
from domain.market.types import Instrument
from domain.positions.closable import closable, frozen
from domain.positions.holds import Hold
from domain.positions.liquidation_price import Stake, liquidation_price
from domain.positions.types import PositionBook, PositionSide


@dataclass(slots=True)
class PositionValue:
    """A position at its mark; without a mark it is valued at cost.

    Money is in whole units of the account's currency, the average in the decimals of the instrument's prices.
    ``fx_rate`` converts the instrument's currency into the account's: the newest rate, or else that of the position's
    last execution. ``weight`` is its share of the account's equity, None while that is not above zero; ``stake`` holds
    the inputs of the liquidation price in a MARGIN account.
    """

    position: PositionBook
    instrument: Instrument
    mark_price: Decimal | None
    market_value: Decimal
    unrealized_pnl: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    fx_rate: Decimal = ONE
    weight: float | None = None
    stake: Stake | None = None

    @property
    def id(self) -> UUID:
        """Identifier of the position."""
        return self.position.id

    @property
    def account_id(self) -> UUID:
        """The account that holds it."""
        return self.position.account_id

    @property
    def symbol(self) -> str:
        """Symbol of the instrument."""
        return self.instrument.symbol

    @property
    def side(self) -> PositionSide:
        """Direction of the position."""
        return self.position.side

    @property
    def quantity(self) -> Decimal:
        """Signed quantity."""
        return self.position.quantity

    @property
    def frozen(self) -> Decimal:
        """Quantity that cannot be closed now."""
        return frozen(self.position, self.instrument)

    @property
    def closable(self) -> Decimal:
        """Quantity that a new order may close."""
        return closable(self.position, self.instrument)

    @property
    def freezes(self) -> list[Hold]:
        """Parts frozen by hand, by rank of the author."""
        return self.position.holds.parts()

    @property
    def today_quantity(self) -> Decimal:
        """Quantity opened since the day roll."""
        return self.position.today_quantity

    @property
    def average_price(self) -> Decimal:
        """Entry price: the cost, divided last."""
        return to_price(self.position.average_price, self.instrument.tick_size)

    @property
    def realized_pnl(self) -> Decimal:
        """Gross of fees, since the first trade."""
        return self.position.realized_pnl

    @property
    def fees_paid(self) -> Decimal:
        """Fees and taxes of its executions."""
        return self.position.fees_paid

    @property
    def liquidation_price(self) -> Decimal | None:
        """Price at which the account would be liquidated if no other price moved.

        None without one or without a mark.
        """
        if self.stake is None or self.mark_price is None or self.position.quantity == ZERO:
            return None
        return liquidation_price(self.instrument, self.stake, self.mark_price, self.fx_rate)

    @property
    def opened_at(self) -> datetime | None:
        """Time of the first fill of the present (or last) position."""
        return self.position.opened_at

    @property
    def closed_at(self) -> datetime | None:
        """Time at which it became flat; None while it is open."""
        return self.position.closed_at

    @property
    def updated_at(self) -> datetime:
        """Last change of the position or its working orders."""
        assert self.position.updated_at is not None, "a position that clients read is stored"
        return self.position.updated_at


@dataclass(frozen=True, slots=True)
class AccountValue:
    """An account at the marks of its positions, in its currency."""

    account: AccountBook
    positions: tuple[PositionValue, ...]
    market_value: Decimal
    unrealized_pnl: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    equity: Decimal
    available: Decimal

    @property
    def id(self) -> UUID:
        """Identifier of the account."""
        return self.account.id

    @property
    def owner_id(self) -> UUID:
        """Owner of the account."""
        return self.account.owner_id

    @property
    def name(self) -> str:
        """Display name."""
        return self.account.name

    @property
    def venue(self) -> str:
        """Venue that its orders go to."""
        return self.account.venue

    @property
    def kind(self) -> AccountKind:
        """CASH or MARGIN."""
        return self.account.kind

    @property
    def position_mode(self) -> PositionMode:
        """NETTING or HEDGING."""
        return self.account.position_mode

    @property
    def state(self) -> AccountState:
        """State: ACTIVE, REDUCE_ONLY, HALTED or CLOSED."""
        return self.account.state

    @property
    def state_by(self) -> str | None:
        """Author of the last change of state: an email, or a part of the platform."""
        return self.account.state_by

    @property
    def state_reason(self) -> str | None:
        """Reason of the last change of state."""
        return self.account.state_reason

    @property
    def currency(self) -> str:
        """Currency of all its amounts."""
        return self.account.currency

    @property
    def cash(self) -> Decimal:
        """Sum of its transactions."""
        return self.account.cash

    @property
    def reserved(self) -> Decimal:
        """Reserved for working orders."""
        return to_cash_up(self.account.reserved, self.account.currency)

    @property
    def realized_pnl(self) -> Decimal:
        """Gross of fees, since it was opened."""
        return self.account.realized_pnl

    @property
    def fees_paid(self) -> Decimal:
        """Fees and taxes since it was opened."""
        return self.account.fees_paid

    @property
    def created_at(self) -> datetime:
        """Time of its opening."""
        return self.account.created_at

    @property
    def margin_ratio(self) -> Decimal | None:
        """Equity over maintenance margin; None while no margin is in use."""
        if self.maintenance_margin == ZERO:
            return None
        return round(self.equity / self.maintenance_margin, 12)

    @property
    def buying_power(self) -> Decimal:
        """Funds that new orders may reserve: never negative."""
        return max(ZERO, self.available)

    @property
    def day_pnl(self) -> Decimal:
        """Change of equity since the day roll, without deposits and withdrawals."""
        return self.equity - self.account.day_opening_equity - self.account.day_transfers
