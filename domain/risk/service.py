"""Use cases on risk rules. A change is audited, raises the rule's version and is in force for the very next order."""

from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, Role, require_role
from domain.kernel.bus import Bus
from domain.kernel.cache import bump
from domain.kernel.errors import BadInput, NotFound
from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO, plain, within_bounds
from domain.kernel.text import clean_text
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.risk import queries
from domain.risk.types import RiskAction, RiskRule, RiskRuleKind, RiskScope

OWNERS = (Role.RISK_MANAGER, Role.ADMIN)
# Thresholds above these are slips of the pen: a collar is a ratio.
_MAX_RATIO = Decimal(10)


@dataclass(frozen=True, slots=True)
class CreateRiskRule:
    """A new rule; the scope says which of account, symbol and strategy must be named."""

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


@dataclass(frozen=True, slots=True)
class UpdateRiskRule:
    """Changes of a rule; None leaves a field as it is."""

    id: UUID
    name: str | None = None
    threshold: Decimal | None = None
    window_seconds: int | None = None
    action: RiskAction | None = None
    enabled: bool | None = None


_SUBJECTS = {
    RiskScope.ACCOUNT: ("account_id", "accountId"),
    RiskScope.INSTRUMENT: ("symbol", "symbol"),
    RiskScope.STRATEGY: ("strategy", "strategy"),
}


def check_rule(command: CreateRiskRule) -> None:
    """Refuse a rule without its scope's subject, with another's, or with a threshold that makes no sense.

    Raises:
        BadInput: names the field.
    """
    for scope, (name, field) in _SUBJECTS.items():
        given = getattr(command, name) is not None
        if given and command.scope is not scope:
            raise BadInput(f"A rule of scope {command.scope} takes no {field}.", field=field)
        if not given and command.scope is scope:
            raise BadInput(f"A rule of scope {scope} needs its {field}.", field=field)
    if command.window_seconds is not None:
        raise BadInput(f"{command.kind} takes no window.", field="windowSeconds")
    check_threshold(command.kind, command.threshold)


def check_threshold(kind: RiskRuleKind, threshold: Decimal | None) -> None:
    """Refuse a threshold that is missing, negative or, for a ratio, absurd.

    Raises:
        BadInput: names the field.
    """
    if threshold is None:
        raise BadInput(f"{kind} needs a threshold.", field="threshold")
    if threshold < ZERO or not within_bounds(threshold):
        raise BadInput("A threshold is zero or above, with at most 18 digits on either side.", field="threshold")
    if kind is RiskRuleKind.PRICE_COLLAR and threshold > _MAX_RATIO:
        raise BadInput("A collar is a ratio: 0.05 stands for 5 %.", field="threshold")


async def create_rule(bus: Bus, actor: Actor, command: CreateRiskRule) -> RiskRule:
    """Put a rule in force.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: names the field.
        NotFound: the account or symbol does not exist.
    """
    require_role(actor, *OWNERS)
    name = clean_text(command.name, field="name", max_length=100)
    check_rule(command)
    async with unit_of_work(bus) as work:
        await _check_subject(work, command)
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
        )
        await queries.save_rule(work, rule)
        await _changed(work, actor, "createRiskRule", rule)
    return rule


async def _check_subject(work: UnitOfWork, command: CreateRiskRule) -> None:
    subjects = (
        ("SELECT 1 FROM accounts WHERE id = $1", command.account_id, "account", "accountId"),
        ("SELECT 1 FROM instruments WHERE symbol = $1", command.symbol, "instrument", "symbol"),
    )
    for sql, value, what, field in subjects:
        if value is not None and await work.fetch_row(sql, value) is None:
            raise NotFound(f"There is no such {what}.", field=field)
    if command.strategy is not None:
        clean_text(command.strategy, field="strategy", max_length=100)


async def update_rule(bus: Bus, actor: Actor, command: UpdateRiskRule) -> RiskRule:
    """Change a rule.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: names the field.
        NotFound: there is no such rule.
    """
    require_role(actor, *OWNERS)
    async with unit_of_work(bus) as work:
        rule = await queries.lock_rule(work, command.id)
        if rule is None:
            raise NotFound("There is no such rule.")
        if command.window_seconds is not None:
            raise BadInput(f"{rule.kind} takes no window.", field="windowSeconds")
        if command.threshold is not None:
            check_threshold(rule.kind, command.threshold)
        changed = replace(
            rule,
            name=rule.name if command.name is None else clean_text(command.name, field="name", max_length=100),
            threshold=rule.threshold if command.threshold is None else command.threshold,
            action=command.action or rule.action,
            enabled=rule.enabled if command.enabled is None else command.enabled,
            updated_at=work.now,
            version=rule.version + 1,
        )
        await queries.save_rule(work, changed)
        await _changed(work, actor, "updateRiskRule", changed)
    return changed


async def delete_rule(bus: Bus, actor: Actor, rule_id: UUID) -> None:
    """Take a rule out of force for good.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        NotFound: there is no such rule.
    """
    require_role(actor, *OWNERS)
    async with unit_of_work(bus) as work:
        rule = await queries.lock_rule(work, rule_id)
        if rule is None:
            raise NotFound("There is no such rule.")
        await queries.remove_rule(work, rule_id)
        await _changed(work, actor, "deleteRiskRule", rule)


async def list_rules(actor: Actor, *, account_id: UUID | None, enabled: bool | None) -> list[RiskRule]:
    """Rules that concern the actor: all for who sees all, else those of no account and of its own accounts."""
    return [
        rule
        for rule in await queries.read_rules()
        if (rule.account_id is None or actor.may_read(rule.account_id))
        and (account_id is None or rule.account_id in (None, account_id))
        and (enabled is None or rule.enabled is enabled)
    ]


async def _changed(work: UnitOfWork, actor: Actor, action: str, rule: RiskRule) -> None:
    await bump(work, queries.TOPIC)
    detail = {
        "name": rule.name,
        "kind": rule.kind,
        "threshold": plain(rule.threshold) if rule.threshold is not None else None,
        "action": rule.action,
        "enabled": rule.enabled,
        "version": rule.version,
    }
    await audit(work, actor, action, target_of("riskRule", rule.id), detail=detail)
