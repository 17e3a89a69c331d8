"""Types of the risk area: rules, halts, violations and events."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from domain.access.types import Role


class RiskRuleKind(StrEnum):
    """The kind of a rule; ``domain.risk.kinds`` has the unit, scopes and exemptions of each."""

    MAX_ORDER_QUANTITY = "MAX_ORDER_QUANTITY"
    MAX_ORDER_NOTIONAL = "MAX_ORDER_NOTIONAL"
    PRICE_COLLAR = "PRICE_COLLAR"
    MAX_POSITION_QUANTITY = "MAX_POSITION_QUANTITY"
    MAX_POSITION_NOTIONAL = "MAX_POSITION_NOTIONAL"
    MAX_GROSS_EXPOSURE = "MAX_GROSS_EXPOSURE"
    MAX_LEVERAGE = "MAX_LEVERAGE"
    MAX_CONCENTRATION = "MAX_CONCENTRATION"
    MAX_DAILY_LOSS = "MAX_DAILY_LOSS"
    MAX_DRAWDOWN = "MAX_DRAWDOWN"
    MIN_MARGIN_RATIO = "MIN_MARGIN_RATIO"
    MAX_OPEN_ORDERS = "MAX_OPEN_ORDERS"
    MAX_ORDER_RATE = "MAX_ORDER_RATE"
    MAX_DAILY_ORDERS = "MAX_DAILY_ORDERS"
    MAX_DAILY_NOTIONAL = "MAX_DAILY_NOTIONAL"
    DUPLICATE_ORDER = "DUPLICATE_ORDER"
    SELF_TRADE = "SELF_TRADE"
    RESTRICTED_SYMBOL = "RESTRICTED_SYMBOL"
    TRADING_HOURS = "TRADING_HOURS"
    STALE_PRICE = "STALE_PRICE"


class RiskAction(StrEnum):
    """The action of a violated rule: WARN lets an order pass with a note, all others refuse it.

    While positions are held, the monitor acts: WARN and REJECT only raise the event; the others allow only reductions,
    cancel working orders, halt the account, or allow only reductions, cancel and close at market.
    """

    WARN = "WARN"
    REJECT = "REJECT"
    REDUCE_ONLY = "REDUCE_ONLY"
    CANCEL_ORDERS = "CANCEL_ORDERS"
    HALT = "HALT"
    LIQUIDATE = "LIQUIDATE"


class SelfTradePrevention(StrEnum):
    """The action of a SELF_TRADE rule when an order could trade with one of its own account.

    Refuse the newer order, or cancel the older and let the newer pass.
    """

    CANCEL_NEWEST = "CANCEL_NEWEST"
    CANCEL_OLDEST = "CANCEL_OLDEST"


class Severity(StrEnum):
    """The severity of an event."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class RiskEventState(StrEnum):
    """The handling of an event by people."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"


class RiskEventSource(StrEnum):
    """The source of an event, in the API's words."""

    PRE_TRADE = "pre-trade"
    MONITOR = "monitor"
    ANOMALY = "anomaly"
    OPERATOR = "operator"


class RiskScope(StrEnum):
    """The scope of a rule; all rules that apply are evaluated, the strictest decides."""

    GLOBAL = "GLOBAL"
    ACCOUNT = "ACCOUNT"
    INSTRUMENT = "INSTRUMENT"
    STRATEGY = "STRATEGY"


@dataclass(frozen=True, slots=True)
class RiskRule:
    """One configured limit; ``self_trade_prevention`` is set where the kind is SELF_TRADE."""

    id: UUID
    name: str
    kind: RiskRuleKind
    scope: RiskScope
    account_id: UUID | None
    symbol: str | None
    strategy: str | None
    threshold: Decimal | None
    window_seconds: int | None
    action: RiskAction
    enabled: bool
    created_at: datetime
    updated_at: datetime
    version: int
    self_trade_prevention: SelfTradePrevention | None = None
    created_by: str | None = None
    updated_by: str | None = None


@dataclass(frozen=True, slots=True)
class TradingHalt:
    """A stop of trading for its subject: only cancels and orders that can only reduce a position pass.

    ``by`` names the author: a person's email, or a part of the platform. It is in force until ``lifted_at``; a role
    below ``role``, the highest that asked for it, cannot lift it.
    """

    id: UUID
    scope: RiskScope
    account_id: UUID | None
    symbol: str | None
    strategy: str | None
    reason: str
    by: str
    role: Role
    at: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lift_reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Places:
    """The places of the enabled rules among all: of the global ones, and by account, symbol and strategy."""

    everywhere: list[int] = field(default_factory=list)
    accounts: dict[UUID | None, list[int]] = field(default_factory=dict)
    symbols: dict[str | None, list[int]] = field(default_factory=dict)
    strategies: dict[str | None, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class RiskLimits:
    """The limits on orders: the enabled rules and the halts in force, each oldest first."""

    rules: tuple[RiskRule, ...] = ()
    halts: tuple[TradingHalt, ...] = ()

    @cached_property
    def kinds(self) -> frozenset[RiskRuleKind]:
        """The kinds of all rules."""
        return frozenset(rule.kind for rule in self.rules)

    def rules_for(self, account_id: UUID, symbol: str, strategy: str | None) -> Sequence[RiskRule]:
        """The rules that cover an order, by their scope and the symbol that they name, oldest first."""
        by = self._places
        own = [*by.accounts.get(account_id, ()), *by.symbols.get(symbol, ()), *by.strategies.get(strategy, ())]
        rules = [self.rules[place] for place in (sorted((*by.everywhere, *own)) if own else by.everywhere)]
        return [rule for rule in rules if rule.symbol is None or rule.symbol == symbol]

    @cached_property
    def _places(self) -> _Places:
        found = _Places()
        for place, rule in enumerate(self.rules):
            if not rule.enabled:
                continue
            if rule.scope is RiskScope.ACCOUNT:
                found.accounts.setdefault(rule.account_id, []).append(place)
            elif rule.scope is RiskScope.INSTRUMENT:
                found.symbols.setdefault(rule.symbol, []).append(place)
            elif rule.scope is RiskScope.STRATEGY:
                found.strategies.setdefault(rule.strategy, []).append(place)
            else:
                found.everywhere.append(place)
        return found


@dataclass(frozen=True, slots=True)
class RiskViolation:
    """A rule that an order violates, with limit and observed value; ``rule_id`` None is a missing-data refusal."""

    kind: RiskRuleKind
    rule_id: UUID | None
    action: RiskAction
    limit: Decimal | None
    observed: Decimal | None
    message: str


@dataclass(frozen=True, slots=True)
class RiskSignal:
    """A risk event to raise.

    ``kind`` is a ``RiskRuleKind``, a kind of anomaly or an operator's act. With a ``fingerprint`` it is raised once
    until it clears.
    """

    source: RiskEventSource
    kind: str
    severity: Severity
    message: str
    account_id: UUID | None = None
    symbol: str | None = None
    order_id: UUID | None = None
    rule_id: UUID | None = None
    observed: Decimal | None = None
    limit: Decimal | None = None
    action_taken: RiskAction | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True)
class RiskEvent:
    """An event as stored. ``sequence`` numbers all without gaps; while ``cleared_at`` is None its cause is active."""

    id: UUID
    sequence: int
    account_id: UUID | None
    symbol: str | None
    order_id: UUID | None
    rule_id: UUID | None
    source: RiskEventSource
    kind: str
    severity: Severity
    message: str
    observed: Decimal | None
    limit: Decimal | None
    action_taken: RiskAction | None
    state: RiskEventState
    acknowledged_by: str | None
    note: str | None
    fingerprint: str | None
    created_at: datetime
    cleared_at: datetime | None
    resolved_at: datetime | None
