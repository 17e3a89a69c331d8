"""Types of the market area in the schema; their sources are the domain's own values."""

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from api.context import Info
from api.graphql.field_flags import SAME_FOR_ALL
from api.market.enums import AssetClass, BarInterval, CorporateActionKind, SettlementCycle
from api.node import Node
from domain.kernel.time import Nanos, utc_now
from domain.market import actions
from domain.market import types as values
from domain.orders.reading.misfit_queries import read_misfits

if TYPE_CHECKING:
    from api.orders.types import OrderMisfit


@strawberry.type(description="Fees of a trade. Rates are ratios of its notional, the other fields are money.")
class FeeSchedule:
    """A view of ``domain.market.types.FeeSchedule``."""

    maker_rate: Decimal = strawberry.field(description="For a fill that rested in the book; below zero for a rebate.")
    taker_rate: Decimal
    per_unit: Decimal
    minimum: Decimal = strawberry.field(description="Charged once per order.")
    sell_tax_rate: Decimal = strawberry.field(description="A tax on sells, beside the fee.")


@strawberry.type(description="The newest prices of a symbol; a size is null where the source has none.")
class Quote:
    """A view of ``domain.market.types.Quote``."""

    symbol: str
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal | None
    ask_size: Decimal | None
    last: Decimal | None = strawberry.field(description="Price of the last trade.")
    last_size: Decimal | None
    previous_close: Decimal | None = strawberry.field(
        description="Last price of the trading day before, the middle of bid and ask where nothing trades."
    )
    volume: Decimal | None = strawberry.field(description="Traded in this trading day.")
    at: Nanos = strawberry.field(description="The source's time, to the nanosecond.")

    @strawberry.field(
        description="True if the newest price of the symbol is too old to rely on.",
        metadata=SAME_FOR_ALL,
    )
    def stale(self, quote: strawberry.Parent[values.Quote], info: Info) -> bool:
        """By the time of receipt."""
        return info.context.services.market.is_stale(quote.symbol)


_Misfit = Annotated["OrderMisfit", strawberry.lazy("api.orders.types")]


@strawberry.type(description="The terms of a contract.")
class Instrument(Node):
    """A view of ``domain.market.types.Instrument``."""

    id: strawberry.ID
    symbol: str
    name: str
    exchange: str
    asset_class: AssetClass
    currency: str = strawberry.field(
        description=(
            "Settlement currency of trades; also the currency of prices, unless the contract is inverse: it "
            "settles in the base asset."
        )
    )
    tick_size: Decimal = strawberry.field(description="Prices are multiples of it.")
    lot_size: Decimal = strawberry.field(description="Quantities are multiples of it.")
    min_quantity: Decimal
    max_quantity: Decimal | None
    min_notional: Decimal | None
    multiplier: Decimal = strawberry.field(description="Units in one of quantity.")
    inverse: bool = strawberry.field(
        description="Quantity counts contracts of `multiplier` quote units; PnL and fees are in the base asset."
    )
    initial_margin_rate: Decimal
    maintenance_margin_rate: Decimal
    fees: FeeSchedule
    settlement_cycle: SettlementCycle
    price_limit_rate: Decimal | None = strawberry.field(
        description="Largest distance of a day's prices from the previous close, as a ratio."
    )
    shortable: bool
    tradable: bool
    calendar: str = strawberry.field(
        description="`24/7`, one of `calendars`, or a code of `exchange_calendars` such as XNYS."
    )
    funding_rate: Decimal = strawberry.field(
        description=(
            "Payment of a perpetual's long position to the short one at each funding hour, as a ratio of market value."
        )
    )
    funding_hours: list[int] = strawberry.field(
        description="Hours of the day in UTC at which funding is paid; none where it is once a day, at the day roll."
    )
    borrow_rate: Decimal = strawberry.field(
        description=(
            "Yearly cost of units sold short, as a ratio of market value; each day roll charges a 365th of it."
        )
    )
    venue_symbol: str | None = strawberry.field(
        description="Its symbol at its venue, if it differs from the symbol without `.EXCHANGE` at its end."
    )

    @strawberry.field(description="True if its exchange is open now.", metadata=SAME_FOR_ALL)
    def session_open(self, instrument: strawberry.Parent[values.Instrument], info: Info) -> bool:
        """By the calendar and the clock."""
        return info.context.services.market.is_open(instrument, utc_now())

    @strawberry.field(description="Its newest quote, null if there never was one.", metadata=SAME_FOR_ALL)
    def quote(self, instrument: strawberry.Parent[values.Instrument], info: Info) -> Quote | None:
        """From this process's board."""
        return cast("Quote | None", info.context.services.market.quote(instrument.symbol))

    @strawberry.field(
        description="Working orders that its present terms would refuse: those of the oldest 500 that you may see."
    )
    async def unfitting_orders(self, instrument: strawberry.Parent[values.Instrument], info: Info) -> list[_Misfit]:
        """Loaded with those of the operation's other instruments."""
        actor = info.context.require_actor()
        found = await info.context.load(read_misfits, instrument.id) or []
        return cast("list[OrderMisfit]", [row for row in found if actor.may_read(row.order.account_id)])


@strawberry.type(description="Open, high, low, close and volume of one interval; the newest one still grows.")
class Bar:
    """A view of ``domain.market.types.Bar``."""

    symbol: str
    interval: BarInterval
    at: Nanos = strawberry.field(description="Time at which it opens; a day opens with its session.")
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@strawberry.type(description="Something that happens to all holdings of an instrument, with the day of its ex-date.")
class CorporateAction(Node):
    """A view of ``domain.market.actions.CorporateAction``."""

    id: strawberry.ID
    symbol: str = strawberry.field(description="Symbol of the instrument at the time of recording.")
    kind: CorporateActionKind
    ex_date: date = strawberry.field(description="The day roll with which this day begins applies it.")
    ratio: Decimal | None = strawberry.field(
        description="Of a split, new units per old one; of a stock dividend, units that come to each."
    )
    amount_per_unit: Decimal | None = strawberry.field(
        description="Of a cash dividend, money per unit; of a delisting, the price at which holdings are closed. "
        "A delisting without it freezes them."
    )
    new_symbol: str | None
    applied_at: datetime | None = strawberry.field(description=("Time at which the last account had it; null before."))
    accounts_affected: int = strawberry.field(
        description=("Number of accounts with a position; zero before it was applied.")
    )

    @strawberry.field(description="The currency of its money: the instrument's.", metadata=SAME_FOR_ALL)
    def currency(self, action: strawberry.Parent[actions.CorporateAction], info: Info) -> str:
        """From the instrument's present terms."""
        return info.context.services.market.known(action.instrument_id).currency


def instrument_view(instrument: values.Instrument) -> Instrument:
    """The value itself: its attributes are the fields."""
    return cast(Instrument, instrument)
