"""Risk rules in the database, and the rules and halts in force."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet

from domain.kernel.orm import columns_of, count, read, value_of
from domain.kernel.orm_pages import page_by_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk import models
from domain.risk.halt_store import read_halts
from domain.risk.types import RiskLimits, RiskRule, RiskRuleKind, RiskScope

# Rules and halts: what decisions on orders go by.
TOPIC = "limits"
# What a change of a rule can change.
_CHANGEABLE = (
    "name",
    "threshold",
    "window_seconds",
    "action",
    "enabled",
    "updated_at",
    "updated_by",
    "version",
    "self_trade_prevention",
)


async def read_rules() -> tuple[RiskRule, ...]:
    """All rules, oldest first."""
    return tuple(value_of(RiskRule, row) for row in await read(models.RiskRule.all().order_by("id")))


@dataclass(frozen=True, slots=True)
class RuleSearch:
    """The wanted rules; None asks for any. With an account: those of it and those of none."""

    account_id: UUID | None = None
    enabled: bool | None = None
    kinds: Collection[RiskRuleKind] | None = None
    scope: RiskScope | None = None
    symbol: str | None = None


async def page_rules(request: PageRequest, search: RuleSearch, visible: Collection[UUID] | None) -> Page[RiskRule]:
    """A page of rules, oldest first; ``visible`` are the accounts that the caller may see, None for all."""
    return await page_by_id(request, _search(search, visible), lambda row: value_of(RiskRule, row))


async def count_rules(search: RuleSearch, visible: Collection[UUID] | None) -> int:
    """The number of rules that match."""
    return await count(_search(search, visible))


def _search(search: RuleSearch, visible: Collection[UUID] | None) -> QuerySet[models.RiskRule]:
    query = models.RiskRule.all()
    for accounts in (visible, None if search.account_id is None else [search.account_id]):
        if accounts is not None:
            query = query.filter(Q(account_id__isnull=True) | Q(account_id__in=list(accounts)))
    if search.kinds is not None:
        query = query.filter(kind__in=list(search.kinds))
    for column in ("enabled", "scope", "symbol"):
        wanted = getattr(search, column)
        if wanted is not None:
            query = query.filter(**{column: wanted})
    return query


async def find_rules(rule_ids: Collection[UUID]) -> dict[UUID, RiskRule]:
    """Rules by id; those that were deleted are left out."""
    rows = await read(models.RiskRule.filter(id__in=list(rule_ids)))
    return {row.id: value_of(RiskRule, row) for row in rows}


async def read_limits() -> RiskLimits:
    """The rules and halts in force: the cached value of the topic."""
    rules = tuple(rule for rule in await read_rules() if rule.enabled)
    return RiskLimits(rules, tuple(await read_halts(active_only=True)))


async def lock_rule(work: UnitOfWork, rule_id: UUID) -> RiskRule | None:
    """One rule, locked for a change."""
    row = await models.RiskRule.filter(id=rule_id).using_db(await work.orm()).select_for_update().first()
    return value_of(RiskRule, row) if row is not None else None


async def insert_rule(work: UnitOfWork, rule: RiskRule) -> None:
    """Store a new rule."""
    await models.RiskRule.create(using_db=await work.orm(), **columns_of(rule))


async def update_rule(work: UnitOfWork, rule: RiskRule) -> None:
    """Store the changeable fields of a rule."""
    row = models.RiskRule.filter(id=rule.id).using_db(await work.orm())
    await row.update(**columns_of(rule, *_CHANGEABLE))


async def remove_rule(work: UnitOfWork, rule_id: UUID) -> None:
    """Remove a rule; stored violations of it stay."""
    await models.RiskRule.filter(id=rule_id).using_db(await work.orm()).delete()


async def rename_symbol(work: UnitOfWork, symbol: str, new_symbol: str) -> bool:
    """Rename the symbol in rules and halts when its instrument gets another; True if there are any."""
    db = await work.orm()
    rules = models.RiskRule.filter(symbol=symbol).using_db(db)
    halts = models.TradingHalt.filter(symbol=symbol, lifted_at__isnull=True).using_db(db)
    changed = await rules.update(symbol=new_symbol, version=F("version") + 1, updated_at=work.now)
    return changed + await halts.update(symbol=new_symbol) > 0
