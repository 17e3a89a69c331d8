"""The enums of the area, registered once with the words that the schema shows."""

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

strawberry.enum(RiskAction, description="What breaking a rule leads to.")
strawberry.enum(RiskEventKind, description="What a risk event tells of.")
strawberry.enum(RiskEventSource, name="RiskEventOrigin", description="Who raised a risk event.")
strawberry.enum(RiskEventState, description="What people have done about an event.")
strawberry.enum(RiskRuleKind, description="What a rule limits.")
strawberry.enum(RiskScope, description="What a rule or a halt applies to.")
strawberry.enum(
    SelfTradePrevention,
    description="What happens when an order could trade with an own one: the newer is refused, or the older cancelled. "
    "For an exit the older is cancelled in any case.",
)
strawberry.enum(Severity, description="How much something asks for attention.")
