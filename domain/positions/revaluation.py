"""Revaluation of accounts in memory as quotes come, pure: each position only when its own mark or rate moves.

A quote costs only the work for the positions in its symbol, however many accounts there are. A linear position moves
with its mark: a step of the mark adds ``quantity x multiplier x rate x step`` to the sums of its account. For every
other change the old value is subtracted and the new one added. Sums are exact: they equal a full valuation before each
position is rounded for display.
"""

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.accounts.types import AccountBook, AccountKind
from domain.kernel.numbers import ZERO
from domain.market.rates import InstrumentIndex, QuoteOf
from domain.market.types import Instrument
from domain.positions.types import PositionBook, PositionKey
from domain.positions.valuation import Worth, mark_price, newest_rate, value_account, value_position, worth_of
from domain.positions.values import AccountValue, PositionValue


@dataclass(slots=True, eq=False)
class Figures:
    """The figures of an account, in its currency, without single positions."""

    account: AccountBook
    market_value: Decimal = ZERO
    unrealized_pnl: Decimal = ZERO
    initial_margin: Decimal = ZERO
    maintenance_margin: Decimal = ZERO
    # What positions add to cash: spot its market value, derivatives their unrealised PnL.
    worth: Decimal = ZERO

    @property
    def equity(self) -> Decimal:
        """Cash plus the positions' contribution."""
        return self.account.cash + self.worth

    @property
    def available(self) -> Decimal:
        """The funds that a new order may use."""
        if self.account.is_cash:
            return self.account.cash - self.account.reserved
        return self.equity - self.initial_margin - self.account.reserved

    def add(self, instrument: Instrument, value: Worth, sign: int) -> None:
        """Add a position's contribution, or with -1 subtract it."""
        self.market_value += sign * value.market_value
        self.unrealized_pnl += sign * value.unrealized_pnl
        self.initial_margin += sign * value.initial_margin
        self.maintenance_margin += sign * value.maintenance_margin
        is_derivative = instrument.asset_class.is_derivative
        self.worth += sign * (value.unrealized_pnl if is_derivative else value.market_value)


@dataclass(slots=True, eq=False)
class _Entry:
    """A position in the sums of its account, at ``mark`` and ``rate``.

    ``unit`` is the change of its value when the mark rises by one, ``initial`` and ``maintenance`` the changes of its
    margins; they hold while it ``is_linear``: no inverse contract, and a mark above zero. ``told`` is its newest value,
    which may be of an earlier mark.
    """

    figures: Figures
    position: PositionBook
    instrument: Instrument
    mark: Decimal | None
    rate: Decimal
    unit: Decimal
    initial: Decimal
    maintenance: Decimal
    is_linear: bool
    told: PositionValue | None = None

    @classmethod
    def of(
        cls, figures: Figures, position: PositionBook, instrument: Instrument, mark: Decimal | None, rate: Decimal
    ) -> "_Entry":
        """An entry of a position that is not in the sums yet."""
        kind = figures.account.kind
        unit = position.quantity * instrument.multiplier * rate
        exposure = abs(unit) if kind is AccountKind.MARGIN else ZERO
        return cls(
            figures,
            position,
            instrument,
            mark,
            rate,
            unit,
            exposure * instrument.initial_margin_rate,
            exposure * instrument.maintenance_margin_rate,
            not instrument.inverse and mark is not None and mark > ZERO,
        )

    def worth(self) -> Worth:
        """Its exact contribution."""
        return worth_of(self.figures.account.kind, self.position, self.instrument, self.mark, self.rate)

    def value(self) -> PositionValue:
        """Its value."""
        if self.told is None or self.told.mark_price != self.mark:
            self.told = value_position(self.figures.account, self.position, self.instrument, self.mark, self.rate)
        return self.told


_Index = dict[str, dict[_Entry, None]]


class Revaluation:
    """Any number of accounts with their positions, at the newest quotes."""

    def __init__(self, instruments: Mapping[UUID, Instrument], quote_of: QuoteOf) -> None:
        self.instruments = instruments
        self._pairs = _index(instruments)
        self._quote_of = quote_of
        self._figures: dict[UUID, Figures] = {}
        self._entries: dict[UUID, dict[PositionKey, _Entry]] = {}
        # Which positions a symbol's mark values, and which it converts.
        self._marked: _Index = {}
        self._converted: _Index = {}

    @property
    def symbols(self) -> set[str]:
        """The symbols whose quotes change the value of an account."""
        return self._marked.keys() | self._converted.keys()

    def put(self, account: AccountBook, positions: Iterable[PositionBook]) -> None:
        """Add an account with all its positions, or replace it."""
        self.remove(account.id)
        self._figures[account.id] = Figures(account)
        self._entries[account.id] = {}
        self.update(account.id, positions)

    def remove(self, account_id: UUID) -> None:
        """Remove an account."""
        for entry in self._entries.pop(account_id, {}).values():
            self._forget(entry)
        self._figures.pop(account_id, None)

    def update(self, account_id: UUID, positions: Iterable[PositionBook]) -> None:
        """Replace positions of an account; a flat one stays, with nothing to value."""
        figures, entries = self._figures[account_id], self._entries[account_id]
        known = len(entries)
        for position in positions:
            key = (position.instrument_id, position.bucket)
            if key in entries:
                self._forget(entries[key])
            instrument = self.instruments[position.instrument_id]
            mark = mark_price(self._quote_of(instrument.symbol))
            rate = self._rate(figures.account, position, instrument)
            entries[key] = _Entry.of(figures, position, instrument, mark, rate)
            self._remember(entries[key])
        if len(entries) > known:
            # In the order in which the database gives them.
            self._entries[account_id] = dict(sorted(entries.items(), key=lambda item: item[1].position.id))

    def on_quote(self, symbol: str) -> list[Figures]:
        """Revalue the positions that a symbol's newest quote changes, and return their accounts, one entry per leg."""
        moved = []
        mark = mark_price(self._quote_of(symbol))
        is_linear = mark is not None and mark > ZERO
        for entry in self._marked.get(symbol, ()):
            before = entry.mark
            if before == mark:
                continue
            figures = entry.figures
            if is_linear and entry.is_linear:
                step = mark - before  # type: ignore[operator]  # both are there where they are linear
                gain = entry.unit * step
                figures.market_value += gain
                figures.unrealized_pnl += gain
                figures.worth += gain
                if entry.initial:
                    figures.initial_margin += entry.initial * step
                    figures.maintenance_margin += entry.maintenance * step
                entry.mark = mark
            else:
                self._replace(entry, mark, entry.rate)
            moved.append(figures)
        return moved + self._convert(symbol) if symbol in self._converted else moved

    def _convert(self, symbol: str) -> list[Figures]:
        moved = []
        for entry in self._converted[symbol]:
            rate = self._rate(entry.figures.account, entry.position, entry.instrument)
            if rate != entry.rate:
                self._replace(entry, entry.mark, rate)
                moved.append(entry.figures)
        return moved

    def relearn(self, instruments: Mapping[UUID, Instrument]) -> None:
        """Revalue everything by new terms of instruments."""
        held = [
            (figures.account, [entry.position for entry in self._entries[account_id].values()])
            for account_id, figures in self._figures.items()
        ]
        self.instruments, self._pairs = instruments, _index(instruments)
        self._figures, self._entries, self._marked, self._converted = {}, {}, {}, {}
        for account, positions in held:
            self.put(account, positions)

    def figures(self, account_id: UUID) -> Figures:
        """The figures of an account; they change with the next quote, so callers must not keep them."""
        return self._figures[account_id]

    def value(self, account_id: UUID) -> AccountValue:
        """The value of an account with all its positions, as a value that never changes."""
        account = copy(self._figures[account_id].account)
        account.transactions, account.events = [], []
        return value_account(account, [copy(entry.value()) for entry in self._entries[account_id].values()])

    def _replace(self, entry: _Entry, mark: Decimal | None, rate: Decimal) -> None:
        """Set another mark or rate of a position and update the sums."""
        figures = entry.figures
        figures.add(entry.instrument, entry.worth(), -1)
        again = _Entry.of(figures, entry.position, entry.instrument, mark, rate)
        figures.add(again.instrument, again.worth(), 1)
        for name in ("mark", "rate", "told", "unit", "initial", "maintenance", "is_linear"):
            setattr(entry, name, getattr(again, name))

    def _rate(self, account: AccountBook, position: PositionBook, instrument: Instrument) -> Decimal:
        return newest_rate(account.currency, instrument, self._pairs, self._quote_of) or position.fx_rate

    def _remember(self, entry: _Entry) -> None:
        if not entry.position.quantity:
            return
        entry.figures.add(entry.instrument, entry.worth(), 1)
        self._marked.setdefault(entry.instrument.symbol, {})[entry] = None
        for symbol in self._converting(entry):
            self._converted.setdefault(symbol, {})[entry] = None

    def _forget(self, entry: _Entry) -> None:
        if not entry.position.quantity:
            return
        entry.figures.add(entry.instrument, entry.worth(), -1)
        _drop(self._marked, entry.instrument.symbol, entry)
        for symbol in self._converting(entry):
            _drop(self._converted, symbol, entry)

    def _converting(self, entry: _Entry) -> Collection[str]:
        """The symbols whose quotes may convert the instrument's currency into the account's."""
        source, target = entry.instrument.currency, entry.figures.account.currency
        return () if source == target else self._pairs.pairs.symbols(source, target)


def _index(instruments: Mapping[UUID, Instrument]) -> InstrumentIndex:
    return instruments if isinstance(instruments, InstrumentIndex) else InstrumentIndex(instruments)


def _drop(index: _Index, symbol: str, entry: _Entry) -> None:
    entries = index[symbol]
    del entries[entry]
    if not entries:
        del index[symbol]
