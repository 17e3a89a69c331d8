"""What the paper exchange is told (orders, changes) and what it can be rebuilt from (order states).

Values only: an ``Order`` is what was asked for, in the API's terms; an ``OrderState`` is an order as it stands, its
``order`` carrying the *current* quantity, prices, offset and expiry. Ids are opaque hashables; times are nanoseconds
since the epoch; prices, sizes and quantities are exact decimals.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.kernel.numbers import ZERO
from domain.orders.model.types import (
    Contingency,
    OffsetKind,
    OrderStatus,
    OrderType,
    PositionEffect,
    Side,
    TimeInForce,
    TriggerPrice,
)

OPEN_STATUSES = frozenset({OrderStatus.HELD, OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})


class CancelReason(StrEnum):
    """Why an order was cancelled; VENUE: a real venue ended it unasked."""

    REQUESTED = "REQUESTED"
    IMMEDIATE_OR_CANCEL = "IMMEDIATE_OR_CANCEL"
    FILL_OR_KILL = "FILL_OR_KILL"
    GROUP = "GROUP"
    REDUCE_ONLY = "REDUCE_ONLY"
    VENUE = "VENUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as sent to the exchange; the combination of fields has been checked before it gets here.

    ``group`` ties the orders of a bracket or an OCO together; ``contingency`` says what part the order plays in it:
    OTO the entry, OUO an exit, OCO one of two. ``position_effect`` matters to accounts in hedging mode only.
    """

    id: Hashable
    account: Hashable
    side: Side
    type: OrderType
    quantity: Decimal
    time_in_force: TimeInForce = TimeInForce.GTC
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_offset: Decimal | None = None
    trailing_offset_kind: OffsetKind = OffsetKind.PRICE
    limit_offset: Decimal | None = None
    activation_price: Decimal | None = None
    trigger_price: TriggerPrice = TriggerPrice.BID_ASK
    expires_at: int | None = None
    post_only: bool = False
    reduce_only: bool = False
    position_effect: PositionEffect = PositionEffect.AUTO
    contingency: Contingency = Contingency.NONE
    group: Hashable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a replace asks for; None leaves a field as it is."""

    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_offset: Decimal | None = None
    expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """An order as it stands: enough to re-arm it exactly, and nothing that a report does not say.

    ``fills`` counts its executions so far; ``sequence`` is its arrival number, which decides among equal prices;
    ``activated`` is meant for trailing orders: whether the stop trails yet.
    """

    order: Order
    status: OrderStatus
    filled_quantity: Decimal = ZERO
    fills: int = 0
    triggered: bool = False
    activated: bool = False
    sequence: int = 0

    @property
    def remaining(self) -> Decimal:
        """What is still to be filled."""
        return self.order.quantity - self.filled_quantity

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it at the exchange."""
        return self.status in OPEN_STATUSES
