"""The effect of corporate actions on working orders, pure.

It follows common practice (FINRA rule 5330 for dividends and splits). A split that multiplies, and a stock dividend,
divide the prices of every order and multiply its remaining quantity. A cash dividend is subtracted from the prices of
orders that it could otherwise trigger: buys below the market and stops to sell. Prices are rounded away from the
market, so that no order gets worse terms than it asked for, quantities down to whole lots. An order that cannot be
restated is cancelled: every order on a reverse split or a delisting, at a real venue, with a pending change or a trail
that depends on old prices, or of a bracket whose entry has filled in part. A new symbol changes only the name.
"""

from collections.abc import Collection, Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from uuid import UUID

from domain.kernel.numbers import ONE, ZERO
from domain.market.actions import CorporateAction, CorporateActionKind
from domain.market.types import Instrument
from domain.orders.exchange.paper import PAPER
from domain.orders.model.order import Order
from domain.orders.model.order_types import RESTING, STOP_TRIGGERED, TOUCH_TRIGGERED
from domain.orders.model.types import Contingency, OffsetKind, Side
from domain.positions.adjustments import floor_to

K = CorporateActionKind
# What a falling price sets off: an ex-dividend opening must not.
_BELOW_MARKET = {
    Side.BUY: RESTING | TOUCH_TRIGGERED,
    Side.SELL: STOP_TRIGGERED,
}


def cancelled_by(orders: Collection[Order], action: CorporateAction, instrument: Instrument) -> set[UUID]:
    """The working orders of an instrument that must be cancelled."""
    if action.kind is K.SYMBOL_CHANGE:
        return set()
    gone: set[UUID] = {order.id for order in orders if not _can_go_on(order, action, instrument)}
    # The exits of a bracket grow with its entry: neither is worth anything without the other.
    broken: set[UUID | None] = {order.group_id for order in orders if order.group_id is not None and order.id in gone}
    broken |= {
        order.group_id
        for order in orders
        if order.contingency is Contingency.OTO and order.filled_quantity and _moves(order, action)
    }
    gone |= {order.id for order in orders if order.group_id is not None and order.group_id in broken}
    return gone


def restate(order: Order, action: CorporateAction, instrument: Instrument) -> bool:
    """Restate a working order after ``action``; True if anything changed."""
    if action.kind is K.SYMBOL_CHANGE:
        assert action.new_symbol is not None
        order.symbol = action.new_symbol
        return True
    if not _moves(order, action):
        return False
    limit, stop, quantity = _terms(order, action, instrument)
    order.limit_price, order.stop_price, order.quantity = limit, stop, quantity
    if order.reserve_price is not None:
        order.reserve_price = limit if limit is not None else (order.reserve_price - action.dividend) / action.factor
    if order.trailing_offset is not None and order.trailing_offset_kind is OffsetKind.PRICE:
        order.trailing_offset = _on_tick(order.trailing_offset / action.factor, instrument, up=True)
    return True


def _can_go_on(order: Order, action: CorporateAction, instrument: Instrument) -> bool:
    if action.kind is K.DELISTING or action.factor < ONE:
        return False
    if not _moves(order, action):
        return True
    depends = order.limit_offset is not None or order.activation_price is not None or order.pending_changes
    if depends or order.venue != PAPER:
        return False
    limit, stop, quantity = _terms(order, action, instrument)
    prices = (price for price in (limit, stop) if price is not None)
    return quantity > order.filled_quantity and all(price > ZERO for price in prices)


def _moves(order: Order, action: CorporateAction) -> bool:
    """True if the action changes the order's terms."""
    if action.factor != ONE:
        return True
    return bool(action.dividend) and order.type in _BELOW_MARKET[order.side]


def _terms(
    order: Order, action: CorporateAction, instrument: Instrument
) -> tuple[Decimal | None, Decimal | None, Decimal]:
    """Limit price, stop price and quantity after ``action``."""
    buys = order.side is Side.BUY
    limit, stop = (
        None if price is None else _on_tick((price - action.dividend) / action.factor, instrument, up=up)
        for price, up in ((order.limit_price, not buys), (order.stop_price, buys))
    )
    rest = floor_to((order.quantity - order.filled_quantity) * action.factor, instrument.lot_size)
    return limit, stop, order.filled_quantity + rest if action.factor != ONE else order.quantity


def _on_tick(price: Decimal, instrument: Instrument, *, up: bool) -> Decimal:
    ticks = (price / instrument.tick_size).to_integral_value(rounding=ROUND_CEILING if up else ROUND_FLOOR)
    return ticks * instrument.tick_size


def about(orders: Iterable[Order], instrument_id: UUID) -> list[Order]:
    """The orders of one instrument."""
    return [order for order in orders if order.instrument_id == instrument_id]
