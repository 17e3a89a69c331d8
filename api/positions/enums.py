"""The enum of the area, registered with its names in the schema."""

import strawberry

from domain.positions.types import PositionSide

__all__ = ["PositionSide"]

strawberry.enum(PositionSide, description="Direction of a position.")
