"""Valuation of positions and accounts at given marks, pure. Formulas: the design page's "Accounts" section."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.accounts.types import AccountBook, AccountKind
from domain.kernel.money import to_cash, to_cash_up
from domain.kernel.numbers import ONE, ZERO, total
from domain.market.costs import gain, to_exact
from domain.market.rates import InstrumentIndex, QuoteOf
from domain.market.types import Instrument, Quote
from domain.positions.liquidation_price import Stake
from domain.positions.types import PositionBook
from domain.positions.values import AccountValue, PositionValue


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
