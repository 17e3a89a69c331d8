"""Questions about risk rules and changes of them."""

from typing import Annotated, cast

import strawberry

from api.context import Info
from api.ids import named
from api.risk.inputs import CreateRiskRuleInput, UpdateRiskRuleInput
from api.risk.types import RiskRule
from domain.risk import service

_INPUT = strawberry.argument(name="input")


@strawberry.type
class RiskQuery:
    """The area's part of the root query."""

    @strawberry.field(description="The limits that concern you, oldest first.")
    async def risk_rules(
        self, info: Info, account_id: strawberry.ID | None = None, enabled: bool | None = None
    ) -> list[RiskRule]:
        """All of them for who sees all."""
        wanted = named(account_id) if account_id is not None else None
        rules = await service.list_rules(info.context.require_actor(), account_id=wanted, enabled=enabled)
        return cast("list[RiskRule]", rules)


@strawberry.type
class RiskMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(description="Put a limit in force. Needs RISK_MANAGER or ADMIN.")
    async def create_risk_rule(self, info: Info, given: Annotated[CreateRiskRuleInput, _INPUT]) -> RiskRule:
        """For the very next order."""
        services = info.context.services
        rule = await service.create_rule(services.bus, info.context.require_actor(), given.to_domain())
        return cast(RiskRule, rule)

    @strawberry.mutation(description="Change a limit. Needs RISK_MANAGER or ADMIN.")
    async def update_risk_rule(self, info: Info, given: Annotated[UpdateRiskRuleInput, _INPUT]) -> RiskRule:
        """For the very next order."""
        services = info.context.services
        rule = await service.update_rule(services.bus, info.context.require_actor(), given.to_domain())
        return cast(RiskRule, rule)

    @strawberry.mutation(description="Take a limit out of force for good. Needs RISK_MANAGER or ADMIN.")
    async def delete_risk_rule(self, info: Info, id: strawberry.ID) -> strawberry.ID:
        """What it refused before keeps its violations."""
        await service.delete_rule(info.context.services.bus, info.context.require_actor(), named(id))
        return id
