"""Risk events about acts of people, written in the same transaction as the act."""

from domain.access.types import Actor
from domain.accounts.types import AccountBook
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk.events import raise_events
from domain.risk.types import RiskEventSource, RiskRule, RiskSignal, Severity

ACCOUNT_STATE = "ACCOUNT_STATE"
RULE_CREATED, RULE_CHANGED, RULE_DELETED = "RULE_CREATED", "RULE_CHANGED", "RULE_DELETED"
INSTRUMENT_CHANGED = "INSTRUMENT_CHANGED"
BUSTED, CORRECTED = "EXECUTION_BUSTED", "EXECUTION_CORRECTED"


async def record_state_change(work: UnitOfWork, actor: Actor, book: AccountBook) -> None:
    """Raise an event about a changed account state."""
    message = f"{actor.email} has made the account {book.state}."
    signal = RiskSignal(RiskEventSource.OPERATOR, ACCOUNT_STATE, Severity.WARNING, message, account_id=book.id)
    await raise_events(work, [signal])


async def record_rule_change(work: UnitOfWork, actor: Actor, kind: str, rule: RiskRule) -> None:
    """Raise an event about a created, changed or deleted rule."""
    did = {RULE_CREATED: "made", RULE_CHANGED: "changed", RULE_DELETED: "deleted"}[kind]
    signal = RiskSignal(
        source=RiskEventSource.OPERATOR,
        kind=kind,
        severity=Severity.INFO,
        message=f"{actor.email} has {did} the rule {rule.name} ({rule.kind}).",
        account_id=rule.account_id,
        symbol=rule.symbol,
        rule_id=rule.id,
        limit=rule.threshold,
    )
    await raise_events(work, [signal])
