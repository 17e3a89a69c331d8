"""The domain's own enums, registered in the schema; the area's types import them from here."""

import strawberry

from domain.market.actions import CorporateActionKind
from domain.market.session_rules import SessionDay
from domain.market.types import AssetClass, BarInterval, SettlementCycle

__all__ = ["AssetClass", "BarInterval", "CorporateActionKind", "SessionDay", "SettlementCycle"]

strawberry.enum(AssetClass, description="Asset class of an instrument.")
strawberry.enum(
    SettlementCycle, description=("Time from which purchased units may be sold: at once, or from the next trading day.")
)
strawberry.enum(BarInterval, description="Length of a bar.")
strawberry.enum(SessionDay, description="The day on which a session opens, seen from its trading day.")
strawberry.enum(CorporateActionKind, description="Effect of a corporate action on positions.")
