"""Valuation of positions and accounts at given marks, pure. Formulas: the design page's "Accounts" section."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.accounts.types import AccountBook, AccountKind, AccountState, PositionMode
from domain.kernel.money import to_cash, to_cash_up
from domain.kernel.numbers import ONE, ZERO, total
from domain.market.costs import gain, to_exact, to_price
from domain.market.rates import InstrumentIndex, QuoteOf
from domain.market.types import Instrument, Quote
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


def mark_price(quote: Quote | None) -> Decimal | None:
    """The valuation price of a position, None when it was never quoted."""
    return quote.mark if quote is not None else None


@dataclass(frozen=True, slots=True)
class Worth:
    """The exact contribution of a position in the account's currency; quotients have 24 decimals."""

    market_value: Decimal
    unrealized_pnl: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal


_NOTHING = Worth(ZERO, ZERO, ZERO, ZERO)


def worth_of(
    kind: AccountKind, position: PositionBook, instrument: Instrument, mark: Decimal | None, rate: Decimal
) -> Worth:
    """Value one position exactly; a CASH account uses no margin. Without a mark it is valued at cost."""
    if position.quantity == ZERO:
        return _NOTHING
    if mark is None or (instrument.inverse and mark <= ZERO):
        value, pnl = position.cost * instrument.multiplier * rate, ZERO
    else:
        value = to_exact(instrument.notional(position.quantity, mark)) * rate
        pnl = to_exact(gain(instrument, position.quantity, position.cost, mark)) * rate
    exposure = abs(value) if kind is AccountKind.MARGIN else ZERO
    return Worth(value, pnl, exposure * instrument.initial_margin_rate, exposure * instrument.maintenance_margin_rate)


def value_position(
    account: AccountBook, position: PositionBook, instrument: Instrument, mark: Decimal | None, rate: Decimal = ONE
) -> PositionValue:
    """Value one position in whole units of its account's currency; the account's figures are sums of these.

    ``rate`` converts the instrument's currency into the account's.
    """
    currency, worth = account.currency, worth_of(account.kind, position, instrument, mark, rate)
    return PositionValue(
        position=position,
        instrument=instrument,
        mark_price=mark,
        market_value=to_cash(worth.market_value, currency),
        unrealized_pnl=to_cash(worth.unrealized_pnl, currency),
        initial_margin=to_cash(worth.initial_margin, currency),
        maintenance_margin=to_cash(worth.maintenance_margin, currency),
        fx_rate=rate,
    )


def value_account(account: AccountBook, values: Iterable[PositionValue]) -> AccountValue:
    """Value an account from its valued positions."""
    positions = tuple(values)
    equity = account.cash + total(
        value.unrealized_pnl if value.instrument.asset_class.is_derivative else value.market_value
        for value in positions
    )
    if equity > ZERO:
        for value in positions:
            value.weight = float(value.market_value / equity)
    initial = total(value.initial_margin for value in positions)
    maintenance = total(value.maintenance_margin for value in positions)
    reserved = to_cash_up(account.reserved, account.currency)
    if account.kind is AccountKind.CASH:
        available = account.cash - reserved
    else:
        available = equity - initial - reserved
        _set_stakes(positions, equity - maintenance)
    return AccountValue(
        account=account,
        positions=positions,
        market_value=total(value.market_value for value in positions),
        unrealized_pnl=total(value.unrealized_pnl for value in positions),
        initial_margin=initial,
        maintenance_margin=maintenance,
        equity=equity,
        available=available,
    )


def _set_stakes(positions: Iterable[PositionValue], cushion: Decimal) -> None:
    """Set the stake of each position: both legs of a hedging account share a price."""
    legs: dict[UUID, Stake] = {}
    held = [value for value in positions if value.position.quantity]
    for value in held:
        quantity, before = value.position.quantity, legs.get(value.instrument.id)
        net, gross = (before.net, before.gross) if before is not None else (ZERO, ZERO)
        legs[value.instrument.id] = Stake(net + quantity, gross + abs(quantity), cushion)
    for value in held:
        value.stake = legs[value.instrument.id]


def value_all(
    account: AccountBook,
    positions: Iterable[PositionBook],
    instruments: Mapping[UUID, Instrument],
    quote_of: QuoteOf,
) -> AccountValue:
    """Value an account from its positions, the terms of their instruments and the newest quotes.

    ``instruments`` are all that exist: currency pairs are found among them.
    """
    values = []
    for position in positions:
        instrument = instruments[position.instrument_id]
        mark = mark_price(quote_of(instrument.symbol))
        rate = newest_rate(account.currency, instrument, instruments, quote_of) or position.fx_rate
        values.append(value_position(account, position, instrument, mark, rate))
    return value_account(account, values)


def newest_rate(
    currency: str, instrument: Instrument, instruments: Mapping[UUID, Instrument], quote_of: QuoteOf
) -> Decimal | None:
    """One unit of the instrument's currency in ``currency`` by the newest quotes; None without one."""
    if instrument.currency == currency:
        return ONE
    index = instruments if isinstance(instruments, InstrumentIndex) else InstrumentIndex(instruments)
    return index.pairs.rate(instrument.currency, currency, quote_of)
