"""Validation of instruments and quotes, pure. Every refusal names the input field as the API spells it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from domain.kernel.errors import BadInput
from domain.kernel.money import currency_exponent
from domain.kernel.numbers import ONE, ZERO, within_bounds
from domain.kernel.text import clean_text
from domain.kernel.time import Nanos
from domain.market.types import AssetClass, FeeSchedule, Instrument, QuoteTick, Tick, TradeTick

MAX_QUOTES = 1_000
MAX_BORROW_RATE = Decimal(10)
LAST_HOUR = 23
# At which most exchanges of perpetuals pay funding.
USUAL_FUNDING_HOURS = (0, 8, 16)
# What an instrument costs is not known when it is created; few cost more than so many of their ticks.
HIGH_PRICE_TICKS = 1_000_000

SYMBOL = re.compile(r"[A-Za-z0-9^][A-Za-z0-9._:/=+&^-]{0,39}")
_CURRENCY = re.compile(r"[A-Z0-9]{2,10}")
_MAX_NAME = 120
_MAX_EXCHANGE = 20
_MAX_CALENDAR = 20


@dataclass(frozen=True, slots=True)
class InstrumentChange:
    """A change of an instrument: None keeps a value; ``removed`` names bounds to remove."""

    name: str | None = None
    tradable: bool | None = None
    shortable: bool | None = None
    initial_margin_rate: Decimal | None = None
    maintenance_margin_rate: Decimal | None = None
    fees: FeeSchedule | None = None
    price_limit_rate: Decimal | None = None
    tick_size: Decimal | None = None
    lot_size: Decimal | None = None
    min_quantity: Decimal | None = None
    max_quantity: Decimal | None = None
    min_notional: Decimal | None = None
    removed: frozenset[str] = frozenset()
    funding_rate: Decimal | None = None
    borrow_rate: Decimal | None = None
    venue_symbol: str | None = None
    funding_hours: tuple[int, ...] | None = None


CHANGEABLE = (
    "name",
    "tradable",
    "shortable",
    "initial_margin_rate",
    "maintenance_margin_rate",
    "fees",
    "price_limit_rate",
    "tick_size",
    "lot_size",
    "min_quantity",
    "max_quantity",
    "min_notional",
    "funding_rate",
    "borrow_rate",
    "venue_symbol",
    "funding_hours",
)
# Bounds that an instrument may do without.
REMOVABLE = frozenset({"price_limit_rate", "max_quantity", "min_notional"})


def check_instrument(instrument: Instrument) -> Instrument:
    """``instrument`` with its texts cleaned. The existence of its calendar is checked elsewhere.

    Raises:
        BadInput: names the first bad term.
    """
    if not SYMBOL.fullmatch(instrument.symbol):
        raise BadInput("A symbol is 1 to 40 letters, digits and . _ : / = + & ^ - .", field="symbol")
    if instrument.venue_symbol is not None and not SYMBOL.fullmatch(instrument.venue_symbol):
        raise BadInput("A symbol is 1 to 40 letters, digits and . _ : / = + & ^ - .", field="venueSymbol")
    if not _CURRENCY.fullmatch(instrument.currency):
        raise BadInput("A currency is a code of 2 to 10 capital letters and digits, such as USD.", field="currency")
    cleaned = replace(
        instrument,
        name=clean_text(instrument.name, field="name", max_length=_MAX_NAME),
        exchange=clean_text(instrument.exchange, field="exchange", max_length=_MAX_EXCHANGE),
        calendar=clean_text(instrument.calendar, field="calendar", max_length=_MAX_CALENDAR),
    )
    for test in (_check_grid, _check_margin, _check_limits, _check_carry):
        test(cleaned)
    check_fees(cleaned.fees)
    return cleaned


def changed(instrument: Instrument, change: InstrumentChange) -> Instrument:
    """``instrument`` after ``change``.

    Raises:
        BadInput: the result could not have been created.
    """
    given = {name: value for name in CHANGEABLE if (value := getattr(change, name)) is not None}
    given |= dict.fromkeys(change.removed & REMOVABLE)
    return check_instrument(replace(instrument, **given))


def check_fees(fees: FeeSchedule) -> None:
    """Check a fee schedule.

    Raises:
        BadInput: names the first bad fee.
    """
    if not (within_bounds(fees.maker_rate) and -ONE <= fees.maker_rate <= ONE):
        raise BadInput("A maker's rate is a ratio from -1 (a rebate) to 1.", field="fees.makerRate")
    if not (within_bounds(fees.taker_rate) and -ONE < fees.taker_rate <= ONE):
        raise BadInput("A taker's rate is a ratio above -1 (a rebate), at most 1.", field="fees.takerRate")
    if not (within_bounds(fees.sell_tax_rate) and ZERO <= fees.sell_tax_rate <= ONE):
        raise BadInput("A rate is a ratio from 0 to 1.", field="fees.sellTaxRate")
    for field, value in (("perUnit", fees.per_unit), ("minimum", fees.minimum)):
        if not (within_bounds(value) and value >= ZERO):
            raise BadInput("A fee must not be below zero.", field=f"fees.{field}")


def _check_grid(instrument: Instrument) -> None:
    for field, value in (
        ("tickSize", instrument.tick_size),
        ("lotSize", instrument.lot_size),
        ("minQuantity", instrument.min_quantity),
        ("maxQuantity", instrument.max_quantity),
        ("multiplier", instrument.multiplier),
    ):
        if value is not None and not (within_bounds(value) and value > ZERO):
            raise BadInput("This must be above zero.", field=field)
    if instrument.max_quantity is not None and instrument.max_quantity < instrument.min_quantity:
        raise BadInput("The largest quantity must not be below the smallest.", field="maxQuantity")
    least = instrument.min_notional
    if least is not None and not (within_bounds(least) and least >= ZERO):
        raise BadInput("This must not be below zero.", field="minNotional")
    if instrument.inverse and not instrument.asset_class.is_derivative:
        raise BadInput("Only futures and perpetuals can be inverse.", field="inverse")
    if not least and not instrument.inverse and _is_dust(instrument):
        unit = f"the smallest unit of {instrument.currency}"
        raise BadInput(f"The smallest order is worth less than {unit}: set a minimum notional.", field="minNotional")


def _is_dust(instrument: Instrument) -> bool:
    """True if the smallest order is worth less than its currency's smallest unit even at a high price."""
    worth = instrument.min_quantity * instrument.multiplier * instrument.tick_size * HIGH_PRICE_TICKS
    return worth.scaleb(currency_exponent(instrument.currency)) < ONE


def _check_margin(instrument: Instrument) -> None:
    for field, value in (
        ("initialMarginRate", instrument.initial_margin_rate),
        ("maintenanceMarginRate", instrument.maintenance_margin_rate),
    ):
        if not (within_bounds(value) and ZERO < value <= ONE):
            raise BadInput("A margin rate is a ratio above 0, at most 1.", field=field)
    if instrument.maintenance_margin_rate > instrument.initial_margin_rate:
        raise BadInput("The maintenance rate must not exceed the initial rate.", field="maintenanceMarginRate")


def _check_limits(instrument: Instrument) -> None:
    rate = instrument.price_limit_rate
    if rate is not None and not (within_bounds(rate) and ZERO < rate <= ONE):
        raise BadInput("A price limit is a ratio above 0, at most 1.", field="priceLimitRate")


def _check_carry(instrument: Instrument) -> None:
    funding, borrow = instrument.funding_rate, instrument.borrow_rate
    if not (within_bounds(funding) and -ONE <= funding <= ONE):
        raise BadInput("A funding rate is a ratio from -1 to 1.", field="fundingRate")
    hours = instrument.funding_hours
    if list(hours) != sorted({hour for hour in hours if 0 <= hour <= LAST_HOUR}):
        raise BadInput("Funding hours are whole hours of the day in UTC, 0 to 23, each once.", field="fundingHours")
    if hours and instrument.asset_class is not AssetClass.PERPETUAL:
        raise BadInput("Only perpetuals have funding hours.", field="fundingHours")
    if funding != ZERO and instrument.asset_class is not AssetClass.PERPETUAL:
        raise BadInput("Only perpetuals have a funding rate.", field="fundingRate")
    if not (within_bounds(borrow) and ZERO <= borrow <= MAX_BORROW_RATE):
        raise BadInput("A borrow rate is a ratio from 0 to 10, per year.", field="borrowRate")
    if borrow != ZERO and instrument.asset_class.is_derivative:
        raise BadInput("A derivative has no borrow rate.", field="borrowRate")


def check_quote(tick: QuoteTick, instrument_of: Callable[[str], Instrument | None], index: int, latest: Nanos) -> None:
    """Check a client's quote, the ``index``-th of its batch, whose time is at most ``latest``.

    Crossed prices are accepted: real markets show them.

    Raises:
        BadInput: names field and index.
    """
    instrument = instrument_of(tick.symbol)
    if instrument is None:
        raise BadInput(f"There is no instrument {tick.symbol[:40]!r}.", field="symbol", index=index)
    if tick.at > latest or tick.at < 0:
        raise BadInput("The time is too far in the future, or before 1970.", field="at", index=index)
    for field, size in (
        ("bidSize", tick.bid_size),
        ("askSize", tick.ask_size),
        ("lastSize", tick.last_size),
        ("volume", tick.volume),
    ):
        if size is not None and not (within_bounds(size) and size >= ZERO):
            raise BadInput("A size must not be below zero.", field=field, index=index)
    for field, price, size in (
        ("bid", tick.bid, tick.bid_size),
        ("ask", tick.ask, tick.ask_size),
        ("last", tick.last, tick.last_size),
    ):
        if price is None and size is not None:
            raise BadInput(f"A size needs its price: {field} is missing.", field=field, index=index)
        if price is not None:
            _check_price(price, instrument, field, index)
    says_nothing = tick.bid is None and tick.ask is None and not (tick.no_bid or tick.no_ask)
    if says_nothing and tick.last is None and tick.volume is None:
        raise BadInput("A quote needs at least one of bid, ask, last and volume.", field="bid", index=index)


def _check_price(price: Decimal, instrument: Instrument, field: str, index: int) -> None:
    if not within_bounds(price):
        raise BadInput("A price has at most 18 digits before and 18 after the decimal point.", field=field, index=index)
    if price <= ZERO and not instrument.allows_negative_prices:
        raise BadInput("A price must be above zero.", field=field, index=index)


def has_possible_prices(tick: Tick, instrument: Instrument) -> bool:
    """True if a source's tick has only prices that its instrument can have."""
    if instrument.allows_negative_prices:
        return True
    if isinstance(tick, QuoteTick):
        return all(price is None or price > ZERO for price in (tick.bid, tick.ask, tick.last))
    if isinstance(tick, TradeTick):
        return tick.price > ZERO
    return all(price > ZERO for price, _ in (*tick.bids, *tick.asks))
