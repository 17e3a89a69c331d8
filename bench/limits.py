"""Cost of fifty rules for an order, on figures that are in memory."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle, islice
from uuid import UUID

from bench.table import Row
from domain.risk.kinds import KINDS, ThresholdUnit
from domain.risk.rules import evaluate
from domain.risk.snapshot import AccountView, Activity, MarketView, ProposedOrder, RiskSnapshot, Times
from domain.risk.types import RiskAction, RiskLimits, RiskRule, RiskRuleKind, RiskScope

_RULES, _ROUNDS, _ORDERS = 50, 7, 2_000
_MICROSECONDS = 1e6
_NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
_HUGE, _MANY = Decimal(10**15), Decimal(1_000)


def _rule(place: int, kind: RiskRuleKind) -> RiskRule:
    terms = KINDS[kind]
    threshold = {ThresholdUnit.NONE: None, ThresholdUnit.RATIO: Decimal(1)}.get(terms.measure, _HUGE)
    if kind is RiskRuleKind.MIN_MARGIN_RATIO:
        threshold = Decimal(0)
    window = 60 if terms.window else None
    return RiskRule(
        UUID(int=place), kind.value, kind, RiskScope.GLOBAL, None, None, None, threshold, window, RiskAction.REJECT,
        True, _NOW, _NOW, 1,
    )  # fmt: skip


def rows() -> Iterator[Row]:
    """All kinds but that which refuses a symbol, in turn, none of them broken."""
    kinds = cycle(kind for kind in KINDS if kind is not RiskRuleKind.RESTRICTED_SYMBOL)
    limits = RiskLimits(tuple(_rule(place, kind) for place, kind in enumerate(islice(kinds, _RULES))))
    order = ProposedOrder(UUID(int=1), "COIN", "trend", True, Decimal(1), Decimal(100), Decimal(100), is_exit=False)
    recent = Times([_NOW - timedelta(seconds=second) for second in range(600, 0, -1)])
    snapshot = RiskSnapshot(
        MarketView(Decimal(100), age=timedelta(seconds=1)),
        AccountView(_MANY, _MANY, _MANY, _MANY, _MANY, _MANY, _MANY),
        Activity(recent=recent),
        _NOW,
    )
    spent = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        for _ in range(_ORDERS):
            violations = evaluate(order, snapshot, limits.rules_for(order.account_id, order.symbol, order.strategy))
        spent.append((time.perf_counter() - begun) / _ORDERS * _MICROSECONDS)
        assert not violations
    yield Row(f"{_RULES} risk rules", "us per order", spent, aim="<= 50 us")
