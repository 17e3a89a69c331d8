"""Risk metrics of an account: exposure, drawdown, tail risk, and the usage of its limits."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.access.types import no_account
from domain.kernel.database import fetch
from domain.kernel.money import to_cash
from domain.kernel.numbers import ZERO
from domain.orders.deciding.activity import OrderActivity, needs_of
from domain.orders.entry.activity_queries import load_activity
from domain.orders.entry.context import OrderContext
from domain.positions import history_queries, performance
from domain.positions.history_service import measured, performance_edges
from domain.positions.service import Books
from domain.positions.summary import summarize
from domain.positions.values import AccountValue
from domain.risk.rules.measures import LimitUsage, tail_risk, usages
from domain.risk.types import RiskRule, RiskRuleKind, RiskScope

# How far back history speaks for what may come, and the window of the rate of orders.
_HISTORY = timedelta(days=250)
_MINUTE = timedelta(minutes=1)
_INSTANT = timedelta(microseconds=1)
_ACCOUNT_WIDE = (RiskScope.GLOBAL, RiskScope.ACCOUNT)


@dataclass(frozen=True, slots=True)
class RiskMetrics:
    """Money is in the account's currency. ``value_at_risk`` and ``expected_shortfall`` are of one day, at 95 %.

    None: without margin in use, without equity, or without twenty days of history.
    """

    account_id: UUID
    currency: str
    equity: Decimal
    gross_exposure: Decimal
    net_exposure: Decimal
    leverage: Decimal
    margin_ratio: Decimal | None
    day_pnl: Decimal
    day_pnl_ratio: float | None
    drawdown: float
    max_drawdown: float
    largest_concentration: float | None
    value_at_risk: Decimal | None
    expected_shortfall: Decimal | None
    open_orders: int
    orders_last_minute: int
    limits: tuple[LimitUsage, ...]


async def risk_metrics(context: OrderContext, books: Books, account_id: UUID) -> RiskMetrics:
    """The risk metrics of an account now, at the newest marks.

    Raises:
        NotFound: there is no such account.
    """
    value = (await books.read([account_id])).get(account_id)
    if value is None:
        raise no_account()
    now = context.clock()
    limits = await context.limits.current()
    rules = [rule for rule in limits.rules_for(account_id, "", None) if rule.scope in _ACCOUNT_WIDE]
    needs = needs_of(rules)
    needs = replace(needs, window=max(needs.window or _MINUTE, _MINUTE), open_orders=True, day=True)
    activity = (await load_activity(fetch, {account_id: value.account}, needs, now))[account_id]
    daily, deepest = await _history(context, value, now)
    summary, tail = summarize(value), tail_risk(daily)
    peak = max(value.account.peak_equity, value.equity)
    before = value.equity - value.day_pnl
    return RiskMetrics(
        account_id=account_id,
        currency=value.currency,
        equity=value.equity,
        gross_exposure=summary.gross_exposure,
        net_exposure=summary.net_exposure,
        leverage=summary.leverage,
        margin_ratio=value.margin_ratio,
        day_pnl=value.day_pnl,
        day_pnl_ratio=float(value.day_pnl / before) if before > ZERO else None,
        drawdown=float(performance.drawdown(value.equity, peak) or ZERO),
        max_drawdown=deepest,
        largest_concentration=summary.largest_weight,
        value_at_risk=_money(value, tail.value_at_risk) if tail is not None else None,
        expected_shortfall=_money(value, tail.expected_shortfall) if tail is not None else None,
        open_orders=int(activity.open_orders.account),
        orders_last_minute=activity.recent.times("", "").since(now - _MINUTE, RiskScope.ACCOUNT),
        limits=tuple(_usages(rules, value, peak, activity, now)),
    )


def _money(value: AccountValue, ratio: float) -> Decimal:
    return to_cash(max(ZERO, value.equity) * Decimal(str(ratio)), value.currency)


async def _history(context: OrderContext, value: AccountValue, now: datetime) -> tuple[list[float], float]:
    """The returns of platform days, and the deepest drawdown, within the relevant history."""
    since = max(value.created_at, now - _HISTORY)
    if since >= now:
        return [], 0.0
    samples = await history_queries.read_curve(value.id, performance_edges(since, now, context.day_roll))
    if not samples:
        return [], 0.0
    samples = await measured(value.id, samples, since, now)
    returns = performance.returns_of(samples, await history_queries.read_flows(value.id, samples))
    daily = returns.by(lambda end: context.day_roll.last_before(end - _INSTANT))
    return daily, performance.max_drawdown(returns).ratio


def _usages(
    rules: list[RiskRule], value: AccountValue, peak: Decimal, activity: OrderActivity, now: datetime
) -> list[LimitUsage]:
    summary = summarize(value)
    observed = {
        RiskRuleKind.MAX_GROSS_EXPOSURE: summary.gross_exposure,
        RiskRuleKind.MAX_LEVERAGE: summary.leverage,
        RiskRuleKind.MAX_DAILY_LOSS: max(ZERO, -value.day_pnl),
        RiskRuleKind.MAX_OPEN_ORDERS: activity.open_orders.account,
        RiskRuleKind.MAX_DAILY_ORDERS: activity.day_orders.account,
        RiskRuleKind.MAX_DAILY_NOTIONAL: activity.day_notional.account,
    }
    fall = performance.drawdown(value.equity, peak)
    if fall is not None:
        observed[RiskRuleKind.MAX_DRAWDOWN] = fall
    if value.equity > ZERO:
        largest = max((abs(row.market_value) for row in value.positions), default=ZERO)
        observed[RiskRuleKind.MAX_CONCENTRATION] = round(largest / value.equity, 12)
    if value.margin_ratio is not None:
        observed[RiskRuleKind.MIN_MARGIN_RATIO] = value.margin_ratio
    found = usages((rule for rule in rules if rule.window_seconds is None), observed)
    for rule in rules:
        if rule.kind is RiskRuleKind.MAX_ORDER_RATE and rule.window_seconds is not None:
            begins = now - timedelta(seconds=rule.window_seconds)
            count = Decimal(activity.recent.times("", "").since(begins, RiskScope.ACCOUNT))
            found += usages([rule], {rule.kind: count})
    return sorted(found, key=lambda row: -row.usage)
