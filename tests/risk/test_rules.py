"""Each kind of rule at its limit, one step below and one above, in each scope it knows; what is missing refuses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.risk.kinds import KINDS, ThresholdUnit
from domain.risk.rules import displaces, evaluate, refuses
from domain.risk.snapshot import AccountView, Activity, MarketView, ProposedOrder, RiskSnapshot, Share, Times
from domain.risk.types import RiskAction, RiskLimits, RiskRule, RiskRuleKind, RiskScope, SelfTradePrevention

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACCOUNT, OTHER = UUID(int=1), UUID(int=2)
ORDER = ProposedOrder(
    account_id=ACCOUNT,
    symbol="COIN",
    strategy="trend",
    buys=True,
    quantity=Decimal(10),
    price=Decimal(105),
    notional=Decimal(1050),
    is_exit=False,
)
SNAPSHOT = RiskSnapshot(
    market=MarketView(reference=Decimal(100), age=timedelta(seconds=10)),
    account=AccountView(
        position=Decimal(30),
        position_notional=Decimal(3000),
        gross_exposure=Decimal(8000),
        maintenance_margin=Decimal(800),
        equity=Decimal(4000),
        day_pnl=Decimal(-500),
        peak_equity=Decimal(5000),
    ),
    activity=Activity(
        open_orders=Share(Decimal(9), Decimal(4), Decimal(2)),
        day_orders=Share(Decimal(99), Decimal(49), Decimal(24)),
        day_notional=Share(Decimal(98_950), Decimal(48_950), Decimal(23_950)),
        recent=Times(
            [NOW - timedelta(seconds=second) for second in (60, 20, 10, 5, 1)],
            [NOW - timedelta(seconds=second) for second in (20, 10, 5)],
            [NOW - timedelta(seconds=5)],
        ),
        same=Times([NOW - timedelta(seconds=5)], [NOW - timedelta(seconds=5)], []),
        opposite=Decimal("105.01"),
    ),
    now=NOW,
)
STEP = Decimal("0.000001")


def rule(kind: RiskRuleKind, threshold: Decimal | str | int | None = None, **others: Any) -> RiskRule:
    values: dict[str, Any] = {
        "id": UUID(int=9),
        "name": "Limit",
        "kind": kind,
        "scope": RiskScope.GLOBAL,
        "account_id": None,
        "symbol": None,
        "strategy": None,
        "threshold": None if threshold is None else Decimal(threshold),
        "window_seconds": None,
        "action": RiskAction.REJECT,
        "enabled": True,
        "created_at": NOW,
        "updated_at": NOW,
        "version": 1,
    }
    return RiskRule(**(values | others))


def scoped(limit: RiskRule, scope: RiskScope) -> RiskRule:
    """The same rule in another scope, for the order's own account, symbol or strategy."""
    return replace(
        limit,
        scope=scope,
        account_id=ACCOUNT if scope is RiskScope.ACCOUNT else None,
        symbol="COIN" if scope is RiskScope.INSTRUMENT or KINDS[limit.kind].names_symbol else None,
        strategy="trend" if scope is RiskScope.STRATEGY else None,
    )


# What the snapshot amounts to, per kind: the limit at which it is just allowed.
AT_LIMIT = {
    RiskRuleKind.MAX_ORDER_QUANTITY: "10",
    RiskRuleKind.MAX_ORDER_NOTIONAL: "1050",
    RiskRuleKind.PRICE_COLLAR: "0.05",
    RiskRuleKind.MAX_POSITION_QUANTITY: "30",
    RiskRuleKind.MAX_POSITION_NOTIONAL: "3000",
    RiskRuleKind.MAX_GROSS_EXPOSURE: "8000",
    RiskRuleKind.MAX_LEVERAGE: "2",
    RiskRuleKind.MAX_CONCENTRATION: "0.75",
    RiskRuleKind.MAX_DAILY_LOSS: "500",
    RiskRuleKind.MAX_DRAWDOWN: "0.2",
}
COUNTS = {
    RiskRuleKind.MAX_OPEN_ORDERS: (10, 5, 3),
    RiskRuleKind.MAX_ORDER_RATE: (5, 4, 2),
    RiskRuleKind.MAX_DAILY_ORDERS: (100, 50, 25),
    RiskRuleKind.MAX_DAILY_NOTIONAL: (100_000, 50_000, 25_000),
    RiskRuleKind.DUPLICATE_ORDER: (2, 2, 1),
}
SCOPES = [(kind, scope) for kind, terms in KINDS.items() for scope in sorted(terms.scopes)]


def window(kind: RiskRuleKind) -> dict[str, int]:
    return {"window_seconds": 30} if KINDS[kind].window else {}


def broken(limit: RiskRule, order: ProposedOrder = ORDER, snapshot: RiskSnapshot = SNAPSHOT) -> bool:
    rules = RiskLimits((limit,)).rules_for(order.account_id, order.symbol, order.strategy)
    found = evaluate(order, snapshot, rules)
    assert all(
        (row.kind, row.rule_id, row.action, row.limit) == (limit.kind, limit.id, limit.action, limit.threshold)
        for row in found
    )
    return bool(found)


@pytest.mark.parametrize(("kind", "scope"), [pair for pair in SCOPES if pair[0] in AT_LIMIT])
def test_an_amount_may_equal_its_limit_and_not_exceed_it(kind: RiskRuleKind, scope: RiskScope) -> None:
    at = scoped(rule(kind, AT_LIMIT[kind]), scope)
    assert at.threshold is not None
    assert not broken(at)
    assert not broken(replace(at, threshold=at.threshold + STEP))
    below = replace(at, threshold=at.threshold - STEP)
    (found,) = evaluate(ORDER, SNAPSHOT, [below])
    assert found.observed == at.threshold
    assert found.observed > below.threshold  # type: ignore[operator]


@pytest.mark.parametrize("scope", sorted(RiskScope))
@pytest.mark.parametrize("kind", COUNTS)
def test_a_count_includes_the_order_and_covers_its_scope(kind: RiskRuleKind, scope: RiskScope) -> None:
    part = {RiskScope.INSTRUMENT: 1, RiskScope.STRATEGY: 2}.get(scope, 0)
    limit = scoped(rule(kind, COUNTS[kind][part], **window(kind)), scope)
    assert limit.threshold is not None
    assert not broken(limit)
    assert not broken(replace(limit, threshold=limit.threshold + 1))
    (found,) = evaluate(ORDER, SNAPSHOT, [replace(limit, threshold=limit.threshold - 1)])
    assert found.observed == COUNTS[kind][part]


def test_an_order_at_the_edge_of_a_window_is_outside_it() -> None:
    for seconds, count in ((19, 4), (20, 4), (21, 5), (61, 6)):
        assert not broken(rule(RiskRuleKind.MAX_ORDER_RATE, count, window_seconds=seconds))
        assert broken(rule(RiskRuleKind.MAX_ORDER_RATE, count - 1, window_seconds=seconds))


@pytest.mark.parametrize("scope", [RiskScope.GLOBAL, RiskScope.ACCOUNT])
def test_the_margin_ratio_may_equal_its_limit_and_not_fall_below_it(scope: RiskScope) -> None:
    limit = scoped(rule(RiskRuleKind.MIN_MARGIN_RATIO, 5), scope)
    assert not broken(limit)
    assert not broken(replace(limit, threshold=5 - STEP))
    (found,) = evaluate(ORDER, SNAPSHOT, [replace(limit, threshold=5 + STEP)])
    assert found.observed == 5
    unused = replace(SNAPSHOT, account=replace(SNAPSHOT.account, maintenance_margin=Decimal(0)))
    assert not broken(replace(limit, threshold=Decimal(100)), snapshot=unused)


@pytest.mark.parametrize(
    ("buys", "price", "opposite", "trades"),
    [
        (True, "105", "105.01", False),
        (True, "105", "105", True),
        (True, "105", "104.99", True),
        (False, "105", "104.99", False),
        (False, "105", "105", True),
        (False, "105", "105.01", True),
        (True, None, "1000", True),
        (False, None, "1", True),
        (True, "105", None, False),
        (True, None, None, False),
    ],
)
@pytest.mark.parametrize("scope", sorted(RiskScope))
def test_an_order_that_could_trade_with_one_of_its_own_account_is_refused(
    buys: bool, price: str | None, opposite: str | None, trades: bool, scope: RiskScope
) -> None:
    order = replace(ORDER, buys=buys, price=None if price is None else Decimal(price))
    against = None if opposite is None else Decimal(opposite)
    snapshot = replace(SNAPSHOT, activity=replace(SNAPSHOT.activity, opposite=against))
    assert broken(scoped(rule(RiskRuleKind.SELF_TRADE), scope), order, snapshot) is trades


@pytest.mark.parametrize(
    ("changes", "prevention", "action", "refused", "cancels"),
    [
        ({}, SelfTradePrevention.CANCEL_NEWEST, RiskAction.REJECT, True, False),
        ({}, None, RiskAction.REJECT, True, False),
        ({}, SelfTradePrevention.CANCEL_OLDEST, RiskAction.REJECT, False, True),
        # An exit is never refused: the other order goes.
        ({"is_exit": True}, SelfTradePrevention.CANCEL_NEWEST, RiskAction.REJECT, False, True),
        ({"is_exit": True}, SelfTradePrevention.CANCEL_OLDEST, RiskAction.REJECT, False, True),
        # A warning does nothing to either.
        ({"is_exit": True}, SelfTradePrevention.CANCEL_OLDEST, RiskAction.WARN, False, False),
        ({}, SelfTradePrevention.CANCEL_OLDEST, RiskAction.WARN, True, False),
        # What waits for its price, or only rests, trades with nothing when it arrives.
        ({"takes": False}, SelfTradePrevention.CANCEL_NEWEST, RiskAction.REJECT, False, False),
        ({"takes": False}, SelfTradePrevention.CANCEL_OLDEST, RiskAction.REJECT, False, False),
        # At market: as far as it may go.
        ({"price": None, "worst": Decimal(105)}, SelfTradePrevention.CANCEL_NEWEST, RiskAction.REJECT, True, False),
        ({"price": None, "worst": Decimal("104.99")}, None, RiskAction.REJECT, False, False),
        (
            {"price": None, "worst": Decimal("104.99")},
            SelfTradePrevention.CANCEL_OLDEST,
            RiskAction.REJECT,
            False,
            False,
        ),
    ],
)
def test_self_trade_prevention_refuses_the_newer_or_cancels_the_older_order(
    changes: dict[str, Any], prevention: SelfTradePrevention | None, action: RiskAction, refused: bool, cancels: bool
) -> None:
    order = replace(ORDER, **changes)
    snapshot = replace(SNAPSHOT, activity=replace(SNAPSHOT.activity, opposite=Decimal(105)))
    limit = rule(RiskRuleKind.SELF_TRADE, self_trade_prevention=prevention, action=action)
    assert bool(evaluate(order, snapshot, [limit])) is refused
    assert displaces(order, snapshot, [limit]) is cancels


@pytest.mark.parametrize("scope", sorted(KINDS[RiskRuleKind.RESTRICTED_SYMBOL].scopes))
def test_a_position_in_a_restricted_symbol_can_only_be_closed(scope: RiskScope) -> None:
    limit = scoped(rule(RiskRuleKind.RESTRICTED_SYMBOL), scope)
    assert broken(limit)
    assert not broken(limit, replace(ORDER, is_exit=True))
    assert not broken(limit, replace(ORDER, symbol="OTHER"))


@pytest.mark.parametrize("scope", sorted(RiskScope))
def test_trading_hours_and_quote_ages_are_checked(scope: RiskScope) -> None:
    hours = scoped(rule(RiskRuleKind.TRADING_HOURS), scope)
    assert not broken(hours)
    assert broken(hours, snapshot=replace(SNAPSHOT, market=replace(SNAPSHOT.market, session_open=False)))
    for seconds, too_old in ((9, True), (10, False), (11, False)):
        assert broken(scoped(rule(RiskRuleKind.STALE_PRICE, window_seconds=seconds), scope)) is too_old


@pytest.mark.parametrize(
    ("buys", "price", "refused"),
    [
        (True, "105.01", True),
        (True, "105", False),
        (True, "1", False),
        (False, "94.99", True),
        (False, "95", False),
        (False, "999", False),
    ],
)
def test_a_collar_checks_prices_on_the_aggressive_side_only(buys: bool, price: str, refused: bool) -> None:
    limit = rule(RiskRuleKind.PRICE_COLLAR, "0.05")
    assert broken(limit, replace(ORDER, buys=buys, price=Decimal(price))) is refused
    assert not broken(limit, replace(ORDER, price=None))


@pytest.mark.parametrize(
    ("buys", "price", "trigger", "refused"),
    [
        # A stop-limit's limit beside its own stop, wherever the market is.
        (False, "89.3", "94", False),
        (False, "89.29", "94", True),
        (False, "47.5", "50", False),
        (True, "210", "200", False),
        (True, "210.01", "200", True),
        (False, "200", "50", False),
        # At zero nothing may be beyond, below zero the distance counts.
        (False, "0", "0", False),
        (False, "-0.01", "0", True),
        (False, "-21", "-20", False),
        (False, "-21.01", "-20", True),
    ],
)
def test_a_collar_of_a_triggered_order_compares_with_its_trigger_price(
    buys: bool, price: str, trigger: str, refused: bool
) -> None:
    limit = rule(RiskRuleKind.PRICE_COLLAR, "0.05")
    order = replace(ORDER, buys=buys, price=Decimal(price), trigger=Decimal(trigger))
    assert broken(limit, order) is refused
    assert broken(limit, order, NOTHING) is refused
    # What becomes a market order has no limit to compare.
    assert not broken(limit, replace(order, price=None))


NOTHING = RiskSnapshot(
    MarketView(None),
    AccountView(Decimal(1), None, None, None, None, None, None),
    Activity(),
    NOW,
)
NEEDS_DATA = {
    RiskRuleKind.MAX_ORDER_NOTIONAL,
    RiskRuleKind.PRICE_COLLAR,
    RiskRuleKind.MAX_POSITION_NOTIONAL,
    RiskRuleKind.MAX_GROSS_EXPOSURE,
    RiskRuleKind.MAX_LEVERAGE,
    RiskRuleKind.MAX_CONCENTRATION,
    RiskRuleKind.MAX_DAILY_LOSS,
    RiskRuleKind.MAX_DRAWDOWN,
    RiskRuleKind.MIN_MARGIN_RATIO,
    RiskRuleKind.MAX_DAILY_NOTIONAL,
    RiskRuleKind.STALE_PRICE,
}


@pytest.mark.parametrize("kind", sorted(NEEDS_DATA))
def test_missing_data_refuses_the_order(kind: RiskRuleKind) -> None:
    limit = rule(kind, None if KINDS[kind].measure is ThresholdUnit.NONE else 10**15, **window(kind))
    (found,) = evaluate(replace(ORDER, notional=None), NOTHING, [limit])
    assert found.observed is None
    assert "market price" in found.message


@pytest.mark.parametrize("equity", ["0", "-5"])
def test_an_account_without_equity_breaks_every_leverage_limit(equity: str) -> None:
    poor = replace(SNAPSHOT, account=replace(SNAPSHOT.account, equity=Decimal(equity)))
    for kind in (RiskRuleKind.MAX_LEVERAGE, RiskRuleKind.MAX_CONCENTRATION):
        assert broken(rule(kind, 10**15), snapshot=poor)
    flat = replace(poor.account, gross_exposure=Decimal(0))
    assert not broken(rule(RiskRuleKind.MAX_LEVERAGE, 0), snapshot=replace(poor, account=flat))


@pytest.mark.parametrize(("kind", "scope"), SCOPES)
def test_exits_pass_position_loss_and_size_rules_and_no_others(kind: RiskRuleKind, scope: RiskScope) -> None:
    terms = KINDS[kind]
    limit = scoped(
        rule(kind, None if terms.measure is ThresholdUnit.NONE else 0, window_seconds=0 if terms.window else None),
        scope,
    )
    if kind is RiskRuleKind.MIN_MARGIN_RATIO:
        limit = replace(limit, threshold=Decimal(100))
    worst = replace(
        SNAPSHOT,
        market=replace(SNAPSHOT.market, session_open=False),
        activity=replace(SNAPSHOT.activity, opposite=Decimal(1)),
    )
    assert broken(limit, ORDER, worst)
    assert broken(limit, replace(ORDER, is_exit=True), worst) is not terms.exits_pass


@pytest.mark.parametrize(("kind", "scope"), SCOPES)
def test_a_rule_of_another_scope_does_not_apply(kind: RiskRuleKind, scope: RiskScope) -> None:
    terms = KINDS[kind]
    limit = scoped(
        rule(kind, None if terms.measure is ThresholdUnit.NONE else 0, window_seconds=0 if terms.window else None),
        scope,
    )
    elsewhere = {"account_id": OTHER, "symbol": "OTHER", "strategy": "mean"}
    named = {
        RiskScope.ACCOUNT: "account_id",
        RiskScope.INSTRUMENT: "symbol",
        RiskScope.STRATEGY: "strategy",
    }.get(scope)
    if named is not None:
        assert not broken(replace(limit, **{named: elsewhere[named]}))  # type: ignore[arg-type]
    assert not broken(replace(limit, enabled=False))
    if scope is RiskScope.STRATEGY:
        assert not broken(limit, replace(ORDER, strategy=None))


def test_all_violations_are_listed_in_order_and_warnings_accept_the_order() -> None:
    quantity = rule(RiskRuleKind.MAX_ORDER_QUANTITY, 9, action=RiskAction.WARN)
    notional = rule(RiskRuleKind.MAX_ORDER_NOTIONAL, 1000, action=RiskAction.HALT)
    found = evaluate(ORDER, SNAPSHOT, [quantity, rule(RiskRuleKind.PRICE_COLLAR, 1), notional])
    assert [row.kind for row in found] == [RiskRuleKind.MAX_ORDER_QUANTITY, RiskRuleKind.MAX_ORDER_NOTIONAL]
    assert found[0].message == "Limit: the order's quantity is 10, above the limit of 9 units."
    assert (refuses(found), refuses(found[:1])) == (True, False)


@given(
    amount=some.decimals(0, 10**9, places=4),
    equity=some.decimals(-(10**9), 10**9, places=4),
    limit=some.decimals(0, 1000, places=6),
)
def test_a_ratio_rule_breaks_exactly_beyond_limit_times_equity(
    amount: Decimal, equity: Decimal, limit: Decimal
) -> None:
    account = replace(SNAPSHOT.account, gross_exposure=amount, equity=equity)
    found = evaluate(ORDER, replace(SNAPSHOT, account=account), [rule(RiskRuleKind.MAX_LEVERAGE, limit)])
    assert bool(found) == (amount > 0 and (equity <= 0 or amount > limit * equity))
    # What is shown never contradicts the verdict.
    assert all(row.observed is None or row.observed > limit for row in found)
