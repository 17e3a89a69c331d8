"""Pre-trade rules, pure: an order, what is known around it and the configured limits in; every violation out.

All rules that apply are evaluated. What is missing refuses: a limit that cannot be checked is broken, with the reason
as its message. Exits pass what bounds positions and losses (``domain.risk.kinds``).
"""

from collections.abc import Iterable

from domain.risk.kinds import KINDS
from domain.risk.rules.before import CHECKS
from domain.risk.snapshot import ProposedOrder, RiskSnapshot
from domain.risk.types import RiskAction, RiskRule, RiskRuleKind, RiskScope, RiskViolation

_EXITS_PASS = frozenset(kind for kind, terms in KINDS.items() if terms.exits_pass)
_COUNT_ORDERS = frozenset(kind for kind, terms in KINDS.items() if terms.counts_orders)


def applies(rule: RiskRule, order: ProposedOrder) -> bool:
    """Whether ``rule`` is in force for ``order``: enabled, its scope covers it, and so does the symbol it names."""
    if not rule.enabled or (rule.symbol is not None and rule.symbol != order.symbol):
        return False
    scope = rule.scope
    if scope is RiskScope.ACCOUNT:
        return rule.account_id == order.account_id
    return scope is not RiskScope.STRATEGY or (rule.strategy is not None and rule.strategy == order.strategy)


def evaluate(order: ProposedOrder, snapshot: RiskSnapshot, rules: Iterable[RiskRule]) -> tuple[RiskViolation, ...]:
    """Every violation of every rule that applies, in the rules' order."""
    found = []
    passes: frozenset[RiskRuleKind] = _EXITS_PASS if order.is_exit else frozenset()
    if order.replaces is not None:
        passes |= _COUNT_ORDERS
    for rule in rules:
        if rule.kind in passes or not applies(rule, order):
            continue
        violation = CHECKS[rule.kind](rule, order, snapshot)
        if violation is not None:
            found.append(violation)
    return tuple(found)


def refuses(violations: Iterable[RiskViolation]) -> bool:
    """Whether any violation stops the order; a warning does not."""
    return any(violation.action is not RiskAction.WARN for violation in violations)
