"""Types of the market area: instruments, quotes, bars and ticks."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.kernel.numbers import ONE, ZERO
from domain.kernel.time import Nanos


class AssetClass(StrEnum):
    """The asset class of an instrument."""

    EQUITY = "EQUITY"
    ETF = "ETF"
    CRYPTO = "CRYPTO"
    FX = "FX"
    FUTURE = "FUTURE"
    PERPETUAL = "PERPETUAL"

    @property
    def is_derivative(self) -> bool:
        """True if trades move cash only by realised PnL, instead of by their notional."""
        return self in _DERIVATIVES


_DERIVATIVES = frozenset({AssetClass.FUTURE, AssetClass.PERPETUAL})


class SettlementCycle(StrEnum):
    """The earliest sale of a purchase: at once, or from the next trading day."""

    T0 = "T0"
    T1 = "T1"


class BarInterval(StrEnum):
    """Length of a bar."""

    SECOND = "SECOND"
    MINUTE = "MINUTE"
    FIVE_MINUTES = "FIVE_MINUTES"
    FIFTEEN_MINUTES = "FIFTEEN_MINUTES"
    HOUR = "HOUR"
    DAY = "DAY"


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """Rates are ratios of notional; ``per_unit`` and ``minimum`` are money in the instrument's currency."""

    maker_rate: Decimal = ZERO
    taker_rate: Decimal = ZERO
    per_unit: Decimal = ZERO
    minimum: Decimal = ZERO
    sell_tax_rate: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Instrument:
    """The terms of a contract. Prices are in ``currency`` per unit, ``multiplier`` units make one of quantity.

    ``venue_symbol`` is its name at the venues that trade it, where that does not follow from ``symbol``. An ``inverse``
    instrument counts quantity in contracts of ``multiplier`` quote units; its PnL and fees are in the base asset.
    ``funding_rate`` is the rate that longs of a perpetual pay to shorts at each of ``funding_hours`` (whole hours in
    UTC), or at each day roll where there are none; ``borrow_rate`` is the yearly cost of units sold short. Both are
    ratios of market value.
    """

    id: UUID
    symbol: str
    name: str
    exchange: str
    asset_class: AssetClass
    currency: str
    tick_size: Decimal
    lot_size: Decimal
    min_quantity: Decimal
    max_quantity: Decimal | None = None
    min_notional: Decimal | None = None
    multiplier: Decimal = ONE
    inverse: bool = False
    initial_margin_rate: Decimal = ONE
    maintenance_margin_rate: Decimal = ONE
    fees: FeeSchedule = FeeSchedule()
    settlement_cycle: SettlementCycle = SettlementCycle.T0
    price_limit_rate: Decimal | None = None
    shortable: bool = False
    tradable: bool = True
    calendar: str = "24/7"
    funding_rate: Decimal = ZERO
    borrow_rate: Decimal = ZERO
    venue_symbol: str | None = None
    funding_hours: tuple[int, ...] = ()

    @property
    def allows_negative_prices(self) -> bool:
        """True if its price may be zero or below: futures (also on spreads and power) that are not inverse.

        Shares, coins and currencies have positive prices, and an inverse contract divides by its price.
        """
        return self.asset_class is AssetClass.FUTURE and not self.inverse

    def notional(self, quantity: Decimal, price: Decimal) -> Decimal:
        """The value of ``quantity`` at ``price``, in the instrument's currency; signed like ``quantity``."""
        if self.inverse:
            return quantity * self.multiplier / price
        return quantity * self.multiplier * price

    @property
    def may_be_short(self) -> bool:
        """True if an account that may go short may sell more of it than it holds."""
        return self.shortable or self.asset_class.is_derivative


@dataclass(frozen=True, slots=True)
class Quote:
    """The newest known prices of a symbol; sizes are None where the source has none. ``at`` is the source's time."""

    symbol: str
    at: Nanos
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last: Decimal | None = None
    last_size: Decimal | None = None
    volume: Decimal | None = None
    previous_close: Decimal | None = None

    @property
    def reference(self) -> Decimal | None:
        """Last traded price, else the mid price, else the one side that there is."""
        if self.last is not None:
            return self.last
        return self.mid

    @property
    def mark(self) -> Decimal | None:
        """The valuation price: the last trade, limited to the current spread; else the mid price.

        The limit keeps an old last price from outliving quotes that have moved away from it.
        """
        price = self.last
        if price is None:
            return self.mid
        if self.bid is not None and price < self.bid:
            return self.bid
        if self.ask is not None and price > self.ask:
            return self.ask
        return price

    @property
    def mid(self) -> Decimal | None:
        """Middle of bid and ask, else the one side that there is."""
        if self.bid is not None and self.ask is not None:
            return (self.bid + self.ask) / 2
        return self.bid if self.bid is not None else self.ask


@dataclass(frozen=True, slots=True)
class Bar:
    """Open, high, low, close and volume of one interval; ``at`` is its start."""

    symbol: str
    interval: BarInterval
    at: Nanos
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class BarSearch:
    """The wanted bars of one symbol and interval: those that open from ``since`` on and before ``until``."""

    symbol: str
    interval: BarInterval
    since: datetime | None = None
    until: datetime | None = None


class Aggressor(StrEnum):
    """The side that crossed the spread in a trade."""

    BUY = "BUY"
    SELL = "SELL"


@dataclass(frozen=True, slots=True)
class QuoteTick:
    """New best prices, or a client's own quote. A price that is None keeps its value; a price brings its size along.

    ``no_bid`` and ``no_ask`` say that there is no bid or ask any more. ``volume`` is the day's volume so far; a
    ``last`` with ``last_size`` and no ``volume`` adds to it like a trade. ``source`` names the source, "" for clients.
    """

    symbol: str
    at: Nanos
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last: Decimal | None = None
    last_size: Decimal | None = None
    volume: Decimal | None = None
    no_bid: bool = False
    no_ask: bool = False
    source: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class TradeTick:
    """One trade that the market printed; the aggressor is None where the source does not give it."""

    symbol: str
    at: Nanos
    price: Decimal
    size: Decimal
    aggressor: Aggressor | None = None
    source: str = field(default="", compare=False)


# Price and size; size 0 removes the level.
Level = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class BookTick:
    """One update of an order book: all of it (``snapshot``) or the changed levels."""

    symbol: str
    at: Nanos
    snapshot: bool
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    source: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class RestatedQuote:
    """The quote of the day before, restated by a corporate action: it is no trade, and no order matches it.

    ``at`` is the time of the quote that it restates.
    """

    symbol: str
    at: Nanos
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last: Decimal | None = None
    last_size: Decimal | None = None
    volume: Decimal | None = None
    previous_close: Decimal | None = None


# What markets say, and all that travels on the stream of ticks.
Tick = QuoteTick | TradeTick | BookTick
StreamTick = Tick | RestatedQuote
