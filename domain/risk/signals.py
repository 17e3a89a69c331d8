"""The risk event that a broken pre-trade rule raises, pure."""

from uuid import UUID

from domain.risk.types import RiskAction, RiskEventSource, RiskSignal, RiskViolation, Severity

_MAX_MESSAGE = 1_000


def signal_of(violation: RiskViolation, *, account_id: UUID, symbol: str, order_id: UUID) -> RiskSignal:
    """The event of a rule that an order broke."""
    refused = violation.action is not RiskAction.WARN
    return RiskSignal(
        source=RiskEventSource.PRE_TRADE,
        kind=violation.kind.value,
        severity=Severity.WARNING if refused else Severity.INFO,
        message=violation.message[:_MAX_MESSAGE],
        account_id=account_id,
        symbol=symbol,
        order_id=order_id,
        rule_id=violation.rule_id,
        observed=violation.observed,
        limit=violation.limit,
        action_taken=RiskAction.REJECT if refused else RiskAction.WARN,
    )
