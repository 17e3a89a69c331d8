"""Placing and cancelling orders."""

from typing import Annotated, cast

import strawberry

from api.context import Info
from api.orders.inputs import CancelOrderInput, PlaceOrderInput, PlaceOrdersInput
from api.orders.types import OrderPayload, OrdersPayload
from domain.orders.canceling import cancel_order
from domain.orders.types import OrderStatus

_INPUT = strawberry.argument(name="input")


@strawberry.type
class OrdersMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(
        description="Place an order. What business refuses is stored as REJECTED; what is malformed is an error."
    )
    async def place_order(self, info: Info, given: Annotated[PlaceOrderInput, _INPUT]) -> OrderPayload:
        """One order."""
        entry, actor = info.context.services.entry, info.context.require_actor()
        placed = await entry.place_orders(actor, (given.to_domain(),))
        return cast(OrderPayload, placed[0])

    @strawberry.mutation(description="Place up to 1,000 orders at once, decided in their order.")
    async def place_orders(self, info: Info, given: Annotated[PlaceOrdersInput, _INPUT]) -> OrdersPayload:
        """A batch."""
        entry, actor = info.context.services.entry, info.context.require_actor()
        commands = [order.to_domain() for order in given.orders]
        placed = await entry.place_orders(actor, commands, all_or_none=given.all_or_none)
        rejected = sum(row.order.status is OrderStatus.REJECTED for row in placed)
        results = cast("list[OrderPayload]", placed)
        return OrdersPayload(results=results, accepted=len(placed) - rejected, rejected=rejected)

    @strawberry.mutation(
        description="Ask the venue to cancel an order. Repeating it replays; what is filled or has ended is a CONFLICT."
    )
    async def cancel_order(self, info: Info, given: Annotated[CancelOrderInput, _INPUT]) -> OrderPayload:
        """One order."""
        services, actor = info.context.services, info.context.require_actor()
        return cast(OrderPayload, await cancel_order(services.bus, actor, given.to_domain()))
