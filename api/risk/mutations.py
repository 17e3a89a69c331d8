"""Mutations of risk rules, and people's handling of events and halts."""

from typing import Annotated, cast

import strawberry

from api.context import Info
from api.ids import named
from api.risk.inputs import (
    CreateRiskRuleInput,
    HaltTradingInput,
    ResolveRiskEventInput,
    UpdateRiskRuleInput,
)
from api.risk.types import RiskEvent, RiskRule, TradingHalt, risk_event_view
from domain.orders.protection.halting import halt_trading
from domain.risk import events, halts, service

_INPUT = strawberry.argument(name="input")


@strawberry.type
class RiskMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(description="Create a risk rule, in force at once. Needs RISK_MANAGER or ADMIN.")
    async def create_risk_rule(self, info: Info, given: Annotated[CreateRiskRuleInput, _INPUT]) -> RiskRule:
        """In force for the very next order."""
        services = info.context.services
        rule = await service.create_rule(services.bus, info.context.require_actor(), given.to_domain())
        return cast(RiskRule, rule)

    @strawberry.mutation(description="Change a risk rule. Needs RISK_MANAGER or ADMIN.")
    async def update_risk_rule(self, info: Info, given: Annotated[UpdateRiskRuleInput, _INPUT]) -> RiskRule:
        """In force for the very next order."""
        services = info.context.services
        rule = await service.update_rule(services.bus, info.context.require_actor(), given.to_domain())
        return cast(RiskRule, rule)

    @strawberry.mutation(description="Delete a risk rule. Needs RISK_MANAGER or ADMIN.")
    async def delete_risk_rule(self, info: Info, id: strawberry.ID) -> strawberry.ID:
        """Stored violations of it stay."""
        await service.delete_rule(info.context.services.bus, info.context.require_actor(), named(id))
        return id

    @strawberry.mutation(description="Acknowledge an event. Needs RISK_MANAGER or ADMIN.")
    async def acknowledge_risk_event(self, info: Info, id: strawberry.ID) -> RiskEvent:
        """Repeating it changes nothing."""
        context = info.context
        return risk_event_view(await events.acknowledge_event(context.services.bus, context.require_actor(), named(id)))

    @strawberry.mutation(description="Resolve an event with a note. Needs RISK_MANAGER or ADMIN.")
    async def resolve_risk_event(self, info: Info, given: Annotated[ResolveRiskEventInput, _INPUT]) -> RiskEvent:
        """The same note again changes nothing."""
        bus, actor = info.context.services.bus, info.context.require_actor()
        return risk_event_view(await events.resolve_event(bus, actor, named(given.id), given.note))

    @strawberry.mutation(
        description="Stop trading in a scope, in force for the very next order. Needs RISK_MANAGER or ADMIN."
    )
    async def halt_trading(self, info: Info, given: Annotated[HaltTradingInput, _INPUT]) -> TradingHalt:
        """Only cancels and reductions pass; working orders are cancelled by default."""
        context = info.context
        made = await halt_trading(context.services.bus, context.require_actor(), given.to_domain())
        return cast(TradingHalt, made)

    @strawberry.mutation(description="Lift a halt; it stays in history. Needs RISK_MANAGER or ADMIN.")
    async def resume_trading(self, info: Info, id: strawberry.ID, reason: str) -> TradingHalt:
        """Returns the halt with the author and reason of its lifting."""
        context = info.context
        lifted = await halts.lift_halt(context.services.bus, context.require_actor(), named(id), reason)
        return cast(TradingHalt, lifted)
