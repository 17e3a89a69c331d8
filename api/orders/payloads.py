"""Results of mutations of orders, and of checks, in the schema."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

import strawberry

from api.context import Info
from api.ids import named
from api.orders.enums import (
    OrderStatus,
    RejectReason,
)
from api.orders.types import Order
from api.risk.types import RiskViolation
from domain.orders.entry.batch import PlacedOrder
from domain.orders.protection.unconfirmed_queries import CancelScope, count_unconfirmed_cancels


@strawberry.type(description="An order that was placed, changed or cancelled.")
class OrderPayload:
    """A view of ``domain.orders.entry.placing.PlacedOrder``."""

    order: Order
    replayed: bool = strawberry.field(description="True if the request is a repeat, and this is the first result.")


@strawberry.type(description="The orders of a batch, in its order.")
class OrdersPayload:
    """The orders of one call."""

    results: list[OrderPayload]
    accepted: int
    rejected: int


@strawberry.type(description="The orders of a bracket (the entry first) or of an OCO.")
class OrderGroupPayload:
    """A placed group of orders."""

    group_id: strawberry.ID
    orders: list[Order]


@strawberry.type(description="The orders that are being cancelled.")
class CancelOrdersPayload:
    """The orders with the cancel pending."""

    orders: list[Order]
    scope: strawberry.Private[CancelScope]

    @strawberry.field(
        description=("Number of matching open orders with a cancel that the venue has not confirmed yet.")
    )
    async def unconfirmed_cancels(self, info: Info) -> int:
        """As of now."""
        return await info.context.load(count_unconfirmed_cancels, self.scope) or 0


@strawberry.type(description="Time at which all of the account's open orders are cancelled; null for never.")
class CancelAllAfterPayload:
    """The current state of the timer."""

    account_id: strawberry.ID
    triggers_at: datetime | None

    @strawberry.field(description=("Number of its open orders with a cancel that the venue has not confirmed yet."))
    async def unconfirmed_cancels(self, info: Info) -> int:
        """As of now, also of a timer that fired before."""
        return await info.context.load(count_unconfirmed_cancels, CancelScope(named(self.account_id))) or 0


@strawberry.type(description="Decision that `placeOrder` would make.")
class OrderCheck:
    """A view of ``domain.orders.entry.order_check.OrderCheck``."""

    accepted: bool
    violations: list[RiskViolation]
    currency: str = strawberry.field(description="The currency of its money: the account's.")
    reservation: Decimal = strawberry.field(description="The money that would be reserved for the order.")
    estimated_fee: Decimal
    available_after: Decimal
    reject_reason: RejectReason | None = strawberry.field(
        description="The reason with which it would be rejected; null if it would be taken."
    )
    reject_message: str | None = strawberry.field(
        description="The same for people, with figures; null if it would be taken."
    )


def orders_view(placed: Sequence[PlacedOrder]) -> OrdersPayload:
    """Placed orders, and the number of accepted ones."""
    rejected = sum(row.order.status is OrderStatus.REJECTED for row in placed)
    return OrdersPayload(results=cast("list[OrderPayload]", placed), accepted=len(placed) - rejected, rejected=rejected)


def group_view(placed: Sequence[PlacedOrder]) -> OrderGroupPayload:
    """The placed group of orders."""
    orders = [row.order for row in placed]
    return OrderGroupPayload(group_id=strawberry.ID(str(orders[0].group_id)), orders=cast("list[Order]", orders))
