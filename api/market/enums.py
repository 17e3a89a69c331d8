"""The enums of the area, registered once with the words that the schema shows."""

import strawberry

from domain.market.types import AssetClass, BarInterval, SettlementCycle

__all__ = [
    "AssetClass",
    "BarInterval",
    "SettlementCycle",
]

strawberry.enum(AssetClass, description="What kind of thing is traded.")
strawberry.enum(BarInterval, description="Length of a bar.")
strawberry.enum(SettlementCycle, description="When what was bought may be sold: at once, or from the next trading day.")
