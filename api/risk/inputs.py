"""What clients send about risk rules."""

from decimal import Decimal

import strawberry

from api.ids import named
from api.risk.enums import RiskAction, RiskRuleKind, RiskScope
from domain.risk.service import CreateRiskRule, UpdateRiskRule


@strawberry.input(description="A new limit. The scope says which of account, symbol and strategy it needs.")
class CreateRiskRuleInput:
    """See ``domain.risk.service.CreateRiskRule``."""

    name: str
    kind: RiskRuleKind
    scope: RiskScope
    account_id: strawberry.ID | None = None
    symbol: str | None = None
    strategy: str | None = None
    threshold: Decimal | None = None
    window_seconds: int | None = None
    action: RiskAction = RiskAction.REJECT
    enabled: bool = True

    def to_domain(self) -> CreateRiskRule:
        """The command."""
        return CreateRiskRule(
            name=self.name,
            kind=self.kind,
            scope=self.scope,
            account_id=named(self.account_id) if self.account_id is not None else None,
            symbol=self.symbol,
            strategy=self.strategy,
            threshold=self.threshold,
            window_seconds=self.window_seconds,
            action=self.action,
            enabled=self.enabled,
        )


@strawberry.input(description="What to change of a limit; what is left out stays as it is.")
class UpdateRiskRuleInput:
    """See ``domain.risk.service.UpdateRiskRule``."""

    id: strawberry.ID
    name: str | None = None
    threshold: Decimal | None = None
    window_seconds: int | None = None
    action: RiskAction | None = None
    enabled: bool | None = None

    def to_domain(self) -> UpdateRiskRule:
        """The command."""
        return UpdateRiskRule(named(self.id), self.name, self.threshold, self.window_seconds, self.action, self.enabled)
