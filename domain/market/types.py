"""Words and values of the market area: instruments as decisions see them, quotes, bars and ticks."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.kernel.numbers import ONE, ZERO
from domain.kernel.time import Nanos


class AssetClass(StrEnum):
    """What kind of thing is traded."""

    EQUITY = "EQUITY"
    ETF = "ETF"
    CRYPTO = "CRYPTO"
    FX = "FX"
    FUTURE = "FUTURE"
    PERPETUAL = "PERPETUAL"

    @property
    def is_derivative(self) -> bool:
        """Whether trades move cash by realised PnL only, instead of by their notional."""
        return self in (AssetClass.FUTURE, AssetClass.PERPETUAL)


class SettlementCycle(StrEnum):
    """When what was bought may be sold: at once, or from the next trading day."""

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

    ``venue_symbol`` is what the venues that trade it call it, where that does not follow from ``symbol``.
    An ``inverse`` instrument counts quantity in contracts of ``multiplier`` quote units; its PnL and fees are in the
    base asset. ``funding_rate`` is what the long of a perpetual pays its short at each of ``funding_hours`` (whole
    hours in UTC), or at each day roll where there are none; ``borrow_rate`` is what units sold short cost per year.
    Both are ratios of market value.
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
        """Whether its price may be zero or below: futures, those on spreads and power too, that are not inverse.

        Nobody pays somebody to take a share, a coin or a currency, and an inverse contract divides by its price.
        """
        return self.asset_class is AssetClass.FUTURE and not self.inverse

    def notional(self, quantity: Decimal, price: Decimal) -> Decimal:
        """The money that ``quantity`` is worth at ``price``, in the instrument's currency; signed like ``quantity``."""
        if self.inverse:
            return quantity * self.multiplier / price
        return quantity * self.multiplier * price

    @property
    def may_be_short(self) -> bool:
        """Whether more of it may be sold than is held, by an account that may go short."""
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
        """Last traded price, else the middle of bid and ask, else whichever side there is."""
        if self.last is not None:
            return self.last
        return self.mid

    @property
    def mark(self) -> Decimal | None:
        """What holdings are valued at: the last trade, held within the current spread; else the middle.

        An old last price must not outlive the quotes that have moved away from it.
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
        """Middle of bid and ask, else the one side there is."""
        if self.bid is not None and self.ask is not None:
            return (self.bid + self.ask) / 2
        return self.bid if self.bid is not None else self.ask


@dataclass(frozen=True, slots=True)
class Bar:
    """Open, high, low, close and volume of one interval; ``at`` is when it opens."""

    symbol: str
    interval: BarInterval
    at: Nanos
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class Aggressor(StrEnum):
    """Who crossed the spread in a trade."""

    BUY = "BUY"
    SELL = "SELL"


@dataclass(frozen=True, slots=True)
class QuoteTick:
    """New best prices, or a client's own quote. A price that is None keeps its value, a price brings its size along.

    ``no_bid`` and ``no_ask`` say that nobody bids or offers any more. ``volume`` is the day's volume so far; a ``last``
    with ``last_size`` and no ``volume`` adds to it like a trade. ``source`` names who says so, "" for clients.
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
    """One trade that the market printed; the aggressor is None where the source does not say."""

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
    """One update of an order book: all of it (``snapshot``) or the levels that changed."""

    symbol: str
    at: Nanos
    snapshot: bool
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    source: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class RestatedQuote:
    """The quote of the day before as a corporate action leaves it: nobody traded at it, and no order meets it.

    ``at`` is the time of the quote that it stands for.
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
