"""The enums of the area, registered once with the words that the schema shows."""

import strawberry

from domain.risk.types import RiskAction, RiskRuleKind, RiskScope

__all__ = [
    "RiskAction",
    "RiskRuleKind",
    "RiskScope",
]

strawberry.enum(RiskAction, description="What breaking a rule leads to.")
strawberry.enum(RiskRuleKind, description="What a rule limits.")
strawberry.enum(RiskScope, description="What a rule applies to.")
