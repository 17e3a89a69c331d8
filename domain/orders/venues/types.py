"""Values that go to a venue and come from it.

Symbols are those of our instruments: an adapter translates. Prices are in the instrument's currency per unit,
quantities in units (contracts), always above zero unless said otherwise; times are the venue's, in nanoseconds.
``client_order_id`` is our id of an order at the venue: the 32 hexadecimal digits of our order's own id. It is unique
for ever, so a question about it can never mean another order, and it names our order without a look-up.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.orders.model.order import OrderChanges, OrderTerms
from domain.orders.model.types import (
    Contingency,
    Liquidity,
    OffsetKind,
    OrderStatus,
    OrderType,
    RejectReason,
    Side,
    TimeInForce,
    TriggerPrice,
)
from domain.positions.types import Bucket

_ID_DIGITS = 32
_HEXADECIMAL = frozenset("0123456789abcdef")


def client_id_of(order_id: UUID) -> str:
    """The id under which a venue knows our order."""
    return order_id.hex


def order_id_of(client_order_id: str | None) -> UUID | None:
    """Our order of an id at a venue; None when it is not one of our ids."""
    if client_order_id is None or len(client_order_id) != _ID_DIGITS or not _HEXADECIMAL.issuperset(client_order_id):
        return None
    return UUID(hex=client_order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The functions that a venue has itself. Others are emulated by our engine where that is possible, else refused.

    Known without asking the venue, because every process that places orders decides by it. ``trigger_prices`` and
    ``offset_kinds`` are those of native conditional and trailing orders. ``brackets`` and ``oco`` mean groups that the
    venue links itself. ``position_effects`` means that it keeps long and short positions apart (hedging).
    ``batch_size`` is the number of orders in one ``submit``. ``price_decimals`` and ``quantity_decimals`` are the most
    decimals that it takes anywhere; the grid of each symbol is its instrument's tick and lot. With ``positions`` it can
    list our positions there by symbol.
    """

    order_types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    post_only: bool = False
    reduce_only: bool = False
    replace: bool = False
    trigger_prices: frozenset[TriggerPrice] = frozenset()
    offset_kinds: frozenset[OffsetKind] = frozenset()
    brackets: bool = False
    oco: bool = False
    position_effects: bool = False
    batch_size: int = 1
    price_decimals: int | None = None
    quantity_decimals: int | None = None
    positions: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder(OrderTerms[Nanos]):
    """An order in the form for a venue.

    Orders of one ``group`` are a native bracket (the entry first) or a native OCO.
    """

    client_order_id: str
    symbol: str
    contingency: Contingency = Contingency.NONE
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRef:
    """A reference to our order; ``venue_order_id`` is the venue's own id, once it has given us one."""

    client_order_id: str
    symbol: str
    venue_order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceTerms(OrderChanges[Nanos]):
    """All terms of an order after a replace, changed or not. ``quantity`` includes the filled part."""

    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """The venue's state of an order: from a report, an answer, or a question.

    ``quantity`` and the prices are the venue's terms, whatever was requested: our order takes them. They come from a
    change that the venue made, perhaps not as requested, or made by itself (FIX ExecType Restated). ``quantity``
    includes the filled part. Where a venue counts the filled part in other units after a split, an adapter gives the
    sum of the executions as they were reported, and a ``quantity`` with the venue's remaining quantity.

    ``client_order_id`` is None for an order that was not placed under an id of ours. ``status`` is never PENDING_NEW,
    and HELD only for an exit of a native bracket that waits for its entry. ``filled_quantity`` is the sum of its
    executions, which are always reported one by one as well, before or after this; an order ends here only once they
    are all known. ``at`` is the time of the order's last change. ``quantity`` is None where the venue does not give it;
    the prices are None where it does not, or the order has none. ``triggered`` says that a native conditional order has
    become a plain one. ``message`` is the venue's own text on the reason of its end, or of changed terms.
    """

    client_order_id: str | None
    venue_order_id: str
    symbol: str
    side: Side
    status: OrderStatus
    filled_quantity: Decimal
    at: Nanos
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    triggered: bool = False
    message: str | None = None

    @property
    def is_open(self) -> bool:
        """True if it still works there."""
        return self.status in (OrderStatus.HELD, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueExecution:
    """One fill. ``venue_execution_id`` is unique for its order at the venue: a repeat is the same fill.

    ``fee`` is the venue's charge, in ``fee_currency``, below zero for a rebate; None where it does not give one, and
    the instrument's fee schedule applies.
    """

    client_order_id: str | None
    venue_order_id: str | None
    venue_execution_id: str
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    liquidity: Liquidity
    at: Nanos
    fee: Decimal | None = None
    fee_currency: str | None = None


class RequestKind(StrEnum):
    """The kind of a request to a venue about one order."""

    SUBMIT = "SUBMIT"
    CANCEL = "CANCEL"
    REPLACE = "REPLACE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDeclined:
    """The venue refuses to take, cancel or replace an order after it had acknowledged that; else that stands."""

    client_order_id: str
    kind: RequestKind
    reason: RejectReason
    message: str
    at: Nanos


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueCorrection:
    """A fill that the venue has taken back, or replaced by one with another price or quantity.

    ``corrected_id`` is the ``venue_execution_id`` of the fill or of its last correction, ``venue_execution_id`` that of
    this correction: a repeat is the same correction. ``price`` and ``quantity`` are the right values, both None for a
    fill that is void (FIX Trade Cancel).
    """

    client_order_id: str | None
    venue_order_id: str | None
    venue_execution_id: str
    corrected_id: str
    at: Nanos
    price: Decimal | None = None
    quantity: Decimal | None = None
    message: str | None = None


VenueReport = VenueOrder | VenueExecution | RequestDeclined
# What a venue says unasked.
VenueNews = VenueReport | VenueCorrection


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """The venue has accepted the request. ``order`` is its state of the order, if it gave one.

    The answer to a change says so with the terms that the venue has made of it; without, they are what was asked for.
    """

    venue_order_id: str | None = None
    order: VenueOrder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The venue has refused the request, without any effect."""

    reason: RejectReason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """The fate of the request is unknown: a time-out, a broken connection, a server error.

    The order is asked about before anything else is done with it.
    """

    message: str


Answer = Acknowledged | Declined | Unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class VenuePosition:
    """The position in one symbol at the venue; ``quantity`` is signed."""

    symbol: str
    quantity: Decimal = ZERO
    bucket: Bucket = Bucket.NET
