"""Inputs about positions."""

from decimal import Decimal

import strawberry

from api.ids import identified, named
from api.positions.enums import PositionSide
from domain.orders.model.commands import ClosePosition
from domain.positions.freezing import FreezePosition


@strawberry.input(description="The position to close: everything that can be closed, or `quantity` of it.")
class ClosePositionInput:
    """See ``domain.orders.model.commands.ClosePosition``."""

    account_id: strawberry.ID
    symbol: str
    side: PositionSide | None = strawberry.field(
        default=None, description="Needed where both a long and a short are held."
    )
    quantity: Decimal | None = None
    limit_price: Decimal | None = strawberry.field(default=None, description="At this price or better, else at market.")
    client_order_id: str | None = strawberry.field(
        default=None, description="Makes a retry safe: the same id returns the first order."
    )
    cancel_working: bool = strawberry.field(
        default=False,
        description="First cancel the open orders that would close the position, and wait for the venue's answers.",
    )

    def to_domain(self) -> ClosePosition:
        """The command."""
        return ClosePosition(
            account_id=named(self.account_id),
            symbol=self.symbol,
            side=self.side,
            quantity=self.quantity,
            limit_price=self.limit_price,
            client_order_id=identified(self.client_order_id),
        )


@strawberry.input(description="Quantity of a position to freeze or to release, and the reason.")
class FreezePositionInput:
    """See ``domain.positions.freezing.FreezePosition``."""

    account_id: strawberry.ID
    symbol: str
    side: PositionSide | None = strawberry.field(
        default=None, description="Needed where both a long and a short are held."
    )
    quantity: Decimal
    reason: str

    def to_domain(self) -> FreezePosition:
        """The command."""
        return FreezePosition(named(self.account_id), self.symbol, self.quantity, self.reason, self.side)
