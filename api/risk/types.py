"""Types of the risk area in the schema; their sources are the domain's own values."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry

from api.access.enums import Role
from api.context import Info
from api.graphql.field_flags import SAME_FOR_ALL, same_for_all_reading
from api.node import Node
from api.objects import load_account, load_order
from api.realtime.streams import RISK_LOG, cursor_of
from api.risk.enums import (
    RiskAction,
    RiskEventKind,
    RiskEventSource,
    RiskEventState,
    RiskRuleKind,
    RiskScope,
    SelfTradePrevention,
    Severity,
)
from api.scalars import Cursor
from domain.orders.protection.unconfirmed_queries import CancelScope, count_unconfirmed_cancels
from domain.risk import types as values
from domain.risk.store import find_rules

if TYPE_CHECKING:
    from api.accounts.types import Account
    from api.orders.types import Order

_Account = Annotated["Account", strawberry.lazy("api.accounts.types")]
_Order = Annotated["Order", strawberry.lazy("api.orders.types")]


@strawberry.type(description="A configured limit. All rules that apply to an order are evaluated.")
class RiskRule(Node):
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
    self_trade_prevention: SelfTradePrevention | None = strawberry.field(description="Of SELF_TRADE rules.")
    created_by: str | None = strawberry.field(description="An email; null of those that every account begins with.")
    updated_by: str | None

    @strawberry.field(description="The account that it applies to; null for all of its scope.", metadata=SAME_FOR_ALL)
    async def account(self, rule: strawberry.Parent[Any], info: Info) -> _Account | None:
        """Loaded with the operation's other accounts."""
        return cast("Account | None", await load_account(info, rule.account_id))


@strawberry.type(description="A rule that an order breaks, with the limit and the observed value.")
class RiskViolation:
    """A view of ``domain.risk.types.RiskViolation``."""

    kind: RiskRuleKind
    rule_id: strawberry.ID | None
    action: RiskAction
    limit: Decimal | None
    observed: Decimal | None = strawberry.field(description="Null if data for the rule is missing.")
    message: str


@strawberry.type(description="Something that a risk manager may have to look at.")
class RiskEvent(Node):
    """A view of ``domain.risk.types.RiskEvent``."""

    id: strawberry.ID
    account_id: strawberry.ID | None
    symbol: str | None
    order_id: strawberry.ID | None
    rule_id: strawberry.ID | None
    source: str = strawberry.field(
        description="`pre-trade`, `monitor`, `anomaly` or `operator`.", deprecation_reason="Use `origin`."
    )
    kind: str = strawberry.field(
        description="A kind of rule, of anomaly, or of an action of an operator.", deprecation_reason="Use `eventKind`."
    )
    severity: Severity
    message: str
    observed: Decimal | None
    limit: Decimal | None
    action_taken: RiskAction | None
    state: RiskEventState
    acknowledged_by: str | None
    note: str | None
    created_at: datetime = strawberry.field(description="Time at which it was raised.", deprecation_reason="Use `at`.")
    cleared_at: datetime | None = strawberry.field(
        description=("Time at which the condition ended; null while it lasts.")
    )
    resolved_at: datetime | None

    @strawberry.field(description="Time at which it was raised.", metadata=same_for_all_reading("created_at"))
    def at(self, event: strawberry.Parent[Any]) -> datetime:
        """As of every event."""
        raised: datetime = event.created_at
        return raised

    @strawberry.field(description="Its source.", metadata=same_for_all_reading("source"))
    def origin(self, event: strawberry.Parent[Any]) -> RiskEventSource:
        """One of four."""
        return RiskEventSource(event.source)

    @strawberry.field(
        description=(
            "A kind of rule, of anomaly, or of an action of an operator; null for a kind of an earlier release."
        ),
        metadata=same_for_all_reading("kind"),
    )
    def event_kind(self, event: strawberry.Parent[Any]) -> RiskEventKind | None:
        """The same as ``kind``, as one of a closed set."""
        return RiskEventKind.__members__.get(event.kind)

    @strawberry.field(description="The account that it is about; null for none.", metadata=SAME_FOR_ALL)
    async def account(self, event: strawberry.Parent[Any], info: Info) -> _Account | None:
        """Loaded with the operation's other accounts."""
        return cast("Account | None", await load_account(info, event.account_id))

    @strawberry.field(description="The order that it is about; null for none.", metadata=SAME_FOR_ALL)
    async def order(self, event: strawberry.Parent[Any], info: Info) -> _Order | None:
        """Loaded with the operation's other orders."""
        return cast("Order | None", await load_order(info, event.order_id))

    @strawberry.field(
        description="The rule that was broken; null for none, and for one that was deleted.", metadata=SAME_FOR_ALL
    )
    async def rule(self, event: strawberry.Parent[Any], info: Info) -> RiskRule | None:
        """Loaded with the operation's other rules."""
        rule = await info.context.load(find_rules, event.rule_id) if event.rule_id is not None else None
        return cast("RiskRule | None", rule)

    @strawberry.field(description="Resumes the subscription after this event.", metadata=SAME_FOR_ALL)
    def cursor(self, event: strawberry.Parent[Any]) -> Cursor:
        """Its number among all events."""
        return cursor_of(event.sequence, RISK_LOG)


@strawberry.type(description="A stop of trading: only cancels and orders that can only reduce a position pass.")
class TradingHalt(Node):
    """A view of ``domain.risk.types.TradingHalt``."""

    id: strawberry.ID
    scope: RiskScope
    account_id: strawberry.ID | None
    symbol: str | None
    strategy: str | None
    reason: str
    by: str = strawberry.field(description="An email, or a part of the platform such as `monitor`.")
    role: Role = strawberry.field(description="The highest role that set it: a lower role cannot lift it.")
    at: datetime
    lifted_at: datetime | None = strawberry.field(description="Null while it is in force.")
    lifted_by: str | None
    lift_reason: str | None

    @strawberry.field(description="The account that it stops; null for all of its scope.", metadata=SAME_FOR_ALL)
    async def account(self, halt: strawberry.Parent[Any], info: Info) -> _Account | None:
        """Loaded with the operation's other accounts."""
        return cast("Account | None", await load_account(info, halt.account_id))

    @strawberry.field(
        description=(
            "Number of open orders in its scope with a cancel that the venue has not confirmed yet; null "
            "unless you may see all of them."
        )
    )
    async def unconfirmed_cancels(self, info: Info, halt: strawberry.Parent[Any]) -> int | None:
        """As of now."""
        actor = info.context.require_actor()
        if not (actor.sees_all or (halt.account_id is not None and actor.may_read(halt.account_id))):
            return None
        scope = CancelScope(halt.account_id, halt.symbol, halt.strategy)
        return await info.context.load(count_unconfirmed_cancels, scope) or 0


@strawberry.type(description="Used share of a limit of the account; 1 is the whole limit.")
class LimitUsage:
    """A view of ``domain.risk.rules.measures.LimitUsage``."""

    rule: RiskRule
    observed: Decimal
    limit: Decimal
    usage: float


@strawberry.type(description="The risk of an account at the newest marks, in its currency.")
class RiskMetrics:
    """A view of ``domain.orders.reading.risk_metrics.RiskMetrics``."""

    account_id: strawberry.ID
    currency: str
    equity: Decimal
    gross_exposure: Decimal
    net_exposure: Decimal
    leverage: Decimal
    margin_ratio: Decimal | None = strawberry.field(description="Null while no margin is in use.")
    day_pnl: Decimal
    day_pnl_ratio: float | None
    drawdown: float = strawberry.field(description=("Distance of equity below its peak, as a ratio of the peak."))
    max_drawdown: float = strawberry.field(description="Of the chained returns of up to 250 days.")
    largest_concentration: float | None
    value_at_risk: Decimal | None = strawberry.field(
        name="valueAtRisk95",
        description="The loss that 95 % of days stay within, from up to 250 days; null of fewer than 20.",
    )
    expected_shortfall: Decimal | None = strawberry.field(
        name="expectedShortfall95", description="The mean loss of the days beyond value at risk."
    )
    open_orders: int
    orders_last_minute: int
    limits: list[LimitUsage] = strawberry.field(
        description="Of all rules that hold for the account, most used first. One for each rule."
    )


def risk_event_view(value: values.RiskEvent) -> RiskEvent:
    """The value itself, which fields read from."""
    return cast(RiskEvent, value)
