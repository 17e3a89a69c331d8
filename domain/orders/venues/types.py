"""What goes to a venue and what comes from it, as values.

Symbols are those of our instruments: an adapter translates. Prices are in the instrument's currency per unit,
quantities in units (contracts), always above zero unless said otherwise; times are the venue's, in nanoseconds.

``client_order_id`` is the id that we give an order at the venue: 32 hexadecimal digits, those of our order's own id. It
is unique for ever, so asking the venue about it can never mean another order, and it names our order without a look-up.
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
    """The order of ours that an id at a venue names; None when it is none that we gave."""
    if client_order_id is None or len(client_order_id) != _ID_DIGITS or not _HEXADECIMAL.issuperset(client_order_id):
        return None
    return UUID(hex=client_order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a venue does by itself. What it does not is emulated by our engine where that is possible, else refused.

    Known without asking the venue, because every process that places orders decides by it. ``trigger_prices`` and
    ``offset_kinds`` say which of them native conditional and trailing orders take. ``brackets`` and ``oco`` mean groups
    that the venue links itself. ``position_effects`` means that it keeps long and short positions apart (hedging).
    ``batch_size`` is how many orders one ``submit`` takes. ``price_decimals`` and ``quantity_decimals`` are the most
    digits after the point that it takes anywhere; the grid of each symbol is its instrument's tick and lot. With
    ``positions`` it can say what we hold there, symbol by symbol.
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
    """An order as a venue gets it. Orders of one ``group`` are a native bracket (the entry first) or a native OCO."""

    client_order_id: str
    symbol: str
    contingency: Contingency = Contingency.NONE
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRef:
    """Which order of ours is meant; ``venue_order_id`` is the venue's own id, as soon as it has told us one."""

    client_order_id: str
    symbol: str
    venue_order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceTerms(OrderChanges[Nanos]):
    """All terms that an order shall have after a replace, changed or not. ``quantity`` includes what is filled."""

    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """An order as it stands at the venue: told by it unasked, in an answer, or when asked.

    ``quantity`` and the prices are the venue's word on the terms, whatever was asked for: our order gets them. They are
    those of a change that it has made, perhaps otherwise than asked, or of one that it made by itself (FIX ExecType
    Restated). ``quantity`` includes what is filled. Where a venue counts what was filled in other units after a split,
    an adapter says the sum of the executions as they were told, and a ``quantity`` that leaves what the venue leaves.

    ``client_order_id`` is None for an order that was not placed under an id of ours. ``status`` is never PENDING_NEW,
    and HELD only for an exit of a native bracket that waits for its entry. ``filled_quantity`` is the sum of its
    executions, which are always told one by one as well, before or after this; an order ends here only once they are
    all known. ``at`` is when the order last changed. ``quantity`` is None where the venue does not say; the prices are
    None where it does not, or the order has none. ``triggered`` says that a native conditional order is a plain one by
    now. ``message`` is the venue's own word on why it ended, or has other terms than it had.
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
    """One fill. ``venue_execution_id`` is unique for its order at the venue: the same again is the same fill.

    ``fee`` is what the venue charges, in ``fee_currency``, below zero for a rebate; None where it does not tell, and
    the instrument's fee schedule decides.
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
    """What is asked of a venue about one order."""

    SUBMIT = "SUBMIT"
    CANCEL = "CANCEL"
    REPLACE = "REPLACE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDeclined:
    """The venue refuses, after it had acknowledged, to take, cancel or replace an order; otherwise that stands."""

    client_order_id: str
    kind: RequestKind
    reason: RejectReason
    message: str
    at: Nanos


VenueReport = VenueOrder | VenueExecution | RequestDeclined


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """The venue has taken the request. ``order`` is what it said of the order, if it did.

    The answer to a change says so with the terms that the venue has made of it; without, they are what was asked for.
    """

    venue_order_id: str | None = None
    order: VenueOrder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The venue has refused the request, and nothing came of it."""

    reason: RejectReason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """Nobody knows whether the request reached the venue: a time-out, a broken connection, an error of the server.

    The order is asked about before anything else is done with it.
    """

    message: str


Answer = Acknowledged | Declined | Unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class VenuePosition:
    """What is held at the venue of one symbol; ``quantity`` is signed."""

    symbol: str
    quantity: Decimal = ZERO
    bucket: Bucket = Bucket.NET
