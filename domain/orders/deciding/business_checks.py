"""Business checks of a well-formed order, as a list of pure functions; the first refusal gives the reason."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from domain.accounts.types import AccountState, PositionMode
from domain.kernel.numbers import ZERO, is_multiple, plain
from domain.market.types import Instrument
from domain.orders.deciding.trading_book import MarketState, TradingBook
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order_types import CONDITIONAL, REQUIRE_LIMIT_PRICE
from domain.orders.model.types import RejectReason, Side
from domain.orders.venues.support import unsupported
from domain.positions.closable import closable, closable_by_cash_sale, closable_by_exit, unsettled
from domain.positions.types import PositionBook
from domain.risk.rules.halting import halt_over
from domain.risk.types import RiskScope

Refusal = tuple[RejectReason, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order with all inputs of its checks.

    ``remaining`` is its unfilled quantity; ``replaces`` the value of a modified order before the change, None for a new
    one. ``triggered`` says that a modified order has met its condition.
    """

    command: PlaceOrder
    instrument: Instrument
    market: MarketState
    book: TradingBook
    position: PositionBook
    price: Decimal | None
    remaining: Decimal
    replaces: Decimal | None = None
    triggered: bool = False

    @property
    def waits(self) -> bool:
        """True if it waits for a trigger price before it can trade."""
        return self.command.type in CONDITIONAL and not self.triggered

    @property
    def buys(self) -> bool:
        """True if it is a buy."""
        return self.command.side is Side.BUY

    @property
    def reduces(self) -> bool:
        """True if it can only reduce the position (an exit): only the market itself may refuse it.

        A reduce-only order always is; another one by its size, together with all other working orders.
        """
        position, quantity = self.position, self.remaining
        if self.command.only_reduces:
            return self.opposes
        if self.buys:
            return position.quantity < ZERO and position.working_buy + quantity <= -position.quantity
        return position.quantity > ZERO and position.working_sell + quantity <= position.quantity

    @property
    def rate(self) -> Decimal | None:
        """One unit of the instrument's currency in the account's; an exit may use that of its last execution."""
        known = self.market.conversion.rate
        return self.position.fx_rate if known is None and self.position.quantity != ZERO else known

    @property
    def opposes(self) -> bool:
        """True if its fills would first close a part of the position."""
        return self.position.quantity < ZERO if self.buys else self.position.quantity > ZERO

    @property
    def prices(self) -> tuple[Decimal, ...]:
        """Its prices that must lie on the tick grid."""
        command = self.command
        given = (command.limit_price, command.stop_price, command.activation_price)
        return tuple(price for price in given if price is not None)


Check = Callable[[Candidate], Refusal | None]


def _account_state(order: Candidate) -> Refusal | None:
    state = order.book.account.state
    if state is AccountState.ACTIVE or (state is not AccountState.CLOSED and order.reduces):
        return None
    allowed = "no orders" if state is AccountState.CLOSED else "only orders that reduce a position"
    return RejectReason.ACCOUNT_NOT_ACTIVE, f"The account is {state} and takes {allowed}."


def _halt(order: Candidate) -> Refusal | None:
    command = order.command
    halt = halt_over(
        order.book.limits.halts, account_id=command.account_id, symbol=command.symbol, strategy=command.strategy
    )
    if halt is None or order.reduces:
        return None
    what = {RiskScope.ACCOUNT: "the account", RiskScope.INSTRUMENT: command.symbol, RiskScope.STRATEGY: "the strategy"}
    message = f"Trading of {what.get(halt.scope, 'everything')} is halted: {halt.reason}"
    return RejectReason.TRADING_HALTED, message


def _instrument(order: Candidate) -> Refusal | None:
    instrument, account = order.instrument, order.book.account
    if not instrument.tradable:
        return RejectReason.INSTRUMENT_NOT_TRADABLE, f"{instrument.symbol} is not tradable."
    if account.is_cash and instrument.asset_class.is_derivative:
        return RejectReason.INSTRUMENT_NOT_TRADABLE, "A CASH account trades spot instruments only."
    return None


def _conversion(order: Candidate) -> Refusal | None:
    """Check that a currency other than the account's has a fresh rate; exits pass."""
    source, target, conversion = order.instrument.currency, order.book.account.currency, order.market.conversion
    if source == target:
        return None
    settles = f"{order.instrument.symbol} settles in {source}, the account holds {target}"
    if order.reduces and order.rate is not None:
        return None
    if conversion.symbol is None:
        return RejectReason.INSTRUMENT_NOT_TRADABLE, f"{settles}, and no instrument quotes that pair."
    if conversion.fresh is not None:
        return None
    if conversion.rate is not None:
        return RejectReason.STALE_PRICE, f"{settles}, and the rate of {conversion.symbol} is stale."
    return RejectReason.NO_MARKET_PRICE, f"{settles}, and {conversion.symbol} has no price."


def _venue(order: Candidate) -> Refusal | None:
    """Check that the venue or our engine can execute the order; the paper venue can execute every order."""
    account, venue = order.book.account, order.book.venue
    if venue is None:
        return None
    message = unsupported(order.command, venue, account.venue)
    if message is None and account.position_mode is PositionMode.HEDGING and not venue.position_effects:
        message = f"The venue {account.venue} does not keep long and short positions apart."
    return None if message is None else (RejectReason.UNSUPPORTED_BY_VENUE, message)


def _session(order: Candidate) -> Refusal | None:
    if order.market.session_open:
        return None
    return RejectReason.MARKET_CLOSED, f"The session of {order.instrument.symbol} is closed."


def _tick(order: Candidate) -> Refusal | None:
    for price in order.prices:
        if not is_multiple(price, order.instrument.tick_size):
            message = f"{plain(price)} is not a multiple of the tick size {plain(order.instrument.tick_size)}."
            return RejectReason.INVALID_TICK, message
        if price <= ZERO and not order.instrument.allows_negative_prices:
            return RejectReason.INVALID_TICK, f"{plain(price)} is not a price above zero."
    return None


def _lot(order: Candidate) -> Refusal | None:
    instrument, quantity = order.instrument, order.command.quantity
    lot = instrument.lot_size
    if is_multiple(quantity, lot):
        return None
    # An odd lot may only be closed whole: what a split or a partial fill left behind.
    if order.opposes and order.remaining in (closable(order.position, instrument), abs(order.position.quantity)):
        return None
    message = f"{plain(quantity)} is not a multiple of the lot size {plain(lot)}."
    return RejectReason.INVALID_LOT, message


def _quantity_range(order: Candidate) -> Refusal | None:
    """Check the instrument's range of quantities; exits pass."""
    instrument, quantity = order.instrument, order.command.quantity
    if order.reduces:
        return None
    if quantity < instrument.min_quantity:
        message = f"The quantity {plain(quantity)} is below the minimum of {plain(instrument.min_quantity)}."
        return RejectReason.QUANTITY_OUT_OF_RANGE, message
    if instrument.max_quantity is not None and quantity > instrument.max_quantity:
        message = f"The quantity {plain(quantity)} is above the maximum of {plain(instrument.max_quantity)}."
        return RejectReason.QUANTITY_OUT_OF_RANGE, message
    if instrument.min_notional is not None and order.price:
        value = instrument.notional(quantity, abs(order.price))
        if value < instrument.min_notional:
            message = f"The order is worth {plain(value)}, below the minimum of {plain(instrument.min_notional)}."
            return RejectReason.QUANTITY_OUT_OF_RANGE, message
    return None


def _price_limits(order: Candidate) -> Refusal | None:
    """Check daily limits around the previous close, where the market has them.

    Without a previous close nothing passes.
    """
    instrument, quote = order.instrument, order.market.quote
    limit = order.command.limit_price
    if instrument.price_limit_rate is None or limit is None:
        return None
    if quote is None or quote.previous_close is None:
        return RejectReason.NO_MARKET_PRICE, "The daily price limits need a previous close, which is not known."
    tick, close = instrument.tick_size, quote.previous_close
    # Of the price's size, whatever its sign; and a tick around zero, or the price could never move again.
    span = abs(close) * instrument.price_limit_rate or tick
    # Exchanges round half a tick away from zero.
    lowest, highest = (((close + part) / tick).to_integral_value(ROUND_HALF_UP) * tick for part in (-span, span))
    if lowest <= limit <= highest:
        return None
    message = f"The price {plain(limit)} is outside the daily limits of {plain(lowest)} to {plain(highest)}."
    return RejectReason.PRICE_OUT_OF_LIMITS, message


def _market_price(order: Candidate) -> Refusal | None:
    # An exit that waits for its own stop needs no price now.
    priced = order.command.type in REQUIRE_LIMIT_PRICE or (order.reduces and order.command.stop_price is not None)
    if order.price is None or (not priced and order.market.fresh is None):
        reason, message = order.market.missing()
        return reason, f"For {order.instrument.symbol} {message}."
    if order.instrument.inverse and order.price <= ZERO:
        return RejectReason.NO_MARKET_PRICE, "An inverse contract cannot be valued at a price of zero or below."
    return None


def _reduce_only(order: Candidate) -> Refusal | None:
    if not order.command.reduce_only:
        return None
    if order.opposes:
        return None
    return RejectReason.REDUCE_ONLY_WOULD_INCREASE, "There is no position that the order would reduce."


def _position(order: Candidate) -> Refusal | None:
    """Check that the position to sell or close exists, unless the account may go short."""
    command, position, instrument = order.command, order.position, order.instrument
    account = order.book.account
    locked = unsettled(position, instrument) + position.held_quantity
    if command.only_reduces:
        there = closable_by_exit(position, instrument) if order.opposes else ZERO
    elif account.is_cash:
        if order.buys:
            return None
        there = closable_by_cash_sale(position, instrument)
    elif order.opposes and locked > ZERO:
        there = closable(position, instrument)
    else:
        return _short(order)
    # A venue cuts a reduce-only order to what is held; of what is locked it knows nothing.
    if order.remaining <= there or (command.reduce_only and there > ZERO and locked == ZERO):
        return None
    return RejectReason.INSUFFICIENT_POSITION, f"{plain(max(there, ZERO))} of {instrument.symbol} can be closed."


def _short(order: Candidate) -> Refusal | None:
    if order.buys or order.instrument.may_be_short:
        return None
    if order.position.quantity - order.position.working_sell >= order.remaining:
        return None
    return RejectReason.NOT_SHORTABLE, f"{order.instrument.symbol} cannot be sold short."


def first_refusal(order: Candidate, checks: Iterable[Check]) -> Refusal | None:
    """The refusal of the first of ``checks`` that refuses."""
    return next((refusal for check in checks if (refusal := check(order)) is not None), None)


# What is asked of a smaller quantity, which nobody is hurt by.
SIZE_CHECKS: tuple[Check, ...] = (_lot,)
# What is asked of an exit before its entry has filled anything.
EXIT_CHECKS: tuple[Check, ...] = (_venue, _tick, _price_limits)
# In order of what a person would want to hear first.
CHECKS: tuple[Check, ...] = (
    _account_state,
    _halt,
    _instrument,
    _venue,
    _conversion,
    _session,
    _tick,
    _lot,
    _quantity_range,
    _price_limits,
    _market_price,
    _reduce_only,
    _position,
)
