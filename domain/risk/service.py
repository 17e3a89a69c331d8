"""Use cases on risk rules. A change is audited, raises the version of the rules and applies to the very next order."""

from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, Role, require_role
from domain.accounts.queries import require_account
from domain.kernel.bus import Bus
from domain.kernel.cache import bump
from domain.kernel.errors import BadInput, NotFound
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE, ZERO, plain, within_bounds
from domain.kernel.pages import Page, PageRequest
from domain.kernel.text import clean_text
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.risk import store
from domain.risk.kinds import KINDS, ThresholdUnit
from domain.risk.operators import RULE_CHANGED, RULE_CREATED, RULE_DELETED, record_rule_change
from domain.risk.subjects import check_exists, check_subject
from domain.risk.types import RiskAction, RiskRule, RiskRuleKind, RiskScope, SelfTradePrevention

OWNERS = (Role.RISK_MANAGER, Role.ADMIN)
# A ratio above this is a slip of the pen.
_MAX_RATIO = Decimal(10)
# Windows look back within a day: what is longer is counted from the day roll.
MAX_WINDOW_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class CreateRiskRule:
    """A new rule; the scope decides which of account, symbol and strategy must be named."""

    name: str
    kind: RiskRuleKind
    scope: RiskScope
    account_id: UUID | None = None
    symbol: str | None = None
    strategy: str | None = None
    threshold: Decimal | None = None
    window_seconds: int | None = None
    action: RiskAction = RiskAction.REJECT
    enabled: bool = True
    self_trade_prevention: SelfTradePrevention | None = None


@dataclass(frozen=True, slots=True)
class UpdateRiskRule:
    """A change of a rule; None keeps a field."""

    id: UUID
    name: str | None = None
    threshold: Decimal | None = None
    window_seconds: int | None = None
    action: RiskAction | None = None
    enabled: bool | None = None
    self_trade_prevention: SelfTradePrevention | None = None


def check_rule(command: CreateRiskRule) -> None:
    """Check a rule against the table of kinds: scope, subject, action, threshold and window.

    Raises:
        BadInput: names the field.
    """
    terms = KINDS[command.kind]
    if command.scope not in terms.scopes:
        raise BadInput(f"{command.kind} cannot have the scope {command.scope}.", field="scope")
    check_subject(command, names_symbol=terms.names_symbol)
    check_action(command.kind, command.action)
    check_threshold(command.kind, command.threshold)
    check_window(command.kind, command.window_seconds)
    check_prevention(command.kind, command.self_trade_prevention)


def check_action(kind: RiskRuleKind, action: RiskAction) -> None:
    """Refuse an action that the kind cannot have.

    Raises:
        BadInput: names the field.
    """
    if action not in KINDS[kind].actions:
        raise BadInput(f"{kind} is checked before trades only: it takes WARN or REJECT.", field="action")


def check_threshold(kind: RiskRuleKind, threshold: Decimal | None) -> None:
    """Refuse a threshold that is missing, negative, too large for its unit, or not used by the kind.

    Raises:
        BadInput: names the field.
    """
    measure = KINDS[kind].measure
    if measure is ThresholdUnit.NONE:
        if threshold is not None:
            raise BadInput(f"{kind} takes no threshold.", field="threshold")
        return
    if threshold is None:
        raise BadInput(f"{kind} needs a threshold.", field="threshold")
    if threshold < ZERO or not within_bounds(threshold):
        raise BadInput("A threshold is zero or above, with at most 18 digits on either side.", field="threshold")
    if measure is ThresholdUnit.COUNT and threshold != threshold.to_integral_value():
        raise BadInput(f"The threshold of {kind} is a count: it must be a whole number.", field="threshold")
    if measure is ThresholdUnit.RATIO and threshold > _MAX_RATIO:
        raise BadInput(f"The threshold of {kind} is a ratio: 0.05 stands for 5 %.", field="threshold")
    if kind is RiskRuleKind.MAX_DRAWDOWN and threshold > ONE:
        raise BadInput("The threshold of MAX_DRAWDOWN is at most 1: 0.05 stands for 5 %.", field="threshold")


def check_window(kind: RiskRuleKind, seconds: int | None) -> None:
    """Refuse a window that is missing, out of bounds, or not used by the kind.

    Raises:
        BadInput: names the field.
    """
    if not KINDS[kind].window:
        if seconds is not None:
            raise BadInput(f"{kind} takes no window.", field="windowSeconds")
        return
    if seconds is None:
        raise BadInput(f"{kind} needs its window.", field="windowSeconds")
    if not 1 <= seconds <= MAX_WINDOW_SECONDS:
        raise BadInput(f"A window is 1 to {MAX_WINDOW_SECONDS} seconds.", field="windowSeconds")


def check_prevention(kind: RiskRuleKind, prevention: SelfTradePrevention | None) -> None:
    """Refuse a self-trade prevention that the kind does not use.

    Raises:
        BadInput: names the field.
    """
    if prevention is not None and kind is not RiskRuleKind.SELF_TRADE:
        raise BadInput(f"{kind} does not prevent self-trades.", field="selfTradePrevention")


async def create_rule(bus: Bus, actor: Actor, command: CreateRiskRule) -> RiskRule:
    """Create a rule; it is in force at once.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: names the field.
        NotFound: the account or symbol does not exist.
    """
    require_role(actor, *OWNERS)
    name = clean_text(command.name, field="name", max_length=100)
    check_rule(command)
    async with unit_of_work(bus) as work:
        await check_exists(work, command)
        rule = RiskRule(
            id=new_id(),
            name=name,
            kind=command.kind,
            scope=command.scope,
            account_id=command.account_id,
            symbol=command.symbol,
            strategy=command.strategy,
            threshold=command.threshold,
            window_seconds=command.window_seconds,
            action=command.action,
            enabled=command.enabled,
            created_at=work.now,
            updated_at=work.now,
            version=1,
            self_trade_prevention=_prevention(command),
            created_by=actor.email,
            updated_by=actor.email,
        )
        await store.insert_rule(work, rule)
        await _changed(work, actor, "createRiskRule", rule)
        await record_rule_change(work, actor, RULE_CREATED, rule)
    return rule


def _prevention(command: CreateRiskRule) -> SelfTradePrevention | None:
    if command.kind is not RiskRuleKind.SELF_TRADE:
        return None
    return command.self_trade_prevention or SelfTradePrevention.CANCEL_NEWEST


async def update_rule(bus: Bus, actor: Actor, command: UpdateRiskRule) -> RiskRule:
    """Change a rule.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: names the field.
        NotFound: there is no such rule.
    """
    require_role(actor, *OWNERS)
    async with unit_of_work(bus) as work:
        rule = await store.lock_rule(work, command.id)
        if rule is None:
            raise NotFound("There is no such rule.", field="id")
        if command.threshold is not None:
            check_threshold(rule.kind, command.threshold)
        if command.window_seconds is not None:
            check_window(rule.kind, command.window_seconds)
        if command.action is not None:
            check_action(rule.kind, command.action)
        check_prevention(rule.kind, command.self_trade_prevention)
        changed = replace(
            rule,
            name=rule.name if command.name is None else clean_text(command.name, field="name", max_length=100),
            threshold=rule.threshold if command.threshold is None else command.threshold,
            window_seconds=rule.window_seconds if command.window_seconds is None else command.window_seconds,
            action=command.action or rule.action,
            enabled=rule.enabled if command.enabled is None else command.enabled,
            updated_at=work.now,
            updated_by=actor.email,
            version=rule.version + 1,
            self_trade_prevention=command.self_trade_prevention or rule.self_trade_prevention,
        )
        await store.update_rule(work, changed)
        await _changed(work, actor, "updateRiskRule", changed)
        await record_rule_change(work, actor, RULE_CHANGED, changed)
    return changed


async def delete_rule(bus: Bus, actor: Actor, rule_id: UUID) -> None:
    """Delete a rule.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        NotFound: there is no such rule.
    """
    require_role(actor, *OWNERS)
    async with unit_of_work(bus) as work:
        rule = await store.lock_rule(work, rule_id)
        if rule is None:
            raise NotFound("There is no such rule.", field="id")
        await store.remove_rule(work, rule_id)
        await _changed(work, actor, "deleteRiskRule", rule)
        await record_rule_change(work, actor, RULE_DELETED, rule)


async def list_rules(actor: Actor, *, account_id: UUID | None, enabled: bool | None) -> list[RiskRule]:
    """Rules that the actor may see: all, or those of no account and of its own accounts.

    Raises:
        NotFound: the account does not exist for the actor.
    """
    if account_id is not None:
        await require_account(actor, account_id)
    return [
        rule
        for rule in await store.read_rules()
        if (rule.account_id is None or actor.may_read(rule.account_id))
        and (account_id is None or rule.account_id in (None, account_id))
        and (enabled is None or rule.enabled is enabled)
    ]


async def page_rules(actor: Actor, request: PageRequest, search: store.RuleSearch) -> Page[RiskRule]:
    """A page of the rules that the actor may see, oldest first.

    Raises:
        NotFound: the account does not exist for the actor.
        BadInput: a cursor of another list.
    """
    return await store.page_rules(request, search, await _seen(actor, search))


async def count_rules(actor: Actor, search: store.RuleSearch) -> int:
    """The number of rules that match and that the actor may see; raises as ``page_rules``."""
    return await store.count_rules(search, await _seen(actor, search))


async def _seen(actor: Actor, search: store.RuleSearch) -> list[UUID] | None:
    if search.account_id is not None:
        await require_account(actor, search.account_id)
    return None if actor.sees_all else list(actor.accounts)


async def _changed(work: UnitOfWork, actor: Actor, action: str, rule: RiskRule) -> None:
    await bump(work, store.TOPIC)
    detail = {
        "name": rule.name,
        "kind": rule.kind,
        "threshold": plain(rule.threshold) if rule.threshold is not None else None,
        "windowSeconds": rule.window_seconds,
        "action": rule.action,
        "enabled": rule.enabled,
        "version": rule.version,
    }
    await audit(work, actor, action, target_of("riskRule", rule.id), detail=detail)
