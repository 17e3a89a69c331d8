"""Pre-trade rules, pure: an order, its snapshot and the configured limits in; every violation out.

All rules that cover the order are evaluated. Missing data refuses: a limit that cannot be checked is violated, with the
reason as its message. Exits pass the limits on positions and losses (``domain.risk.kinds``).
"""

from collections.abc import Iterable

from domain.risk.kinds import KINDS
from domain.risk.rules.before import CHECKS
from domain.risk.snapshot import ProposedOrder, RiskSnapshot
from domain.risk.types import RiskAction, RiskRule, RiskRuleKind, RiskViolation, SelfTradePrevention

_EXITS_PASS = frozenset(kind for kind, terms in KINDS.items() if terms.exits_pass)
_COUNT_ORDERS = frozenset(kind for kind, terms in KINDS.items() if terms.counts_orders)


def evaluate(order: ProposedOrder, snapshot: RiskSnapshot, rules: Iterable[RiskRule]) -> tuple[RiskViolation, ...]:
    """Every violation of the rules that cover the order (``Limits.rules_for``), in the order of the rules."""
    found = []
    passes: frozenset[RiskRuleKind] = _EXITS_PASS if order.is_exit else frozenset()
    if order.replaces is not None:
        passes |= _COUNT_ORDERS
    for rule in rules:
        if rule.kind in passes or gives_way(rule, order):
            continue
        violation = CHECKS[rule.kind](rule, order, snapshot)
        if violation is not None:
            found.append(violation)
    return tuple(found)


def gives_way(rule: RiskRule, order: ProposedOrder) -> bool:
    """True if the account's own resting order is cancelled instead of refusing this order as a self-trade.

    An exit is never refused because of an order that can be cancelled instead.
    """
    if rule.kind is not RiskRuleKind.SELF_TRADE or rule.action is RiskAction.WARN:
        return False
    return order.is_exit or rule.self_trade_prevention is SelfTradePrevention.CANCEL_OLDEST


def displaces(order: ProposedOrder, snapshot: RiskSnapshot, rules: Iterable[RiskRule]) -> bool:
    """True if own orders that it could trade with are cancelled before it goes to its venue."""
    if snapshot.activity.opposite is None:
        return False
    return any(gives_way(rule, order) and CHECKS[rule.kind](rule, order, snapshot) is not None for rule in rules)


def refuses(violations: Iterable[RiskViolation]) -> bool:
    """True if any violation stops the order; a warning does not."""
    return any(violation.action is not RiskAction.WARN for violation in violations)
