"""Mutations of positions: closing and freezing them."""

from typing import Annotated, cast

import strawberry

from api.context import Info
from api.ids import named
from api.orders.payloads import OrderPayload, OrdersPayload, orders_view
from api.positions.inputs import ClosePositionInput, FreezePositionInput
from api.positions.types import Position, position_view
from domain.orders.model.commands import CloseAllPositions
from domain.positions.freezing import freeze_position, unfreeze_position
from domain.positions.types import PositionBook

_INPUT = strawberry.argument(name="input")


@strawberry.type
class PositionsMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(
        description=("Close the unfrozen quantity of a position by an ordinary order. A quantity above it is refused.")
    )
    async def close_position(self, info: Info, given: Annotated[ClosePositionInput, _INPUT]) -> OrderPayload:
        """One order."""
        closing, actor = info.context.services.closing, info.context.require_actor()
        placed = await closing.close(actor, given.to_domain(), cancel_working=given.cancel_working)
        return cast(OrderPayload, placed[0])

    @strawberry.mutation(
        description="Close all unfrozen positions of an account at market; on request cancel its orders first."
    )
    async def close_all_positions(
        self, info: Info, account_id: strawberry.ID, cancel_working: bool = False
    ) -> OrdersPayload:
        """An order for each position, several for one above its instrument's largest order."""
        closing, actor = info.context.services.closing, info.context.require_actor()
        command = CloseAllPositions(named(account_id))
        return orders_view(await closing.close(actor, command, cancel_working=cancel_working))

    @strawberry.mutation(description="Freeze part of a position, so that it cannot be closed.")
    async def freeze_position(self, info: Info, given: Annotated[FreezePositionInput, _INPUT]) -> Position:
        """Needs the right to trade the account."""
        services, command = info.context.services, given.to_domain()
        actor = await services.entry.current(info.context.require_actor(), command.account_id)
        return await _valued(info, await freeze_position(services.bus, services.market, actor, command))

    @strawberry.mutation(description="Release a quantity frozen by hand.")
    async def unfreeze_position(self, info: Info, given: Annotated[FreezePositionInput, _INPUT]) -> Position:
        """Needs the right to trade the account."""
        services, command = info.context.services, given.to_domain()
        actor = await services.entry.current(info.context.require_actor(), command.account_id)
        return await _valued(info, await unfreeze_position(services.bus, services.market, actor, command))


async def _valued(info: Info, position: PositionBook) -> Position:
    account = (await info.context.services.books.read_with_closed([position.account_id]))[position.account_id]
    return position_view(next(row for row in account.positions if row.id == position.id))
