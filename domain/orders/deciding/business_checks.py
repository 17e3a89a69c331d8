"""Business checks of a well-formed order, as a list of pure functions; the first refusal gives the reason."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from domain.accounts.types import AccountState, PositionMode
from domain.kernel.numbers import ZERO, is_multiple
from domain.market.types import Instrument
from domain.orders.deciding.trading_book import MarketState, TradingBook
from domain.orders.model import refusals
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order_types import CONDITIONAL, REQUIRE_LIMIT_PRICE
from domain.orders.model.refusals import Refusal
from domain.orders.model.types import Side
from domain.orders.venues.support import unsupported
from domain.positions.closable import closable, closable_by_cash_sale, closable_by_exit, unsettled
from domain.positions.types import PositionBook
from domain.risk.rules.halting import halt_over
from domain.risk.types import RiskScope


@dataclass(slots=True)
class Candidate:
    """An order with all inputs of its checks. Nothing of it is reserved in ``position`` when it is made.

    ``remaining`` is its unfilled quantity; ``replaces`` the value of a modified order before the change, None for a new
    one. ``triggered`` says that a modified order has met its condition.

    ``waits`` says that it waits for a trigger price before it can trade, ``opposes`` that its fills would first close a
    part of the position, and ``reduces`` that it can only reduce it (an exit): only the market itself may refuse it. A
    reduce-only order always is one; another one by its size, together with all other working orders. ``rate`` is one
    unit of the instrument's currency in the account's; an exit may use that of its last execution. ``notional`` is its
    value at the worst price that it may trade at, in the account's currency; None if unknown.
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
    buys: bool = field(init=False)
    waits: bool = field(init=False)
    opposes: bool = field(init=False)
    reduces: bool = field(init=False)
    rate: Decimal | None = field(init=False)
    notional: Decimal | None = field(init=False)

    def __post_init__(self) -> None:
        """Compute what several checks ask."""
        command, position = self.command, self.position
        self.buys = command.side is Side.BUY
        self.waits = command.type in CONDITIONAL and not self.triggered
        self.opposes = position.quantity < ZERO if self.buys else position.quantity > ZERO
        self.reduces = self.opposes and (command.only_reduces or self._closes_at_most_what_is_held())
        known = self.market.conversion.rate
        self.rate = position.fx_rate if known is None and position.quantity != ZERO else known
        self.notional = self._worst_notional()

    def _worst_notional(self) -> Decimal | None:
        price, rate = self.price, self.rate
        if price is None or rate is None or (self.instrument.inverse and price <= ZERO):
            return None
        return self.instrument.notional(self.command.quantity, abs(price)) * rate

    def _closes_at_most_what_is_held(self) -> bool:
        position = self.position
        working = position.working_buy if self.buys else position.working_sell
        return working + self.remaining <= abs(position.quantity)


Check = Callable[[Candidate], Refusal | None]


def _account_state(order: Candidate) -> Refusal | None:
    state = order.book.account.state
    if state is AccountState.ACTIVE or (state is not AccountState.CLOSED and order.reduces):
        return None
    return refusals.account_restricted(state, takes_exits=state is not AccountState.CLOSED)


def _halt(order: Candidate) -> Refusal | None:
    halts, command = order.book.limits.halts, order.command
    if not halts:
        return None
    halt = halt_over(halts, account_id=command.account_id, symbol=command.symbol, strategy=command.strategy)
    if halt is None or order.reduces:
        return None
    what = {RiskScope.ACCOUNT: "the account", RiskScope.INSTRUMENT: command.symbol, RiskScope.STRATEGY: "the strategy"}
    return refusals.trading_halted(what.get(halt.scope, "everything"), halt.reason)


def _instrument(order: Candidate) -> Refusal | None:
    instrument, account = order.instrument, order.book.account
    if not instrument.tradable:
        return refusals.not_tradable(instrument.symbol)
    if account.is_cash and instrument.asset_class.is_derivative:
        return refusals.derivative_for_cash()
    return None


def _conversion(order: Candidate) -> Refusal | None:
    """Check that a currency other than the account's has a fresh rate; exits pass."""
    source, target, conversion = order.instrument.currency, order.book.account.currency, order.market.conversion
    if source == target:
        return None
    if order.reduces and order.rate is not None:
        return None
    if conversion.symbol is not None and conversion.fresh is not None:
        return None
    is_stale = conversion.rate is not None
    return refusals.no_rate(order.instrument.symbol, source, target, conversion.symbol, is_stale=is_stale)


def _venue(order: Candidate) -> Refusal | None:
    """Check that the venue or our engine can execute the order; the paper venue can execute every order."""
    account, venue = order.book.account, order.book.venue
    if venue is None:
        return None
    refusal = unsupported(order.command, venue, account.venue)
    if refusal is None and account.position_mode is PositionMode.HEDGING and not venue.position_effects:
        return refusals.keeps_no_sides(account.venue)
    return refusal


def _session(order: Candidate) -> Refusal | None:
    if order.market.session_open:
        return None
    return refusals.session_closed(order.instrument.symbol)


def _tick(order: Candidate) -> Refusal | None:
    command = order.command
    for price in (command.limit_price, command.stop_price, command.activation_price):
        if price is None:
            continue
        if not is_multiple(price, order.instrument.tick_size):
            return refusals.off_tick(price, order.instrument.tick_size)
        if price <= ZERO and not order.instrument.allows_negative_prices:
            return refusals.not_positive(price)
    return None


def _lot(order: Candidate) -> Refusal | None:
    instrument, quantity = order.instrument, order.command.quantity
    lot = instrument.lot_size
    if is_multiple(quantity, lot):
        return None
    # An odd lot may only be closed whole: what a split or a partial fill left behind.
    if order.opposes and order.remaining in (closable(order.position, instrument), abs(order.position.quantity)):
        return None
    return refusals.off_lot(quantity, lot)


def _quantity_range(order: Candidate) -> Refusal | None:
    """Check the instrument's range of quantities; exits pass."""
    instrument, quantity = order.instrument, order.command.quantity
    if order.reduces:
        return None
    if quantity < instrument.min_quantity:
        return refusals.below_minimum(quantity, instrument.min_quantity)
    if instrument.max_quantity is not None and quantity > instrument.max_quantity:
        return refusals.above_maximum(quantity, instrument.max_quantity)
    if instrument.min_notional is not None and order.price:
        value = instrument.notional(quantity, abs(order.price))
        if value < instrument.min_notional:
            return refusals.below_minimum_value(value, instrument.min_notional)
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
        return refusals.no_previous_close()
    tick, close = instrument.tick_size, quote.previous_close
    # Of the price's size, whatever its sign; and a tick around zero, or the price could never move again.
    span = abs(close) * instrument.price_limit_rate or tick
    # Exchanges round half a tick away from zero.
    lowest, highest = (((close + part) / tick).to_integral_value(ROUND_HALF_UP) * tick for part in (-span, span))
    if lowest <= limit <= highest:
        return None
    return refusals.outside_daily_limits(limit, lowest, highest)


def _market_price(order: Candidate) -> Refusal | None:
    # An exit that waits for its own stop needs no price now.
    priced = order.command.type in REQUIRE_LIMIT_PRICE or (order.reduces and order.command.stop_price is not None)
    if order.price is None or (not priced and order.market.fresh is None):
        return refusals.no_price(order.instrument.symbol, is_stale=order.market.lacks_freshness)
    if order.instrument.inverse and order.price <= ZERO:
        return refusals.inverse_at_zero()
    return None


def _reduce_only(order: Candidate) -> Refusal | None:
    if not order.command.reduce_only:
        return None
    if order.opposes:
        return None
    return refusals.nothing_to_reduce()


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
    # A venue cuts a reduce-only order to what is held, but it knows nothing of what is frozen or not settled.
    if order.remaining <= there or (command.reduce_only and there > ZERO and locked == ZERO):
        return None
    return refusals.too_little_held(there, instrument.symbol)


def _short(order: Candidate) -> Refusal | None:
    if order.buys or order.instrument.may_be_short:
        return None
    if order.position.quantity - order.position.working_sell >= order.remaining:
        return None
    return refusals.not_shortable(order.instrument.symbol)


def first_refusal(order: Candidate, checks: Iterable[Check]) -> Refusal | None:
    """The refusal of the first of ``checks`` that refuses."""
    for check in checks:
        refusal = check(order)
        if refusal is not None:
            return refusal
    return None


# Of a modification that only makes an order smaller, which takes neither risk nor funds.
SIZE_CHECKS: tuple[Check, ...] = (_lot,)
# Of a bracket's exit, which only reduces what its entry opens, later and in another market.
EXIT_CHECKS: tuple[Check, ...] = (_venue, _tick, _price_limits)
# Of every other order. The first refusal is the one that is told, so what concerns more than this order comes first.
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
