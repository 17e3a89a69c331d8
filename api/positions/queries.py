"""Questions about positions."""

from typing import cast

import strawberry

from api.context import Info
from api.ids import named
from api.positions.enums import PositionSide
from api.positions.types import Position, position_view
from domain.access.types import require_read


@strawberry.type
class PositionsQuery:
    """The area's part of the root query."""

    @strawberry.field(description="What an account holds of a symbol; of a hedging account the given side.")
    async def position(
        self, info: Info, account_id: strawberry.ID, symbol: str, side: PositionSide | None = None
    ) -> Position | None:
        """One position, also one that is closed."""
        wanted = named(account_id)
        require_read(info.context.require_actor(), wanted)
        value = await info.context.load(info.context.services.books.read_with_closed, wanted)
        rows = [row for row in value.positions if row.symbol == symbol] if value is not None else []
        held = [row for row in rows if side is None or row.side is side]
        # Of several, what is held comes before what is closed.
        return position_view(max(held, key=lambda row: row.quantity != 0)) if held else None

    @strawberry.field(description="What an account holds; on request also what it once held.")
    async def positions(self, info: Info, account_id: strawberry.ID, include_closed: bool = False) -> list[Position]:
        """All positions of an account."""
        wanted = named(account_id)
        require_read(info.context.require_actor(), wanted)
        value = await info.context.load(info.context.services.books.read_with_closed, wanted)
        rows = value.positions if value is not None else ()
        return cast("list[Position]", [row for row in rows if include_closed or row.quantity])
