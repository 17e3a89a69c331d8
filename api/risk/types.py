"""Shapes of the risk area in the schema; their sources are the domain's own values."""

from datetime import datetime
from decimal import Decimal

import strawberry

from api.risk.enums import RiskAction, RiskRuleKind, RiskScope


@strawberry.type(description="A configured limit. All rules that apply to an order are evaluated.")
class RiskRule:
    """A view of ``domain.risk.types.RiskRule``."""

    id: strawberry.ID
    name: str
    kind: RiskRuleKind
    scope: RiskScope
    account_id: strawberry.ID | None
    symbol: str | None
    strategy: str | None
    threshold: Decimal | None
    window_seconds: int | None
    action: RiskAction
    enabled: bool
    created_at: datetime
    updated_at: datetime
    version: int


@strawberry.type(description="A rule that an order breaks, with the limit and what was observed.")
class RiskViolation:
    """A view of ``domain.risk.types.RiskViolation``."""

    kind: RiskRuleKind
    rule_id: strawberry.ID | None
    action: RiskAction
    limit: Decimal | None
    observed: Decimal | None = strawberry.field(description="Null when what the rule needs to know is missing.")
    message: str
