"""Pre-trade rules, pure: an order, what is known of the market and the configured limits in, violations out.

All rules that apply are evaluated. What is missing refuses: a limit on price or notional that cannot be checked for
want of a price is broken, with that as its message.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.kernel.numbers import plain
from domain.risk.types import RiskAction, RiskRule, RiskRuleKind, RiskScope, RiskViolation


@dataclass(frozen=True, slots=True)
class ProposedOrder:
    """What rules look at of an order. ``worst_notional`` is None when no price is known to value it at.

    ``limit_price`` is what it would at worst trade at: its limit, else its stop, None for a market order.
    """

    account_id: UUID
    symbol: str
    strategy: str | None
    buys: bool
    quantity: Decimal
    limit_price: Decimal | None
    worst_notional: Decimal | None


@dataclass(frozen=True, slots=True)
class MarketView:
    """What rules know of the market: the reference price, None when there is none that is fresh."""

    reference: Decimal | None
    missing: str = "there is no market price"


def applies(rule: RiskRule, order: ProposedOrder) -> bool:
    """Whether ``rule`` is in force for ``order``: enabled, and its scope covers it."""
    if not rule.enabled:
        return False
    if rule.scope is RiskScope.GLOBAL:
        return True
    if rule.scope is RiskScope.ACCOUNT:
        return rule.account_id == order.account_id
    if rule.scope is RiskScope.INSTRUMENT:
        return rule.symbol == order.symbol
    return rule.strategy is not None and rule.strategy == order.strategy


def evaluate(order: ProposedOrder, market: MarketView, rules: Iterable[RiskRule]) -> tuple[RiskViolation, ...]:
    """Every violation of every rule that applies, in the rules' order."""
    found = []
    for rule in rules:
        if applies(rule, order):
            violation = _CHECKS[rule.kind](rule, order, market)
            if violation is not None:
                found.append(violation)
    return tuple(found)


def refuses(violations: Iterable[RiskViolation]) -> bool:
    """Whether any violation stops the order; a warning does not."""
    return any(violation.action is not RiskAction.WARN for violation in violations)


def _violation(rule: RiskRule, observed: Decimal | None, message: str) -> RiskViolation:
    return RiskViolation(rule.kind, rule.id, rule.action, rule.threshold, observed, message)


def _max_order_notional(rule: RiskRule, order: ProposedOrder, market: MarketView) -> RiskViolation | None:
    assert rule.threshold is not None
    notional = order.worst_notional
    if notional is None:
        return _violation(rule, None, f"{rule.name}: the order cannot be valued: {market.missing}.")
    if notional <= rule.threshold:
        return None
    return _violation(
        rule, notional, f"{rule.name}: the order's notional {plain(notional)} is above {plain(rule.threshold)}."
    )


def _price_collar(rule: RiskRule, order: ProposedOrder, market: MarketView) -> RiskViolation | None:
    """Compare the aggressive side with the reference: a buy above it, a sell below it."""
    assert rule.threshold is not None
    if order.limit_price is None:
        return None
    reference = market.reference
    if reference is None or reference == 0:
        return _violation(rule, None, f"{rule.name}: the price cannot be compared: {market.missing}.")
    beyond = order.limit_price - reference if order.buys else reference - order.limit_price
    if beyond <= rule.threshold * abs(reference):
        return None
    ratio = round(beyond / abs(reference), 12)
    return _violation(
        rule,
        ratio,
        f"{rule.name}: the price {plain(order.limit_price)} is {plain(ratio)} beyond the reference "
        f"{plain(reference)}, more than {plain(rule.threshold)}.",
    )


_CHECKS = {
    RiskRuleKind.MAX_ORDER_NOTIONAL: _max_order_notional,
    RiskRuleKind.PRICE_COLLAR: _price_collar,
}
