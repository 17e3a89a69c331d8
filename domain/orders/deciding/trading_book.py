"""The books that pre-trade decisions are made on, pure: an account within a batch and the market of an instrument.

A working order adds its contribution to them; taking it off again leaves them as they were.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.accounts.fees import Dues, estimated_fee
from domain.accounts.types import AccountBook
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, ZERO, to_cash_down, to_cash_up
from domain.market.rates import SAME_CURRENCY, Conversion
from domain.market.types import Instrument, Quote
from domain.orders.deciding.activity import OrderActivity
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order_types import REQUIRE_LIMIT_PRICE, REQUIRE_STOP_PRICE
from domain.orders.model.types import RejectReason, Side
from domain.orders.venues.types import Capabilities
from domain.positions.reservation import full_margin, reserved_for
from domain.positions.types import Bucket, PositionBook
from domain.positions.worst_case import Sight
from domain.risk.types import Limits

# A market order may meet a worse price than the one seen: it holds back this much more.
MARKET_BUFFER = Decimal("1.05")
NO_LIMITS = Limits()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MarketState:
    """The market of one instrument as the decision sees it.

    ``conversion`` is that from the instrument's currency to the account's, ``age`` that of the quote, and ``at`` when
    all of this was looked at.
    """

    quote: Quote | None
    stale: bool
    session_open: bool
    conversion: Conversion = SAME_CURRENCY
    age: timedelta | None = None
    at: datetime = EPOCH

    @property
    def fresh(self) -> Quote | None:
        """The quote unless it is too old to decide on."""
        return None if self.stale else self.quote

    def missing(self) -> tuple[RejectReason, str]:
        """Why there is no price."""
        if self.quote is not None and self.stale:
            return RejectReason.STALE_PRICE, "the market price is stale"
        return RejectReason.NO_MARKET_PRICE, "there is no market price"


@dataclass(slots=True)
class TradingBook:
    """An account within a batch, with the limits that are in force.

    ``free`` is equity less initial margin (cash for a CASH account), None if unknown. ``venue`` is what the account's
    venue can do; None for the paper venue, which can do everything. ``sight`` is the market that positions are valued
    in, ``activity`` what its orders did before, None where no limit counts.
    """

    account: AccountBook
    positions: dict[tuple[UUID, Bucket], PositionBook]
    free: Decimal | None
    venue: Capabilities | None = None
    limits: Limits = NO_LIMITS
    sight: Sight | None = None
    activity: OrderActivity | None = None
    # What rules asked before: orders move neither cash nor what is held, so one answer serves a whole batch.
    fresh_equity: tuple[Decimal | None] | None = None

    @property
    def available(self) -> Decimal | None:
        """What a new order may hold back."""
        return None if self.free is None else self.free - self.account.reserved

    def position(self, instrument_id: UUID, bucket: Bucket) -> PositionBook:
        """The bucket's book, made when there is none yet."""
        key = (instrument_id, bucket)
        book = self.positions.get(key)
        if book is None:
            book = self.positions[key] = PositionBook(new_id(), self.account.id, instrument_id, bucket)
        return book


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a working order adds to its bucket's sums; ``price`` is what it is valued at, ``rate`` its currency's.

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

    def or_larger(self, other: "Contribution") -> "Contribution":
        """What covers both, where only one of them will come true."""
        return Contribution(
            self.bucket,
            self.price,
            max(self.opening, other.opening) + max(self.exits, other.exits),
            max(self.margin, other.margin),
            max(self.fee, other.fee),
            self.rate,
            max(self.exits, other.exits),
        )

    def beyond(self, other: "Contribution") -> "Contribution":
        """What it needs on top of ``other``, where only one of them will come true."""
        exits = max(ZERO, self.exits - other.exits)
        return Contribution(
            self.bucket,
            self.price,
            max(ZERO, self.opening - other.opening) + exits,
            max(ZERO, self.margin - other.margin),
            max(ZERO, self.fee - other.fee),
            self.rate,
            exits,
        )


def worst_price(command: PlaceOrder, quote: Quote | None) -> Decimal | None:
    """The price an order is valued at while it works: its limit, else the far touch or its stop plus a buffer.

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


def contribution_of(
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
) -> Contribution:
    """What ``remaining`` units of an order hold back; nothing without a price, or for a CASH account's sale.

    ``rate`` is what one unit of the instrument's currency is in the account's, ``dues`` what its fills came to. It is
    held in whole units: what a purchase will be charged for, no more and no less. An order that can only reduce a
    position holds back its fee.
    """
    exits = remaining if only_reduces else ZERO
    if price is None or remaining == ZERO or (book.is_cash and not buys):
        return Contribution(bucket, price, remaining, ZERO, ZERO, rate, exits)
    fee = estimated_fee(instrument, quantity=remaining, price=price, rate=rate, dues=dues, currency=book.currency)
    if only_reduces:
        return Contribution(bucket, price, remaining, ZERO, fee, rate, exits)
    margin = full_margin(book.kind, instrument, buys=buys, quantity=remaining, price=abs(price)) * rate
    if book.is_cash:
        held = to_cash_down(dues.trade, book.currency) - to_cash_down(dues.trade - margin, book.currency)
    else:
        held = to_cash_up(margin, book.currency)
    return Contribution(bucket, price, remaining, held, fee, rate)


def take_off(book: TradingBook, instrument_id: UUID, contribution: Contribution, *, buys: bool) -> Decimal:
    """Undo ``add``."""
    reverse = Contribution(
        contribution.bucket,
        contribution.price,
        -contribution.quantity,
        -contribution.margin,
        -contribution.fee,
        exits=-contribution.exits,
    )
    return add(book, instrument_id, reverse, buys=buys)


def add(book: TradingBook, instrument_id: UUID, contribution: Contribution, *, buys: bool) -> Decimal:
    """Add a contribution to its bucket's sums and return by how much the reserved amount rises."""
    position = book.position(instrument_id, contribution.bucket)
    quantity = contribution.quantity
    if buys:
        position.working_buy += quantity
        position.exit_buy += contribution.exits
        position.working_buy_margin += contribution.margin
    else:
        position.working_sell += quantity
        position.exit_sell += contribution.exits
        position.working_sell_margin += contribution.margin
    position.working_fees += contribution.fee
    return refresh_reserved(book.account, position)


def refresh_reserved(account: AccountBook, position: PositionBook) -> Decimal:
    """Bring a bucket's and the account's reserved amounts in line with the bucket's sums; the rise."""
    before = position.reserved
    position.reserved = reserved_for(position, account.kind)
    account.reserved += position.reserved - before
    position.changed = True
    return position.reserved - before
