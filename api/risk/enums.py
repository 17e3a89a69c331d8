"""The enums of the area, registered once with their names in the schema."""

import strawberry

from api.risk.event_kinds import RiskEventKind
from domain.risk.types import (
    RiskAction,
    RiskEventSource,
    RiskEventState,
    RiskRuleKind,
    RiskScope,
    SelfTradePrevention,
    Severity,
)

__all__ = [
    "RiskAction",
    "RiskEventKind",
    "RiskEventSource",
    "RiskEventState",
    "RiskRuleKind",
    "RiskScope",
    "SelfTradePrevention",
    "Severity",
]

strawberry.enum(RiskAction, description="Action when a rule is broken.")
strawberry.enum(RiskEventKind, description="Kind of a risk event.")
strawberry.enum(RiskEventSource, name="RiskEventOrigin", description="Source of a risk event.")
strawberry.enum(RiskEventState, description="Handling state of an event.")
strawberry.enum(RiskRuleKind, description="Quantity that a rule limits.")
strawberry.enum(RiskScope, description="Scope of a rule or a halt.")
strawberry.enum(
    SelfTradePrevention,
    description=(
        "Handling of an order that could trade with one of its own account: the newer is refused, or the "
        "older cancelled. For an exit the older is always cancelled."
    ),
)
strawberry.enum(Severity, description="Urgency of an event.")
