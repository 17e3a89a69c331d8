"""Words and values of the risk area: rules as decisions see them, and what breaking one yields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from domain.access.types import Role


class RiskRuleKind(StrEnum):
    """What a rule limits; ``domain.risk.kinds`` says of each in which unit, where it applies and who passes it."""

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
    """What breaking a rule leads to: an order is let through with a note (WARN) or refused (all others).

    While positions are held, the monitor does what the action says: nothing but the event (WARN, REJECT), allow only
    reductions, cancel what works, halt the account, or allow only reductions, cancel and close at market.
    """

    WARN = "WARN"
    REJECT = "REJECT"
    REDUCE_ONLY = "REDUCE_ONLY"
    CANCEL_ORDERS = "CANCEL_ORDERS"
    HALT = "HALT"
    LIQUIDATE = "LIQUIDATE"


class SelfTradePrevention(StrEnum):
    """What a SELF_TRADE rule does when an order could trade with one of its account's own.

    Refuse the newer, or cancel the older and let the newer through.
    """

    CANCEL_NEWEST = "CANCEL_NEWEST"
    CANCEL_OLDEST = "CANCEL_OLDEST"


class Severity(StrEnum):
    """How much something asks for attention."""

    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


class RiskEventState(StrEnum):
    """What people have done about an event."""

    OPEN = "OPEN"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    RESOLVED = "RESOLVED"


class RiskEventSource(StrEnum):
    """What raised an event, in the API's words."""

    PRE_TRADE = "pre-trade"
    MONITOR = "monitor"
    ANOMALY = "anomaly"
    OPERATOR = "operator"


class RiskScope(StrEnum):
    """What a rule applies to; all rules that apply are evaluated, the strictest decides."""

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
    """A stop of trading in what its scope names: only cancels and orders that can only reduce a position pass.

    ``by`` says who asked for it: a person's email, or what acted for the platform. It is in force until ``lifted_at``,
    and no role below ``role``, the highest that asked for it, lifts it.
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


@dataclass(frozen=True)
class Limits:
    """What is in force for orders: the enabled rules and the halts that nobody has lifted, each oldest first."""

    rules: tuple[RiskRule, ...] = ()
    halts: tuple[TradingHalt, ...] = ()

    @cached_property
    def kinds(self) -> frozenset[RiskRuleKind]:
        """The kinds of all rules."""
        return frozenset(rule.kind for rule in self.rules)

    def rules_for(self, account_id: UUID, symbol: str, strategy: str | None) -> Sequence[RiskRule]:
        """The rules that cover an order, by their scope and the symbol that they name, oldest first."""
        subjects = ((), ("account", account_id), ("symbol", symbol), ("strategy", strategy))
        found = [place for subject in subjects for place in self._places.get(subject, ())]
        rules = [self.rules[place] for place in sorted(found)]
        return [rule for rule in rules if rule.symbol is None or rule.symbol == symbol]

    @cached_property
    def _places(self) -> Mapping[tuple[object, ...], list[int]]:
        places: dict[tuple[object, ...], list[int]] = {}
        for place, rule in enumerate(self.rules):
            if not rule.enabled:
                continue
            subject: tuple[object, ...] = {
                RiskScope.GLOBAL: (),
                RiskScope.ACCOUNT: ("account", rule.account_id),
                RiskScope.INSTRUMENT: ("symbol", rule.symbol),
                RiskScope.STRATEGY: ("strategy", rule.strategy),
            }[rule.scope]
            places.setdefault(subject, []).append(place)
        return places


@dataclass(frozen=True, slots=True)
class RiskViolation:
    """A rule that an order breaks, with the limit and what was observed; ``rule_id`` None is a missing-data refusal."""

    kind: RiskRuleKind
    rule_id: UUID | None
    action: RiskAction
    limit: Decimal | None
    observed: Decimal | None
    message: str


@dataclass(frozen=True, slots=True)
class RiskSignal:
    """What is to be raised as an event.

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
    """An event as stored. ``sequence`` numbers all without gaps; while ``cleared_at`` is None, its cause goes on."""

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
