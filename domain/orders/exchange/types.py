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
from domain.orders.model.order import OrderChanges, OrderTerms
from domain.orders.model.types import Contingency, OrderStatus, TimeInForce

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
class Order(OrderTerms[int]):
    """An order as sent to the exchange; the combination of fields has been checked before it gets here.

    ``group`` ties the orders of a bracket or an OCO together; ``contingency`` says what part the order plays in it:
    OTO the entry, OUO an exit, OCO one of two. ``position_effect`` matters to accounts in hedging mode only.
    """

    id: Hashable
    account: Hashable
    time_in_force: TimeInForce = TimeInForce.GTC
    contingency: Contingency = Contingency.NONE
    group: Hashable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(OrderChanges[int]):
    """The terms that a replace asks for."""


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
        """True if anything can still happen to it at the exchange."""
        return self.status in OPEN_STATUSES
