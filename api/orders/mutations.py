"""Mutations of orders and executions."""

from typing import Annotated, cast

import strawberry

from api.context import Info
from api.ids import named
from api.orders.inputs import (
    BustExecutionInput,
    CancelAllAfterInput,
    CancelOrderInput,
    CancelOrdersInput,
    CorrectExecutionInput,
    ModifyOrderInput,
    PlaceBracketInput,
    PlaceOcoInput,
    PlaceOrderInput,
    PlaceOrdersInput,
)
from api.orders.payloads import (
    CancelAllAfterPayload,
    CancelOrdersPayload,
    OrderGroupPayload,
    OrderPayload,
    OrdersPayload,
    group_view,
    orders_view,
)
from api.orders.types import Execution, execution_view, order_view
from domain.orders.books.busting import bust_execution, correct_execution
from domain.orders.books.reversal import Correction
from domain.orders.entry.canceling import cancel_orders
from domain.orders.protection.timers import cancel_all_after
from domain.orders.protection.unconfirmed_queries import CancelScope

_INPUT = strawberry.argument(name="input")


@strawberry.type
class OrdersMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(
        description=(
            "Place an order. An order that business rules refuse is stored as REJECTED; a malformed order is an error."
        )
    )
    async def place_order(self, info: Info, given: Annotated[PlaceOrderInput, _INPUT]) -> OrderPayload:
        """One order."""
        entry, actor = info.context.services.entry, info.context.require_actor()
        placed = await entry.place_orders(actor, (given.to_domain(),))
        info.context.concerns(each.order.id for each in placed)
        return cast(OrderPayload, placed[0])

    @strawberry.mutation(description="Place up to 1,000 orders at once, decided in their order.")
    async def place_orders(self, info: Info, given: Annotated[PlaceOrdersInput, _INPUT]) -> OrdersPayload:
        """A batch."""
        entry, actor = info.context.services.entry, info.context.require_actor()
        commands = [order.to_domain() for order in given.orders]
        placed = await entry.place_orders(actor, commands, all_or_none=given.all_or_none)
        info.context.concerns(each.order.id for each in placed)
        return orders_view(placed)

    @strawberry.mutation(
        description=(
            "Ask the venue to cancel an order. Repeating it replays; an order that was filled or has ended "
            "is a CONFLICT."
        )
    )
    async def cancel_order(self, info: Info, given: Annotated[CancelOrderInput, _INPUT]) -> OrderPayload:
        """One order."""
        services, actor = info.context.services, info.context.require_actor()
        canceled = await services.canceling.cancel_order(actor, given.to_domain())
        info.context.concerns((canceled.order.id,))
        return cast(OrderPayload, canceled)

    @strawberry.mutation(
        description="Ask the venue to change an open order. A fill that comes first wins; the version must be current."
    )
    async def modify_order(self, info: Info, given: Annotated[ModifyOrderInput, _INPUT]) -> OrderPayload:
        """The order with the change pending."""
        services, actor = info.context.services, info.context.require_actor()
        order = await services.modifying.modify_order(actor, given.to_domain())
        info.context.concerns((order.id,))
        return OrderPayload(order=order_view(order), replayed=False)

    @strawberry.mutation(description="Ask the venue to cancel all open orders that fit, in one transaction.")
    async def cancel_orders(self, info: Info, given: Annotated[CancelOrdersInput, _INPUT]) -> CancelOrdersPayload:
        """The matching open orders."""
        services, actor = info.context.services, info.context.require_actor()
        command = given.to_domain()
        orders = await cancel_orders(services.bus, actor, command)
        info.context.concerns(order.id for order in orders)
        scope = CancelScope(command.account_id, command.symbol, command.strategy, command.side)
        return CancelOrdersPayload(orders=[order_view(order) for order in orders], scope=scope)

    @strawberry.mutation(description="Arm, renew or (0 seconds) disarm the account's dead man's switch.")
    async def cancel_all_after(
        self, info: Info, given: Annotated[CancelAllAfterInput, _INPUT]
    ) -> CancelAllAfterPayload:
        """One timer per account."""
        services, account_id = info.context.services, named(given.account_id)
        actor = await services.entry.current(info.context.require_actor(), account_id)
        triggers_at = await cancel_all_after(services.bus, actor, account_id, given.seconds)
        return CancelAllAfterPayload(account_id=given.account_id, triggers_at=triggers_at)

    @strawberry.mutation(description="Place an entry with its exits, as one: all accepted or all refused.")
    async def place_bracket(self, info: Info, given: Annotated[PlaceBracketInput, _INPUT]) -> OrderGroupPayload:
        """The exits are held until the entry begins to fill."""
        entry, actor = info.context.services.entry, info.context.require_actor()
        placed = await entry.place_bracket(actor, given.to_domain())
        info.context.concerns(each.order.id for each in placed)
        return group_view(placed)

    @strawberry.mutation(description="Place two orders of which any fill or end of one cancels the other.")
    async def place_oco(self, info: Info, given: Annotated[PlaceOcoInput, _INPUT]) -> OrderGroupPayload:
        """Both accepted or both refused."""
        entry, actor = info.context.services.entry, info.context.require_actor()
        placed = await entry.place_oco(actor, given.to_domain())
        info.context.concerns(each.order.id for each in placed)
        return group_view(placed)

    @strawberry.mutation(
        description="Bust an execution: its effects are compensated, nothing is erased. Needs RISK_MANAGER or ADMIN."
    )
    async def bust_execution(self, info: Info, given: Annotated[BustExecutionInput, _INPUT]) -> Execution:
        """Nothing is erased."""
        context, actor = info.context.services.entry.context, info.context.require_actor()
        return execution_view(await bust_execution(context, actor, named(given.id), given.reason))

    @strawberry.mutation(
        description="Replace an execution by a correct one; the difference is compensated. Needs RISK_MANAGER or ADMIN."
    )
    async def correct_execution(self, info: Info, given: Annotated[CorrectExecutionInput, _INPUT]) -> Execution:
        """The new one."""
        context, actor = info.context.services.entry.context, info.context.require_actor()
        correction = Correction(given.price, given.quantity)
        return execution_view(await correct_execution(context, actor, named(given.id), correction, given.reason))
