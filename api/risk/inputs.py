"""Inputs about risk rules, events and halts."""

from datetime import datetime
from decimal import Decimal

import strawberry

from api.ids import named
from api.risk.enums import RiskAction, RiskEventState, RiskRuleKind, RiskScope, SelfTradePrevention, Severity
from domain.anomalies.types import AnomalyKind
from domain.kernel.errors import BadInput
from domain.orders.protection import late_commands
from domain.risk import operators
from domain.risk.event_queries import RiskEventFilter
from domain.risk.halts import HALTED, RESUMED, HaltTrading
from domain.risk.service import CreateRiskRule, UpdateRiskRule

# All kinds of events that are raised, whoever raises them.
_KINDS = frozenset(
    (
        *RiskRuleKind,
        *AnomalyKind,
        operators.ACCOUNT_STATE,
        operators.RULE_CREATED,
        operators.RULE_CHANGED,
        operators.RULE_DELETED,
        operators.INSTRUMENT_CHANGED,
        operators.BUSTED,
        operators.CORRECTED,
        HALTED,
        RESUMED,
        late_commands.KIND,
    )
)


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
    self_trade_prevention: SelfTradePrevention | None = strawberry.field(
        default=None, description="For SELF_TRADE; CANCEL_NEWEST when left out."
    )

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
            self_trade_prevention=self.self_trade_prevention,
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
    self_trade_prevention: SelfTradePrevention | None = None

    def to_domain(self) -> UpdateRiskRule:
        """The command."""
        return UpdateRiskRule(
            id=named(self.id),
            name=self.name,
            threshold=self.threshold,
            window_seconds=self.window_seconds,
            action=self.action,
            enabled=self.enabled,
            self_trade_prevention=self.self_trade_prevention,
        )


@strawberry.input(name="RiskEventFilter", description="Which events, in `from` <= createdAt < `to`.")
class RiskEventFilterInput:
    """All given conditions must hold."""

    account_id: strawberry.ID | None = None
    severities: list[Severity] | None = None
    states: list[RiskEventState] | None = None
    kinds: list[str] | None = None
    since: datetime | None = strawberry.field(name="from", default=None)
    until: datetime | None = strawberry.field(name="to", default=None)

    def to_domain(self) -> RiskEventFilter:
        """The filter."""
        unknown = next((kind for kind in self.kinds or () if kind not in _KINDS), None)
        if unknown is not None:
            raise BadInput(f"There is no kind {unknown[:40]!r} of risk events.", field="kinds")
        return RiskEventFilter(
            account_id=named(self.account_id) if self.account_id is not None else None,
            severities=tuple(self.severities) if self.severities is not None else None,
            states=tuple(self.states) if self.states is not None else None,
            kinds=tuple(self.kinds) if self.kinds is not None else None,
            since=self.since,
            until=self.until,
        )


@strawberry.input(description="What is done about an event, for those who read of it later.")
class ResolveRiskEventInput:
    """See ``domain.risk.events.resolve_event``."""

    id: strawberry.ID
    note: str


@strawberry.input(description="What to halt. The scope says which of account, symbol and strategy it needs.")
class HaltTradingInput:
    """See ``domain.risk.halts.HaltTrading``."""

    scope: RiskScope
    reason: str
    account_id: strawberry.ID | None = None
    symbol: str | None = None
    strategy: str | None = None
    cancel_open_orders: bool = True

    def to_domain(self) -> HaltTrading:
        """The command."""
        return HaltTrading(
            scope=self.scope,
            reason=self.reason,
            account_id=named(self.account_id) if self.account_id is not None else None,
            symbol=self.symbol,
            strategy=self.strategy,
            cancel_open_orders=self.cancel_open_orders,
        )
