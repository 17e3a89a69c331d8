"""The money and the quantity that working orders reserve, pure: from one order to the account's reserved amount.

A ``Reservation`` is the need of one order for what may still fill, at its worst; while a change is pending, the larger
need of before and after. Each order's reservation is counted in exact sums of its position, and the position's
``reserved`` amount is a function of these sums alone (decision 0004): it does not depend on the order of events and
returns to exactly zero when the last order ends.

An order that can only reduce a position reserves its fee alone, for any quantity: the exchange cuts it to what is left.
Of the legs of an OCO, and of the exits of a bracket, at most one fills: on each side the first leg counts its whole
reservation, a later one only what exceeds it. So a protected position is not frozen twice, nor paid for twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.accounts.fees import Dues, estimated_fee
from domain.accounts.types import AccountBook
from domain.kernel.money import to_cash_down, to_cash_up
from domain.kernel.numbers import ONE, ZERO
from domain.kernel.values import unguarded
from domain.market.types import Instrument, Quote
from domain.orders.deciding.trading_book import Leg
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.order_types import REQUIRE_LIMIT_PRICE, REQUIRE_STOP_PRICE
from domain.orders.model.types import OrderStatus, Side
from domain.positions.exposure import reserved_for
from domain.positions.types import Bucket, PositionBook

# A market order may meet a worse price than the one seen: it reserves this much more.
MARKET_BUFFER = Decimal("1.05")


@unguarded
@dataclass(frozen=True, slots=True)
class Reservation:
    """The need of a working order; ``price`` is what it is valued at, ``rate`` its currency's.

    ``exits`` is the part of ``quantity`` that can only reduce a position: all of it, or nothing.
    """

    bucket: Bucket
    price: Decimal | None
    quantity: Decimal
    margin: Decimal
    fee: Decimal
    rate: Decimal = ONE
    exits: Decimal = ZERO

    @property
    def opening(self) -> Decimal:
        """The part of ``quantity`` that may open or increase a position."""
        return self.quantity - self.exits

    def or_larger(self, other: "Reservation") -> "Reservation":
        """The need of both where only one of them will fill."""
        return Reservation(
            self.bucket,
            self.price,
            max(self.opening, other.opening) + max(self.exits, other.exits),
            max(self.margin, other.margin),
            max(self.fee, other.fee),
            self.rate,
            max(self.exits, other.exits),
        )

    def beyond(self, other: "Reservation") -> "Reservation":
        """The need on top of ``other`` where only one of them will fill."""
        exits = max(ZERO, self.exits - other.exits)
        return Reservation(
            self.bucket,
            self.price,
            max(ZERO, self.opening - other.opening) + exits,
            max(ZERO, self.margin - other.margin),
            max(ZERO, self.fee - other.fee),
            self.rate,
            exits,
        )


def reservation_price(command: PlaceOrder, quote: Quote | None) -> Decimal | None:
    """The price that an order is valued at while it works: its limit, else the far touch or its stop plus a buffer.

    A sale whose limit is below the market, or below its own trigger, fills there: it is valued at that.
    """
    if command.type in REQUIRE_LIMIT_PRICE:
        limit, bid = command.limit_price, quote.bid if quote is not None else None
        meets = command.stop_price if command.stop_price is not None else bid
        if command.side is Side.BUY or limit is None or meets is None:
            return limit
        return max(limit, meets)
    touch = None
    if quote is not None:
        touch = quote.ask if command.side is Side.BUY else quote.bid
        touch = quote.reference if touch is None else touch
    if command.type in REQUIRE_STOP_PRICE and command.stop_price is not None:
        # What is below zero is worth the more the further it is.
        touch = command.stop_price if touch is None else max(touch, command.stop_price, key=abs)
    return None if touch is None else touch * MARKET_BUFFER


def reservation_for(
    book: AccountBook,
    instrument: Instrument,
    bucket: Bucket,
    *,
    buys: bool,
    remaining: Decimal,
    price: Decimal | None,
    dues: Dues,
    rate: Decimal,
    only_reduces: bool,
) -> Reservation:
    """The need of ``remaining`` units of an order; no money without a price, or for a CASH account's sale.

    ``rate`` is what one unit of the instrument's currency is in the account's, ``dues`` what its fills came to. Money
    is in whole units: what a purchase will be charged for, no more and no less. An order that can only reduce a
    position reserves its fee.
    """
    exits = remaining if only_reduces else ZERO
    if price is None or remaining == ZERO or (book.is_cash and not buys):
        return Reservation(bucket, price, remaining, ZERO, ZERO, rate, exits)
    fee = estimated_fee(instrument, quantity=remaining, price=price, rate=rate, dues=dues, currency=book.currency)
    if only_reduces:
        return Reservation(bucket, price, remaining, ZERO, fee, rate, exits)
    worth = instrument.notional(remaining, abs(price))
    if book.is_cash:
        before = to_cash_down(dues.trade, book.currency) if dues.trade else ZERO
        margin = before - to_cash_down(dues.trade - worth * rate, book.currency)
    else:
        margin = to_cash_up(worth * instrument.initial_margin_rate * rate, book.currency)
    return Reservation(bucket, price, remaining, margin, fee, rate)


def reservation_of(leg: Leg, account: AccountBook, instrument: Instrument) -> Reservation:
    """The need of an order by itself; nothing while it waits for its entry, nothing once it is over."""
    order, bucket = leg.order, leg.position.bucket
    if order.status is OrderStatus.HELD or not order.is_open:
        return Reservation(bucket, order.reserve_price, ZERO, ZERO, ZERO, order.reserve_rate)
    terms = [(order.quantity, order.reserve_price)]
    terms += [(change.quantity_after, change.reserve_price_after) for change in order.pending_changes]
    buys, dues, only_reduces = order.side is Side.BUY, order.dues, order.only_reduces
    needed: Reservation | None = None
    for quantity, price in terms:
        one = reservation_for(
            account,
            instrument,
            bucket,
            buys=buys,
            remaining=max(ZERO, quantity - order.filled_quantity),
            price=price,
            dues=dues,
            rate=order.reserve_rate,
            only_reduces=only_reduces,
        )
        needed = one if needed is None else needed.or_larger(one)
    assert needed is not None
    return needed


def reserve_orders(account: AccountBook, instrument: Instrument, legs: Sequence[Leg]) -> None:
    """Reserve what orders that exclude each other need now; none of them has anything reserved before."""
    _reserve_needs(account, legs, [reservation_of(leg, account, instrument) for leg in legs])


def replace_reservations(account: AccountBook, instrument: Instrument, legs: Sequence[Leg]) -> list[Order]:
    """Reserve what orders that exclude each other need now, in place of what they have reserved.

    The orders whose reservations have changed are returned.
    """
    needs = [reservation_of(leg, account, instrument) for leg in legs]
    before = [_reserved(order) for order, _ in legs]
    unreserve_orders(account, legs)
    _reserve_needs(account, legs, needs)
    return [order for (order, _), was in zip(legs, before, strict=True) if _reserved(order) != was]


def _reserved(order: Order) -> tuple[Decimal, Decimal, Decimal]:
    return order.reserved_quantity, order.reserved_margin, order.reserved_fee


def _reserve_needs(account: AccountBook, legs: Sequence[Leg], needs: Sequence[Reservation]) -> None:
    largest: dict[Side, Reservation] = {}
    for (order, position), needed in zip(legs, needs, strict=True):
        before = largest.get(order.side)
        counted = needed if before is None else needed.beyond(before)
        largest[order.side] = needed if before is None else needed.or_larger(before)
        rise = reserve(account, position, counted, buys=order.side is Side.BUY)
        order.reserved_quantity = counted.quantity
        order.reserved_margin, order.reserved_fee = counted.margin, counted.fee
        order.reserved = max(ZERO, min(rise, counted.margin + counted.fee))


def unreserve_orders(account: AccountBook, legs: Sequence[Leg]) -> None:
    """Take all that orders have reserved off the book; the caller reserves what they need right after."""
    for order, position in legs:
        quantity = -order.reserved_quantity
        exits = quantity if order.only_reduces else ZERO
        _count(position, quantity, exits, -order.reserved_margin, -order.reserved_fee, buys=order.side is Side.BUY)
        refresh_reserved(account, position)
        order.reserved_quantity = order.reserved_margin = order.reserved_fee = order.reserved = ZERO


def reserve(account: AccountBook, position: PositionBook, reservation: Reservation, *, buys: bool) -> Decimal:
    """Count a reservation in its position's sums; the rise of the account's reserved amount."""
    _count(position, reservation.quantity, reservation.exits, reservation.margin, reservation.fee, buys=buys)
    return refresh_reserved(account, position)


def unreserve(account: AccountBook, position: PositionBook, reservation: Reservation, *, buys: bool) -> Decimal:
    """Undo ``reserve``."""
    _count(position, -reservation.quantity, -reservation.exits, -reservation.margin, -reservation.fee, buys=buys)
    return refresh_reserved(account, position)


def _count(
    position: PositionBook, quantity: Decimal, exits: Decimal, margin: Decimal, fee: Decimal, *, buys: bool
) -> None:
    if buys:
        position.working_buy += quantity
        position.exit_buy += exits
        position.working_buy_margin += margin
    else:
        position.working_sell += quantity
        position.exit_sell += exits
        position.working_sell_margin += margin
    position.working_fees += fee


def refresh_reserved(account: AccountBook, position: PositionBook) -> Decimal:
    """Bring a position's and the account's reserved amounts in line with the position's sums; the rise."""
    before = position.reserved
    position.reserved = reserved_for(position, account.kind)
    account.reserved += position.reserved - before
    position.changed = True
    return position.reserved - before
