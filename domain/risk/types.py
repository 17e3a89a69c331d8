"""Words and values of the risk area: rules as decisions see them, and what breaking one yields."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class RiskRuleKind(StrEnum):
    """What a rule limits. Notionals are money in the account's currency, collars ratios (0.05 = 5 %)."""

    MAX_ORDER_NOTIONAL = "MAX_ORDER_NOTIONAL"
    PRICE_COLLAR = "PRICE_COLLAR"


class RiskAction(StrEnum):
    """What breaking a rule leads to before a trade: let through and note, or refuse."""

    WARN = "WARN"
    REJECT = "REJECT"


class RiskScope(StrEnum):
    """What a rule applies to; all rules that apply are evaluated, the strictest decides."""

    GLOBAL = "GLOBAL"
    ACCOUNT = "ACCOUNT"
    INSTRUMENT = "INSTRUMENT"
    STRATEGY = "STRATEGY"


@dataclass(frozen=True, slots=True)
class RiskRule:
    """One configured limit."""

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


@dataclass(frozen=True, slots=True)
class RiskViolation:
    """A rule that an order breaks, with the limit and what was observed; ``rule_id`` None is a missing-data refusal."""

    kind: RiskRuleKind
    rule_id: UUID | None
    action: RiskAction
    limit: Decimal | None
    observed: Decimal | None
    message: str
