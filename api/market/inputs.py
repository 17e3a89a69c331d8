"""Inputs about instruments and quotes."""

from datetime import date
from decimal import Decimal

import strawberry

from api.market.enums import AssetClass, CorporateActionKind, SettlementCycle
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, ZERO
from domain.kernel.time import Nanos
from domain.market import types as values
from domain.market.actions import NewAction
from domain.market.rules import REMOVABLE, USUAL_FUNDING_HOURS, InstrumentChange
from domain.market.service import InstrumentFilter as Filter


@strawberry.input(description="Fees of a trade; absent fields are zero.")
class FeeScheduleInput:
    """See ``domain.market.types.FeeSchedule``."""

    maker_rate: Decimal = ZERO
    taker_rate: Decimal = ZERO
    per_unit: Decimal = ZERO
    minimum: Decimal = ZERO
    sell_tax_rate: Decimal = ZERO

    def to_domain(self) -> values.FeeSchedule:
        """The schedule."""
        return values.FeeSchedule(self.maker_rate, self.taker_rate, self.per_unit, self.minimum, self.sell_tax_rate)


@strawberry.input(description="A new instrument.")
class CreateInstrumentInput:
    """See ``domain.market.types.Instrument``."""

    symbol: str
    name: str | None = strawberry.field(default=None, description="The symbol if absent.")
    exchange: str
    asset_class: AssetClass
    currency: str
    tick_size: Decimal
    lot_size: Decimal
    min_quantity: Decimal | None = strawberry.field(default=None, description="One lot if absent.")
    max_quantity: Decimal | None = None
    min_notional: Decimal | None = None
    multiplier: Decimal = ONE
    inverse: bool = False
    initial_margin_rate: Decimal = ONE
    maintenance_margin_rate: Decimal = ONE
    fees: FeeScheduleInput | None = None
    settlement_cycle: SettlementCycle = SettlementCycle.T0
    price_limit_rate: Decimal | None = None
    shortable: bool = False
    calendar: str = strawberry.field(
        default="24/7", description="`24/7`, one of `calendars`, or a code of `exchange_calendars` such as XNYS."
    )
    funding_rate: Decimal = strawberry.field(default=ZERO, description="At each of `fundingHours`; of perpetuals only.")
    funding_hours: list[int] | None = strawberry.field(
        default=None,
        description="At which hours of the day in UTC funding is paid: 0, 8 and 16 for a perpetual if absent; none of "
        "them for once a day, at the day roll.",
    )
    borrow_rate: Decimal = strawberry.field(
        default=ZERO, description=("Borrow rate per year, as a ratio; for instruments that can be sold short.")
    )
    venue_symbol: str | None = strawberry.field(
        default=None, description=("Its symbol at its venue; if absent, the symbol without `.EXCHANGE` at its end.")
    )

    def to_domain(self) -> values.Instrument:
        """The instrument, with an identifier of its own."""
        return values.Instrument(
            id=new_id(),
            symbol=self.symbol,
            name=self.symbol if self.name is None else self.name,
            exchange=self.exchange,
            asset_class=self.asset_class,
            currency=self.currency,
            tick_size=self.tick_size,
            lot_size=self.lot_size,
            min_quantity=self.lot_size if self.min_quantity is None else self.min_quantity,
            max_quantity=self.max_quantity,
            min_notional=self.min_notional,
            multiplier=self.multiplier,
            inverse=self.inverse,
            initial_margin_rate=self.initial_margin_rate,
            maintenance_margin_rate=self.maintenance_margin_rate,
            fees=values.FeeSchedule() if self.fees is None else self.fees.to_domain(),
            settlement_cycle=self.settlement_cycle,
            price_limit_rate=self.price_limit_rate,
            shortable=self.shortable,
            calendar=self.calendar,
            funding_rate=self.funding_rate,
            borrow_rate=self.borrow_rate,
            venue_symbol=self.venue_symbol,
            funding_hours=self._hours(),
        )

    def _hours(self) -> tuple[int, ...]:
        if self.funding_hours is not None:
            return tuple(sorted(self.funding_hours))
        return USUAL_FUNDING_HOURS if self.asset_class is values.AssetClass.PERPETUAL else ()


@strawberry.input(description="Changes of an instrument; absent fields stay unchanged.")
class UpdateInstrumentInput:
    """A null field is the same as an omitted one, except for bounds that can be removed."""

    symbol: str
    name: str | None = None
    tradable: bool | None = None
    shortable: bool | None = None
    initial_margin_rate: Decimal | None = None
    maintenance_margin_rate: Decimal | None = None
    fees: FeeScheduleInput | None = strawberry.field(default=None, description="Replaces the whole schedule.")
    price_limit_rate: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Null takes the limit away."
    )
    tick_size: Decimal | None = None
    lot_size: Decimal | None = None
    min_quantity: Decimal | None = None
    max_quantity: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Null takes the bound away. It does not bound exits."
    )
    min_notional: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="Null takes the bound away. It does not bound exits."
    )
    funding_rate: Decimal | None = strawberry.field(
        default=None, description="At each of the funding hours; of perpetuals only."
    )
    funding_hours: list[int] | None = strawberry.field(
        default=None, description="Hours of the day in UTC, from now on; none of them for once a day, at the day roll."
    )
    borrow_rate: Decimal | None = strawberry.field(
        default=None, description=("Borrow rate per year, as a ratio; for instruments that can be sold short.")
    )
    venue_symbol: str | None = None

    def to_domain(self) -> InstrumentChange:
        """The change."""
        return InstrumentChange(
            name=self.name,
            tradable=self.tradable,
            shortable=self.shortable,
            initial_margin_rate=self.initial_margin_rate,
            maintenance_margin_rate=self.maintenance_margin_rate,
            fees=None if self.fees is None else self.fees.to_domain(),
            price_limit_rate=_given(self.price_limit_rate),
            tick_size=self.tick_size,
            lot_size=self.lot_size,
            min_quantity=self.min_quantity,
            max_quantity=_given(self.max_quantity),
            min_notional=_given(self.min_notional),
            removed=frozenset(name for name in REMOVABLE if getattr(self, name) is None),
            funding_rate=self.funding_rate,
            borrow_rate=self.borrow_rate,
            venue_symbol=self.venue_symbol,
            funding_hours=None if self.funding_hours is None else tuple(sorted(self.funding_hours)),
        )


@strawberry.input(description="New prices of a symbol. Absent fields keep their value; a price replaces its size.")
class QuoteInput:
    """See ``domain.market.types.QuoteTick``."""

    symbol: str
    bid: Decimal | None = strawberry.field(default=strawberry.UNSET, description=("Null: there are no bids any more."))
    ask: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description=("Null: there are no offers any more.")
    )
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last: Decimal | None = strawberry.field(default=None, description="Price of the last trade.")
    last_size: Decimal | None = None
    volume: Decimal | None = strawberry.field(
        default=None, description="Of the trading day so far; if absent, trades with a size add up."
    )
    at: Nanos | None = strawberry.field(
        default=None,
        description="The source's time; now if absent. A quote's age counts from it, and one that comes after a "
        "newer one of its symbol changes nothing.",
    )

    def to_domain(self) -> values.QuoteTick:
        """The tick."""
        return values.QuoteTick(
            symbol=self.symbol,
            at=Nanos.now() if self.at is None else self.at,
            bid=_given(self.bid),
            ask=_given(self.ask),
            bid_size=self.bid_size,
            ask_size=self.ask_size,
            last=self.last,
            last_size=self.last_size,
            volume=self.volume,
            no_bid=self.bid is None,
            no_ask=self.ask is None,
        )


def _given(price: Decimal | None) -> Decimal | None:
    return None if price is strawberry.UNSET else price


@strawberry.input(description="Market data from a source of your own; all of it is taken, or none.")
class PublishQuotesInput:
    """A batch of quotes."""

    quotes: list[QuoteInput]
    replay: str | None = strawberry.field(
        default=None,
        description=(
            "Name of a replay of a past market: its quotes have their own clock, and their age counts from "
            "their receipt. Another name starts a new clock."
        ),
    )


@strawberry.input(description="A corporate action of a day that has not begun; each kind has a figure of its own.")
class CorporateActionInput:
    """See ``domain.market.actions.NewAction``."""

    symbol: str
    kind: CorporateActionKind
    ex_date: date
    ratio: Decimal | None = strawberry.field(
        default=None,
        description="SPLIT: new units per old one, 0.05 for 1:20. STOCK_DIVIDEND: 0.1 is one for ten held.",
    )
    amount_per_unit: Decimal | None = strawberry.field(
        default=None,
        description=("CASH_DIVIDEND: money per unit. DELISTING: price at which positions are closed, if there is one."),
    )
    new_symbol: str | None = strawberry.field(default=None, description="SYMBOL_CHANGE: the new symbol.")

    def to_domain(self) -> NewAction:
        """The action to record."""
        return NewAction(self.symbol, self.kind, self.ex_date, self.ratio, self.amount_per_unit, self.new_symbol)


@strawberry.input(description="Conditions that select instruments; all given conditions must hold.")
class InstrumentFilter:
    """See ``domain.market.service.InstrumentFilter``."""

    search: str | None = strawberry.field(
        default=None, description=("Text to find in symbol or name, in any letter case.")
    )
    exchange: str | None = None
    asset_class: AssetClass | None = None
    tradable: bool | None = None

    def to_domain(self) -> Filter:
        """The filter."""
        return Filter(self.search, self.exchange, self.asset_class, self.tradable)
