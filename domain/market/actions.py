"""Corporate actions, pure: their kinds, their validation, and their effect on prices.

An action takes effect with the platform's day of its ex-date. Positions held before the day begins receive it, and
prices of the day before are restated, so that no profit or loss appears overnight.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.kernel.errors import BadInput
from domain.kernel.numbers import ONE, ZERO, within_bounds
from domain.market.costs import to_average
from domain.market.rules import SYMBOL
from domain.market.types import AssetClass, Instrument, Quote

# A split of a thousand to one has been seen; a million to one is a slip of the finger.
MAX_FACTOR = Decimal(1_000_000)
_SHARES = frozenset({AssetClass.EQUITY, AssetClass.ETF})


class CorporateActionKind(StrEnum):
    """The kind of a corporate action."""

    SPLIT = "SPLIT"
    CASH_DIVIDEND = "CASH_DIVIDEND"
    STOCK_DIVIDEND = "STOCK_DIVIDEND"
    SYMBOL_CHANGE = "SYMBOL_CHANGE"
    DELISTING = "DELISTING"


K = CorporateActionKind
# The order in which actions of one day take effect: dividends are declared on what is held before a split.
ORDER = (K.CASH_DIVIDEND, K.STOCK_DIVIDEND, K.SPLIT, K.SYMBOL_CHANGE, K.DELISTING)
_ASSET_CLASSES = {
    K.SPLIT: _SHARES | {AssetClass.CRYPTO},
    K.STOCK_DIVIDEND: _SHARES | {AssetClass.CRYPTO},
    K.CASH_DIVIDEND: _SHARES,
    K.SYMBOL_CHANGE: frozenset(AssetClass),
    K.DELISTING: frozenset(AssetClass),
}
# Which figure says what; the others must be left out. A delisting may do without its price.
_FIGURES = {
    K.SPLIT: "ratio",
    K.STOCK_DIVIDEND: "ratio",
    K.CASH_DIVIDEND: "amountPerUnit",
    K.SYMBOL_CHANGE: "newSymbol",
    K.DELISTING: "amountPerUnit",
}


@dataclass(frozen=True, slots=True)
class NewAction:
    """A corporate action to record.

    ``ratio``: new units per old unit of a split, or units paid per unit of a stock dividend.

    ``amount_per_unit``: the money per unit of a cash dividend, or the price at which a delisting closes positions;
    without it they are frozen. In the instrument's currency.
    """

    symbol: str
    kind: CorporateActionKind
    ex_date: date
    ratio: Decimal | None = None
    amount_per_unit: Decimal | None = None
    new_symbol: str | None = None


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """A recorded action. ``effective_at`` is the day roll with which it took effect in the market, None before.

    ``applied_at`` is the time at which it was applied to the last account, ``accounts_affected`` the number of accounts
    with a position.
    """

    id: UUID
    instrument_id: UUID
    symbol: str
    kind: CorporateActionKind
    ex_date: date
    ratio: Decimal | None
    amount_per_unit: Decimal | None
    new_symbol: str | None
    created_at: datetime
    effective_at: datetime | None = None
    applied_at: datetime | None = None
    accounts_affected: int = 0

    @property
    def factor(self) -> Decimal:
        """Units after it per unit before it."""
        if self.kind is K.SPLIT:
            assert self.ratio is not None
            return self.ratio
        if self.kind is K.STOCK_DIVIDEND:
            assert self.ratio is not None
            return ONE + self.ratio
        return ONE

    @property
    def dividend(self) -> Decimal:
        """Money that it takes off the price of a unit."""
        return self.amount_per_unit or ZERO if self.kind is K.CASH_DIVIDEND else ZERO

    def says(self, given: NewAction) -> bool:
        """True if ``given`` has the same content as this action."""
        return (self.ratio, self.amount_per_unit, self.new_symbol) == (
            given.ratio,
            given.amount_per_unit,
            given.new_symbol,
        )


def check_action(given: NewAction, instrument: Instrument, first_day: date) -> None:
    """Validate an action. ``first_day`` is the first day whose day roll is still to come.

    Raises:
        BadInput: names the first bad field.
    """
    if instrument.asset_class not in _ASSET_CLASSES[given.kind]:
        raise BadInput(f"A {given.kind} cannot be recorded for the asset class {instrument.asset_class}.", field="kind")
    if given.ex_date < first_day:
        raise BadInput(f"This day has begun already: the earliest possible day is {first_day}.", field="exDate")
    wanted = _FIGURES[given.kind]
    figures = {"ratio": given.ratio, "amountPerUnit": given.amount_per_unit, "newSymbol": given.new_symbol}
    for field, value in figures.items():
        if field != wanted and value is not None:
            raise BadInput(f"A {given.kind} has no {field}.", field=field)
        if field == wanted and value is None and given.kind is not K.DELISTING:
            raise BadInput(f"A {given.kind} needs the field {field}.", field=field)
    _check_figures(given, instrument)


def _check_figures(given: NewAction, instrument: Instrument) -> None:
    ratio, amount, symbol = given.ratio, given.amount_per_unit, given.new_symbol
    if ratio is not None:
        if not (within_bounds(ratio) and ONE / MAX_FACTOR <= ratio <= MAX_FACTOR):
            raise BadInput("A ratio lies between one millionth and one million.", field="ratio")
        if given.kind is K.SPLIT and ratio == ONE:
            raise BadInput("A split of one to one changes nothing.", field="ratio")
    if amount is not None:
        # Futures have settled below zero, and a share that is worth nothing is closed at zero.
        may_be_negative = given.kind is K.DELISTING and instrument.asset_class is AssetClass.FUTURE
        if not within_bounds(amount) or (amount < ZERO and not may_be_negative):
            raise BadInput("The amount must not be below zero.", field="amountPerUnit")
        if amount == ZERO and (given.kind is K.CASH_DIVIDEND or instrument.inverse):
            raise BadInput("The amount must be above zero.", field="amountPerUnit")
    if symbol is not None and (not SYMBOL.fullmatch(symbol) or symbol == instrument.symbol):
        raise BadInput(
            "A new symbol differs from the old one and has 1 to 40 letters, digits and . _ : / = + & ^ - .",
            field="newSymbol",
        )


def in_order(actions: Iterable[CorporateAction]) -> list[CorporateAction]:
    """Actions in the order in which they take effect."""
    return sorted(actions, key=lambda action: (action.ex_date, ORDER.index(action.kind), action.id))


def restated_price(price: Decimal, action: CorporateAction) -> Decimal:
    """The theoretical ex-price: a price of the day before, after ``action``; not on the tick grid.

    A dividend is subtracted, a factor divides. A dividend above the price gives zero.
    """
    return max(ZERO, price - action.dividend) / action.factor


def restated_quote(quote: Quote, actions: Iterable[CorporateAction]) -> Quote:
    """A quote of the day before, after ``actions``: prices, sizes and the symbol."""
    for action in actions:
        if action.kind is K.SYMBOL_CHANGE and action.new_symbol is not None:
            quote = replace(quote, symbol=action.new_symbol)
        if action.factor != ONE or action.dividend:
            quote = replace(
                quote,
                bid=_each(quote.bid, action, restated_price),
                ask=_each(quote.ask, action, restated_price),
                last=_each(quote.last, action, restated_price),
                previous_close=_each(quote.previous_close, action, restated_price),
                bid_size=_each(quote.bid_size, action, _restated_size),
                ask_size=_each(quote.ask_size, action, _restated_size),
                last_size=_each(quote.last_size, action, _restated_size),
                volume=_each(quote.volume, action, _restated_size),
            )
    return quote


def _restated_size(size: Decimal, action: CorporateAction) -> Decimal:
    return size * action.factor


def _each(
    value: Decimal | None, action: CorporateAction, restate: Callable[[Decimal, CorporateAction], Decimal]
) -> Decimal | None:
    """Restated prices to twelve decimals, as position averages have."""
    return None if value is None else to_average(restate(value, action))
