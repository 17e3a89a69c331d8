"""Risk measures from history, and the usage of each limit. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.risk.types import RiskRule, RiskRuleKind

# Below this many days the tail of a distribution is guesswork.
MIN_DAYS = 20
_TAIL = 0.05
# What the use of a limit is said to be where the limit is nothing and something is used.
_BOUNDLESS = 1_000_000.0


@dataclass(frozen=True, slots=True)
class TailRisk:
    """Value at risk and expected shortfall of one day, as ratios of equity, zero or above.

    The loss that 95 % of days stay within, and the mean of the worst 5 %.
    """

    value_at_risk: float
    expected_shortfall: float


@dataclass(frozen=True, slots=True)
class LimitUsage:
    """The usage of a limit: ``usage`` 1 means that it is fully used."""

    rule: RiskRule
    observed: Decimal
    limit: Decimal
    usage: float


def tail_risk(daily_returns: Sequence[float]) -> TailRisk | None:
    """Historical simulation over daily returns, one day ahead; None below 20 days.

    With n returns in ascending order and k = max(1, ceil(0.05 n)), value at risk is the k-th worst loss and expected
    shortfall the mean of the k worst (P. Jorion, Value at Risk, 3rd ed., chapters 5 and 10; C. Acerbi, D. Tasche, On
    the Coherence of Expected Shortfall, Journal of Banking and Finance 26 (2002)). Gains do not count: neither is below
    zero.
    """
    if len(daily_returns) < MIN_DAYS:
        return None
    worst = sorted(daily_returns)[: max(1, math.ceil(_TAIL * len(daily_returns)))]
    return TailRisk(max(0.0, -worst[-1]), max(0.0, -math.fsum(worst) / len(worst)))


def usages(rules: Iterable[RiskRule], observed: Mapping[RiskRuleKind, Decimal]) -> list[LimitUsage]:
    """The usage of each rule whose kind was observed, the most used first."""
    found = []
    for rule in rules:
        seen, limit = observed.get(rule.kind), rule.threshold
        if seen is None or limit is None:
            continue
        used, whole = (limit, seen) if rule.kind is RiskRuleKind.MIN_MARGIN_RATIO else (seen, limit)
        found.append(LimitUsage(rule, seen, limit, _share(used, whole)))
    return sorted(found, key=lambda row: -row.usage)


def _share(used: Decimal, whole: Decimal) -> float:
    if used <= ZERO:
        return 0.0
    return min(_BOUNDLESS, float(used / whole)) if whole > ZERO else _BOUNDLESS
