"""Values of the paper exchange: its inputs (orders, changes) and its stored order states.

An ``Order`` is a request in the API's terms; an ``OrderState`` is the order now, its ``order`` with the *current*
quantity, prices, offset and expiry. Ids are opaque hashables; times are nanoseconds since the epoch; prices, sizes and
quantities are exact decimals.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from domain.kernel.numbers import ZERO
from domain.kernel.values import unguarded
from domain.orders.model.order import OrderChanges, OrderTerms
from domain.orders.model.types import Contingency, OrderStatus, TimeInForce

OPEN_STATUSES = frozenset({OrderStatus.HELD, OrderStatus.PENDING_NEW, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})


class CancelReason(StrEnum):
    """The reason of a cancel; VENUE: a real venue ended the order unasked."""

    REQUESTED = "REQUESTED"
    IMMEDIATE_OR_CANCEL = "IMMEDIATE_OR_CANCEL"
    FILL_OR_KILL = "FILL_OR_KILL"
    GROUP = "GROUP"
    REDUCE_ONLY = "REDUCE_ONLY"
    VENUE = "VENUE"


@unguarded
@dataclass(frozen=True, slots=True, kw_only=True)
class Order(OrderTerms[int]):
    """An order as sent to the exchange; its combination of fields was checked before.

    ``group`` ties the orders of a bracket or an OCO together; ``contingency`` is the order's part in it: OTO the entry,
    OUO an exit, OCO one of two. ``position_effect`` matters to accounts in hedging mode only.
    """

    id: Hashable
    account: Hashable
    time_in_force: TimeInForce = TimeInForce.GTC
    contingency: Contingency = Contingency.NONE
    group: Hashable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(OrderChanges[int]):
    """The terms that a replace asks for."""


@unguarded
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """The present state of an order: enough to re-arm it exactly, and only values that reports carry.

    ``fills`` counts its executions; ``sequence`` is its arrival number, which orders equal prices; ``activated`` says
    that a trailing stop trails.
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
        """The unfilled quantity."""
        return self.order.quantity - self.filled_quantity

    @property
    def is_open(self) -> bool:
        """True if it can still fill or change at the exchange."""
        return self.status in OPEN_STATUSES
