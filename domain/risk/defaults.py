"""The default risk rules of a new account; its risk managers can change them like any other rule.

They do not disturb careful trading: a limit price far from the market raises a warning, and an account whose equity no
longer covers its maintenance margin may only reduce.
"""

from decimal import Decimal

from domain.access.types import Actor
from domain.accounts.types import AccountBook, AccountKind
from domain.kernel.cache import bump
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk import store
from domain.risk.types import RiskAction, RiskRule, RiskRuleKind, RiskScope

# Name, kind, threshold, action; of margin accounts also what only they can break.
_ALL = (("Price far from the market", RiskRuleKind.PRICE_COLLAR, Decimal("0.1"), RiskAction.WARN),)
_MARGIN = (("Maintenance margin", RiskRuleKind.MIN_MARGIN_RATIO, Decimal(1), RiskAction.REDUCE_ONLY),)


def default_rules(work: UnitOfWork, book: AccountBook) -> list[RiskRule]:
    """The rules of a new account."""
    wanted = _ALL + (_MARGIN if book.kind is AccountKind.MARGIN else ())
    return [
        RiskRule(
            id=new_id(),
            name=name,
            kind=kind,
            scope=RiskScope.ACCOUNT,
            account_id=book.id,
            symbol=None,
            strategy=None,
            threshold=threshold,
            window_seconds=None,
            action=action,
            enabled=True,
            created_at=work.now,
            updated_at=work.now,
            version=1,
        )
        for name, kind, threshold, action in wanted
    ]


async def add_default_rules(work: UnitOfWork, _actor: Actor, book: AccountBook) -> None:
    """Store the default rules with a new account: a step."""
    for rule in default_rules(work, book):
        await store.insert_rule(work, rule)
    await bump(work, store.TOPIC)
