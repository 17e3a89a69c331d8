"""The enum of the area, registered with the words that the schema shows."""

import strawberry

from domain.positions.types import PositionSide

__all__ = ["PositionSide"]

strawberry.enum(PositionSide, description="Direction of a position.")
