"""Queries about risk rules, events and halts."""

from datetime import datetime
from functools import partial
from typing import Annotated, cast

import strawberry

from api.context import Info
from api.graphql.field_flags import COSTLY
from api.ids import named
from api.objects import find_visible
from api.pages import Connection, connection
from api.risk.inputs import (
    CreateRiskRuleInput,
    RiskEventFilterInput,
    RiskRuleFilter,
    TradingHaltFilter,
)
from api.risk.trial_types import RuleTrial
from api.risk.types import RiskEvent, RiskMetrics, RiskRule, TradingHalt, risk_event_view
from domain.accounts.queries import require_account
from domain.kernel.pages import page_request
from domain.orders.reading.risk_metrics import risk_metrics
from domain.orders.reading.trials.rule_trial import try_rule
from domain.risk import events, halts, service
from domain.risk.event_queries import find_events
from domain.risk.store import find_rules
from domain.risk.subjects import check_search


@strawberry.type
class RiskQuery:
    """The area's part of the root query."""

    @strawberry.field(
        description="The limits that concern you, oldest first.",
        deprecation_reason="It has no pages: use `riskRulesConnection`.",
    )
    async def risk_rules(
        self, info: Info, account_id: strawberry.ID | None = None, enabled: bool | None = None
    ) -> list[RiskRule]:
        """All rules, for callers who see all accounts."""
        wanted = named(account_id) if account_id is not None else None
        rules = await service.list_rules(info.context.require_actor(), account_id=wanted, enabled=enabled)
        return cast("list[RiskRule]", rules)

    @strawberry.field(description="The limits that concern you, oldest first.")
    async def risk_rules_connection(
        self,
        info: Info,
        filter: RiskRuleFilter | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[RiskRule]:
        """A page of rules."""
        actor, wanted = info.context.require_actor(), (filter or RiskRuleFilter()).to_domain()
        request = page_request(first, after, last, before, parts=1, of=("riskRules", wanted))
        await check_search(info.context.services.market, actor, wanted)
        page = await service.page_rules(actor, request, wanted)
        return connection(page, lambda each: cast(RiskRule, each), partial(service.count_rules, actor, wanted))

    @strawberry.field(description="A risk event; null if the id is unknown or you may not see it.")
    async def risk_event(self, info: Info, id: strawberry.ID) -> RiskEvent | None:
        """One of them."""
        return cast("RiskEvent | None", await find_visible(info, find_events, id, shared=True))

    @strawberry.field(description="A risk rule; null if the id is unknown or you may not see it.")
    async def risk_rule(self, info: Info, id: strawberry.ID) -> RiskRule | None:
        """One of them."""
        return cast("RiskRule | None", await find_visible(info, find_rules, id, shared=True))

    @strawberry.field(description="The risk of an account at the newest marks.", metadata=COSTLY)
    async def risk_metrics(self, info: Info, account_id: strawberry.ID) -> RiskMetrics:
        """Measured on request."""
        services, wanted = info.context.services, named(account_id)
        await require_account(info.context.require_actor(), wanted)
        return cast(RiskMetrics, await risk_metrics(services.entry.context, services.books, wanted))

    @strawberry.field(description="Risk events that you may see, newest first.")
    async def risk_events(
        self,
        info: Info,
        filter: RiskEventFilterInput | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[RiskEvent]:
        """A page of events."""
        actor, wanted = info.context.require_actor(), (filter or RiskEventFilterInput()).to_domain()
        page = await events.list_risk_events(
            actor, wanted, page_request(first, after, last, before, parts=1, of=("riskEvents", wanted))
        )
        return connection(page, risk_event_view, partial(events.count_risk_events, actor, wanted))

    @strawberry.field(description="Halts that concern you, newest first.")
    async def trading_halts_connection(
        self,
        info: Info,
        filter: TradingHaltFilter | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[TradingHalt]:
        """A page of halts."""
        actor, wanted = info.context.require_actor(), (filter or TradingHaltFilter()).to_domain()
        request = page_request(first, after, last, before, parts=1, of=("tradingHalts", wanted))
        await check_search(info.context.services.market, actor, wanted)
        page = await halts.page_halts(actor, request, wanted)
        return connection(page, lambda each: cast(TradingHalt, each), partial(halts.count_halts, actor, wanted))

    @strawberry.field(
        description="Halts that concern you, oldest first: those in force, or also those of the past.",
        deprecation_reason="It has no pages: use `tradingHaltsConnection`.",
    )
    async def trading_halts(self, info: Info, active_only: bool = True) -> list[TradingHalt]:
        """At most the newest 1,000."""
        found = await halts.list_halts(info.context.require_actor(), active_only=active_only)
        return cast("list[TradingHalt]", found)

    @strawberry.field(
        description="Trial of a risk rule on past orders, before it is created or changed. Nothing is stored. Orders "
        "are judged at their stored terms, in the order of their times; a refused order does not count for later ones. "
        "MAX_DAILY_LOSS and MAX_DRAWDOWN are judged on the samples of equity, a drawdown from "
        "the highest one since `from`. Kinds that compare prices, sessions or quotes of each moment, which are not "
        "kept, are refused with the field `kind`. At most 31 days and 50,000 orders. One trial runs at a time in a "
        "process: RATE_LIMITED has the time of the next try. Needs RISK_MANAGER or ADMIN.",
        metadata=COSTLY,
    )
    async def try_risk_rule(
        self,
        info: Info,
        given: Annotated[
            CreateRiskRuleInput,
            strawberry.argument(name="input", description="The limit; it is tried whether `enabled` or not."),
        ],
        since: Annotated[
            datetime | None, strawberry.argument(name="from", description="A day before `to` if absent.")
        ] = None,
        until: Annotated[
            datetime | None, strawberry.argument(name="to", description="Itself not part of the range; now if absent.")
        ] = None,
    ) -> RuleTrial:
        """By the checks that orders meet."""
        actor, context = info.context.require_actor(), info.context.services.entry.context
        return cast(RuleTrial, await try_rule(context, actor, given.to_domain(), since, until))
