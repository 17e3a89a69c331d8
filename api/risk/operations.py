"""Questions about risk rules, events and halts, and changes of them."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, cast

import strawberry

from api.context import Info
from api.ids import named
from api.pages import Connection, connection
from api.permits import Followed, followed_accounts, reads_accounts
from api.realtime.streams import LogStream, position_of
from api.risk.enums import Severity
from api.risk.inputs import (
    CreateRiskRuleInput,
    HaltTradingInput,
    ResolveRiskEventInput,
    RiskEventFilterInput,
    UpdateRiskRuleInput,
)
from api.risk.types import RiskEvent, RiskMetrics, RiskRule, TradingHalt
from api.scalars import Cursor
from domain.access.types import require_read
from domain.kernel.pages import page_request
from domain.orders.protection.halting import halt_trading
from domain.orders.reading.risk_metrics import risk_metrics
from domain.risk import events, halts, service
from domain.risk.types import RiskEvent as DomainEvent

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

    @strawberry.field(description="The risk of an account at the newest marks.")
    async def risk_metrics(self, info: Info, account_id: strawberry.ID) -> RiskMetrics:
        """Measured when it is asked for."""
        services, wanted = info.context.services, named(account_id)
        require_read(info.context.require_actor(), wanted)
        return cast(RiskMetrics, await risk_metrics(services.entry.desk, services.books, wanted))

    @strawberry.field(description="Risk events that you may see, newest first.")
    async def risk_events(
        self,
        info: Info,
        filter: RiskEventFilterInput | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[RiskEvent]:
        """A page of events."""
        actor, wanted = info.context.require_actor(), (filter or RiskEventFilterInput()).to_domain()
        page = await events.list_risk_events(actor, wanted, page_request(first, after, parts=1))
        return connection(page, _event, partial(events.count_risk_events, actor, wanted))

    @strawberry.field(description="Halts that concern you, oldest first: those in force, or also those of the past.")
    async def trading_halts(self, info: Info, active_only: bool = True) -> list[TradingHalt]:
        """At most the newest 1,000."""
        found = await halts.list_halts(info.context.require_actor(), active_only=active_only)
        return cast("list[TradingHalt]", found)


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

    @strawberry.mutation(description="Say that somebody has seen an event. Needs RISK_MANAGER or ADMIN.")
    async def acknowledge_risk_event(self, info: Info, id: strawberry.ID) -> RiskEvent:
        """Repeating it changes nothing."""
        context = info.context
        return _event(await events.acknowledge_event(context.services.bus, context.require_actor(), named(id)))

    @strawberry.mutation(description="Close an event with a note. Needs RISK_MANAGER or ADMIN.")
    async def resolve_risk_event(self, info: Info, given: Annotated[ResolveRiskEventInput, _INPUT]) -> RiskEvent:
        """The same note again changes nothing."""
        context, event_id = info.context, named(given.id)
        return _event(await events.resolve_event(context.services.bus, context.require_actor(), event_id, given.note))

    @strawberry.mutation(
        description="Stop trading in a scope, in force for the very next order. Needs RISK_MANAGER or ADMIN."
    )
    async def halt_trading(self, info: Info, given: Annotated[HaltTradingInput, _INPUT]) -> TradingHalt:
        """Only cancels and reductions pass; unless told otherwise, what works is cancelled."""
        context = info.context
        made = await halt_trading(context.services.bus, context.require_actor(), given.to_domain())
        return cast(TradingHalt, made)

    @strawberry.mutation(description="Lift a halt; it stays in history. Needs RISK_MANAGER or ADMIN.")
    async def resume_trading(self, info: Info, id: strawberry.ID, reason: str) -> TradingHalt:
        """With who lifted it and why."""
        context = info.context
        lifted = await halts.lift_halt(context.services.bus, context.require_actor(), named(id), reason)
        return cast(TradingHalt, lifted)


@strawberry.type
class RiskSubscription:
    """The area's part of the root subscription."""

    @strawberry.subscription(
        description="Risk events after the cursor (or from now on), once and in order: an account's, or all."
    )
    async def risk_events(
        self,
        info: Info,
        account_id: strawberry.ID | None = None,
        min_severity: Severity = Severity.INFO,
        after: Cursor | None = None,
    ) -> AsyncIterator[RiskEvent]:
        """Resumable: no gap and no repeat."""
        wanted = followed_accounts(info.context.require_actor(), account_id)
        stream = LogStream(
            key=("riskEvents", wanted, account_id is not None, min_severity),
            log=info.context.services.risk_log,
            view=partial(_shown, wanted, _FROM[min_severity], account_id is None),
            permit=reads_accounts(wanted),
            after=position_of(after),
        )
        return cast(AsyncIterator[RiskEvent], stream)


# The severities from one upwards.
_FROM = {severity: frozenset(list(Severity)[place:]) for place, severity in enumerate(Severity)}


def _event(event: DomainEvent) -> RiskEvent:
    return cast(RiskEvent, event)


def _shown(wanted: Followed, severities: frozenset[Severity], platform: bool, event: DomainEvent) -> RiskEvent | None:
    """The event if it is to be seen; ``platform`` lets those of no account pass."""
    if event.severity not in severities:
        return None
    if event.account_id is None:
        return _event(event) if platform else None
    return _event(event) if wanted is None or event.account_id in wanted else None
