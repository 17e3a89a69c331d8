"""Accounts held in memory and valued again as quotes come, pure: each position only when its own mark or rate moves.

The cost of a quote is that of the positions which it touches, however many accounts there are and whatever else they
hold: sums over an account are kept by taking off what a position counted and adding what it counts now. They are exact,
so that they always equal what valuing everything anew gives.
"""

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.accounts.types import AccountBook
from domain.kernel.numbers import ZERO
from domain.market.rates import InstrumentIndex, QuoteOf
from domain.market.types import Instrument
from domain.positions.queries import PositionKey
from domain.positions.types import PositionBook
from domain.positions.valuation import (
    AccountValue,
    PositionValue,
    mark_price,
    newest_rate,
    value_account,
    value_position,
)

_Place = tuple[UUID, PositionKey]


@dataclass(slots=True)
class Figures:
    """What an account is worth, in its currency, without its positions one by one."""

    account: AccountBook
    market_value: Decimal = ZERO
    unrealized_pnl: Decimal = ZERO
    initial_margin: Decimal = ZERO
    maintenance_margin: Decimal = ZERO
    # What positions add to cash: spot its market value, derivatives their unrealised PnL.
    worth: Decimal = ZERO

    @property
    def equity(self) -> Decimal:
        """Cash and what positions add to it."""
        return self.account.cash + self.worth

    @property
    def available(self) -> Decimal:
        """What a new order may use."""
        if self.account.is_cash:
            return self.account.cash - self.account.reserved
        return self.equity - self.initial_margin - self.account.reserved

    def count(self, value: PositionValue) -> None:
        """Add what a position counts."""
        self.market_value += value.market_value
        self.unrealized_pnl += value.unrealized_pnl
        self.initial_margin += value.initial_margin
        self.maintenance_margin += value.maintenance_margin
        self.worth += value.unrealized_pnl if value.instrument.asset_class.is_derivative else value.market_value

    def uncount(self, value: PositionValue) -> None:
        """Take off what a position counted."""
        self.market_value -= value.market_value
        self.unrealized_pnl -= value.unrealized_pnl
        self.initial_margin -= value.initial_margin
        self.maintenance_margin -= value.maintenance_margin
        self.worth -= value.unrealized_pnl if value.instrument.asset_class.is_derivative else value.market_value


class Revaluation:
    """Any number of accounts with what they hold, at the newest quotes."""

    def __init__(self, instruments: Mapping[UUID, Instrument], quote_of: QuoteOf) -> None:
        self.instruments = instruments
        self._pairs = _index(instruments)
        self._quote_of = quote_of
        self._figures: dict[UUID, Figures] = {}
        self._values: dict[UUID, dict[PositionKey, PositionValue]] = {}
        # Which positions a symbol's mark values, and which it converts.
        self._marked: dict[str, dict[_Place, None]] = {}
        self._converted: dict[str, dict[_Place, None]] = {}

    @property
    def symbols(self) -> set[str]:
        """Whose quotes matter."""
        return self._marked.keys() | self._converted.keys()

    def put(self, account: AccountBook, positions: Iterable[PositionBook]) -> None:
        """Hold an account with all its positions, in place of what was held of it."""
        self.remove(account.id)
        self._figures[account.id] = Figures(account)
        self._values[account.id] = {}
        self.update(account.id, positions)

    def remove(self, account_id: UUID) -> None:
        """Hold an account no more."""
        for key, value in self._values.pop(account_id, {}).items():
            self._forget((account_id, key), value)
        self._figures.pop(account_id, None)

    def update(self, account_id: UUID, positions: Iterable[PositionBook]) -> None:
        """Take positions of a held account as they are now; one that has become flat stays, with nothing to value."""
        account, values = self._figures[account_id].account, self._values[account_id]
        known = len(values)
        for position in positions:
            key = (position.instrument_id, position.bucket)
            place = (account_id, key)
            before = values.get(key)
            if before is not None:
                self._forget(place, before)
            value = values[key] = self._valued(account, position)
            self._remember(place, value)
        if len(values) > known:
            # In the order in which the database gives them.
            self._values[account_id] = dict(sorted(values.items(), key=lambda item: item[1].id))

    def on_quote(self, symbol: str) -> Collection[UUID]:
        """Value again what a symbol's newest quote touches; the accounts whose figures have moved."""
        moved: dict[UUID, None] = {}
        mark = mark_price(self._quote_of(symbol))
        for place in self._marked.get(symbol, ()):
            before = self._values[place[0]][place[1]]
            if before.mark_price != mark:
                self._replace(place, before, mark, before.fx_rate)
                moved[place[0]] = None
        for place in self._converted.get(symbol, ()):
            before = self._values[place[0]][place[1]]
            rate = self._rate(self._figures[place[0]].account, before.position, before.instrument)
            if rate != before.fx_rate:
                self._replace(place, before, before.mark_price, rate)
                moved[place[0]] = None
        return moved.keys()

    def relearn(self, instruments: Mapping[UUID, Instrument]) -> None:
        """Value everything by other terms of instruments."""
        held = [
            (figures.account, [value.position for value in self._values[account_id].values()])
            for account_id, figures in self._figures.items()
        ]
        self.instruments, self._pairs = instruments, _index(instruments)
        self._figures, self._values, self._marked, self._converted = {}, {}, {}, {}
        for account, positions in held:
            self.put(account, positions)

    def figures(self, account_id: UUID) -> Figures:
        """What an account is worth; they change with the next quote, so nobody keeps them."""
        return self._figures[account_id]

    def value(self, account_id: UUID) -> AccountValue:
        """What an account is worth with all its positions, as a value that stays as it is."""
        account = copy(self._figures[account_id].account)
        account.transactions, account.events = [], []
        return value_account(account, [copy(value) for value in self._values[account_id].values()])

    def _replace(self, place: _Place, before: PositionValue, mark: Decimal | None, rate: Decimal) -> None:
        figures = self._figures[place[0]]
        value = value_position(figures.account.kind, before.position, before.instrument, mark, rate)
        figures.uncount(before)
        figures.count(value)
        self._values[place[0]][place[1]] = value

    def _valued(self, account: AccountBook, position: PositionBook) -> PositionValue:
        instrument = self.instruments[position.instrument_id]
        mark = mark_price(self._quote_of(instrument.symbol))
        return value_position(account.kind, position, instrument, mark, self._rate(account, position, instrument))

    def _rate(self, account: AccountBook, position: PositionBook, instrument: Instrument) -> Decimal:
        return newest_rate(account.currency, instrument, self._pairs, self._quote_of) or position.fx_rate

    def _remember(self, place: _Place, value: PositionValue) -> None:
        if not value.position.quantity:
            return
        self._figures[place[0]].count(value)
        self._marked.setdefault(value.symbol, {})[place] = None
        for symbol in self._converting(place[0], value.instrument):
            self._converted.setdefault(symbol, {})[place] = None

    def _forget(self, place: _Place, value: PositionValue) -> None:
        if not value.position.quantity:
            return
        self._figures[place[0]].uncount(value)
        _drop(self._marked, value.symbol, place)
        for symbol in self._converting(place[0], value.instrument):
            _drop(self._converted, symbol, place)

    def _converting(self, account_id: UUID, instrument: Instrument) -> Collection[str]:
        """The symbols whose quotes may say what the instrument's currency is in the account's."""
        currency = self._figures[account_id].account.currency
        return () if instrument.currency == currency else self._pairs.pairs.symbols(instrument.currency, currency)


def _index(instruments: Mapping[UUID, Instrument]) -> InstrumentIndex:
    return instruments if isinstance(instruments, InstrumentIndex) else InstrumentIndex(instruments)


def _drop(index: dict[str, dict[_Place, None]], symbol: str, place: _Place) -> None:
    places = index[symbol]
    del places[place]
    if not places:
        del index[symbol]
