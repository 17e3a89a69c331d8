"""Inputs about risk rules, events and halts."""

from datetime import datetime
from decimal import Decimal

import strawberry

from api.ids import named
from api.risk.enums import (
    RiskAction,
    RiskEventKind,
    RiskEventState,
    RiskRuleKind,
    RiskScope,
    SelfTradePrevention,
    Severity,
)
from domain.kernel.errors import BadInput
from domain.risk.event_queries import RiskEventFilter
from domain.risk.halt_store import HaltSearch
from domain.risk.halts import HaltTrading
from domain.risk.service import CreateRiskRule, UpdateRiskRule
from domain.risk.store import RuleSearch


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


@strawberry.input(description="Changes of a rule; absent fields stay unchanged.")
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


@strawberry.input(description="Conditions that select rules.")
class RiskRuleFilter:
    """All given conditions must hold."""

    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Those that hold for the account: its own and those of no account."
    )
    enabled: bool | None = None
    kinds: list[RiskRuleKind] | None = None
    scope: RiskScope | None = None
    symbol: str | None = None

    def to_domain(self) -> RuleSearch:
        """The search."""
        return RuleSearch(
            account_id=named(self.account_id) if self.account_id is not None else None,
            enabled=self.enabled,
            kinds=tuple(self.kinds) if self.kinds is not None else None,
            scope=self.scope,
            symbol=self.symbol,
        )


@strawberry.input(description="Conditions that select halts.")
class TradingHaltFilter:
    """All given conditions must hold."""

    active: bool | None = None
    scope: RiskScope | None = None
    account_id: strawberry.ID | None = None
    symbol: str | None = None

    def to_domain(self) -> HaltSearch:
        """The search."""
        return HaltSearch(
            active=self.active,
            scope=self.scope,
            account_id=named(self.account_id) if self.account_id is not None else None,
            symbol=self.symbol,
        )


@strawberry.input(name="RiskEventFilter", description=("Conditions that select events, in `from` <= createdAt < `to`."))
class RiskEventFilterInput:
    """All given conditions must hold."""

    account_id: strawberry.ID | None = None
    severities: list[Severity] | None = None
    states: list[RiskEventState] | None = None
    kinds: list[str] | None = strawberry.field(default=None, deprecation_reason="Use `eventKinds`.")
    event_kinds: list[RiskEventKind] | None = strawberry.field(default=None, description="Only these kinds.")
    since: datetime | None = strawberry.field(name="from", default=None)
    until: datetime | None = strawberry.field(name="to", default=None)

    def to_domain(self) -> RiskEventFilter:
        """The filter."""
        kinds = self.event_kinds if self.event_kinds is not None else self.kinds
        unknown = next((kind for kind in kinds or () if kind not in RiskEventKind.__members__), None)
        if unknown is not None:
            raise BadInput(f"There is no kind {unknown[:40]!r} of risk events.", field="kinds")
        if self.event_kinds is not None and self.kinds is not None:
            raise BadInput("Name the kinds once: as eventKinds.", field="kinds")
        return RiskEventFilter(
            account_id=named(self.account_id) if self.account_id is not None else None,
            severities=tuple(self.severities) if self.severities is not None else None,
            states=tuple(self.states) if self.states is not None else None,
            kinds=tuple(str(kind) for kind in kinds) if kinds is not None else None,
            since=self.since,
            until=self.until,
        )


@strawberry.input(description="Resolution of an event, with a note for later readers.")
class ResolveRiskEventInput:
    """See ``domain.risk.events.resolve_event``."""

    id: strawberry.ID
    note: str


@strawberry.input(description=("Subject of a halt. The scope decides if account, symbol or strategy must be given."))
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
