"""What working orders hold back, pure: the claim of an order, and how orders that exclude each other share one.

An order claims for what may still fill, at its worst; while a change is pending, for the larger of before and after.
What can only reduce a position claims its fee alone, however much of it works: the exchange cuts it to what is left. Of
the legs of an OCO, and of the exits of a bracket, at most one will come true: on each side the first leg counts its
whole claim, a later one only what exceeds it. So a protected position is not frozen twice, nor paid for twice.
"""

from collections.abc import Iterable, Sequence

from domain.accounts.types import AccountBook, PositionMode
from domain.kernel.numbers import ZERO
from domain.market.types import Instrument
from domain.orders.deciding.trading_book import Contribution, TradingBook, add, contribution_of, take_off
from domain.orders.model.order import Order
from domain.orders.model.types import Contingency, OrderStatus, Side
from domain.positions.reservation import bucket_for
from domain.positions.types import Bucket

EXCLUSIVE = frozenset({Contingency.OCO, Contingency.OUO})


def bucket_of(order: Order, mode: PositionMode) -> Bucket:
    """Where the order's fills go."""
    return bucket_for(mode, buys=order.side is Side.BUY, closes=order.only_reduces)


def alternatives(order: Order, orders: Iterable[Order]) -> list[Order]:
    """The order and those of ``orders`` that it excludes, in the order in which they were placed."""
    if order.contingency not in EXCLUSIVE:
        return [order]
    found = {order.id: order}
    for other in orders:
        if other.group_id == order.group_id and other.contingency is order.contingency:
            found[other.id] = other
    return [found[order_id] for order_id in sorted(found)]


def claim_of(order: Order, account: AccountBook, instrument: Instrument) -> Contribution:
    """All that an order may need by itself; nothing while it is held, nothing once it is over."""
    bucket = bucket_of(order, account.position_mode)
    if order.status is OrderStatus.HELD or not order.is_open:
        return Contribution(bucket, order.reserve_price, ZERO, ZERO, ZERO, order.reserve_rate)
    terms = [(order.quantity, order.reserve_price)]
    terms += [(change.quantity_after, change.reserve_price_after) for change in order.pending_changes]
    claim: Contribution | None = None
    for quantity, price in terms:
        one = contribution_of(
            account,
            instrument,
            bucket,
            buys=order.side is Side.BUY,
            remaining=max(ZERO, quantity - order.filled_quantity),
            price=price,
            dues=order.dues,
            rate=order.reserve_rate,
            only_reduces=order.only_reduces,
        )
        claim = one if claim is None else claim.or_larger(one)
    assert claim is not None
    return claim


def held_by(order: Order, mode: PositionMode) -> Contribution:
    """What an order counts in its bucket's sums now."""
    return Contribution(
        bucket_of(order, mode),
        order.reserve_price,
        order.working_quantity,
        order.reserved_margin,
        order.reserved_fee,
        exits=order.working_quantity if order.only_reduces else ZERO,
    )


def release(book: TradingBook, orders: Iterable[Order]) -> None:
    """Take what orders hold back off the book; they are held anew right after."""
    for order in orders:
        held = held_by(order, book.account.position_mode)
        take_off(book, order.instrument_id, held, buys=order.side is Side.BUY)
        order.working_quantity = order.reserved_margin = order.reserved_fee = order.reserved = ZERO


def hold(book: TradingBook, instrument: Instrument, orders: Sequence[Order]) -> None:
    """Hold back what orders that exclude each other need now; before, they held nothing."""
    largest: dict[Side, Contribution] = {}
    for order in orders:
        claim = claim_of(order, book.account, instrument)
        before = largest.get(order.side)
        counted = claim if before is None else claim.beyond(before)
        largest[order.side] = claim if before is None else claim.or_larger(before)
        rise = add(book, order.instrument_id, counted, buys=order.side is Side.BUY)
        order.working_quantity = counted.quantity
        order.reserved_margin, order.reserved_fee = counted.margin, counted.fee
        order.reserved = max(ZERO, min(rise, counted.margin + counted.fee))
