"""Pre-trade checks of each kind of rule: a rule, an order and the snapshot in, its violation or None out.

A value equal to the threshold is within the limit. Messages name the rule, the observed value and the limit.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from domain.kernel.numbers import ONE, ZERO, plain
from domain.risk.kinds import KINDS, ThresholdUnit
from domain.risk.snapshot import ProposedOrder, RiskSnapshot
from domain.risk.types import RiskRule, RiskRuleKind, RiskViolation

Check = Callable[[RiskRule, ProposedOrder, RiskSnapshot], RiskViolation | None]
# Ratios are shown and stored with as many digits as averages are.
_RATIO_DIGITS = 12
_UNITS: Final = {ThresholdUnit.QUANTITY: " units", ThresholdUnit.MONEY: " in the account's currency"}


def violation(rule: RiskRule, observed: Decimal | None, message: str) -> RiskViolation:
    """The rule's violation; the message is prefixed with its name."""
    return RiskViolation(rule.kind, rule.id, rule.action, rule.threshold, observed, f"{rule.name}: {message}.")


def above(rule: RiskRule, observed: Decimal | None, what: str, missing: str) -> RiskViolation | None:
    """The violation of an upper limit; an unknown value violates it."""
    limit = rule.threshold
    assert limit is not None
    if observed is not None and observed <= limit:
        return None
    if observed is None:
        return violation(rule, None, f"{what} is unknown: {missing}")
    unit = _UNITS.get(KINDS[rule.kind].measure, "")
    return violation(rule, observed, f"{what} is {plain(observed)}, above the limit of {plain(limit)}{unit}")


def ratio(part: Decimal, whole: Decimal) -> Decimal:
    """A quotient with a fixed number of digits."""
    return round(part / whole, _RATIO_DIGITS)


def over_equity(
    rule: RiskRule, amount: Decimal | None, equity: Decimal | None, what: str, missing: str
) -> RiskViolation | None:
    """The violation of an upper limit on ``amount`` over equity; without equity any amount violates it."""
    if amount is None or equity is None:
        return above(rule, None, what, missing)
    if amount == ZERO:
        return None
    if equity <= ZERO:
        return violation(rule, None, f"{what} has no upper bound: the account has no equity")
    limit = rule.threshold
    assert limit is not None
    if amount <= limit * equity:
        return None
    return above(rule, max(ratio(amount, equity), limit + Decimal(1).scaleb(-_RATIO_DIGITS)), what, missing)


def _max_order_quantity(rule: RiskRule, order: ProposedOrder, _: RiskSnapshot) -> RiskViolation | None:
    return above(rule, order.quantity, "the order's quantity", "")


def _max_order_notional(rule: RiskRule, order: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    return above(rule, order.notional, "the order's notional", snapshot.market.missing)


def _price_collar(rule: RiskRule, order: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    """Compare the aggressive side of a limit price with its reference: a buy above it, a sell below it.

    The reference is the market's, or the stop price of an order that waits for one. An order without a limit price is
    not compared.
    """
    if order.price is None:
        return None
    waits = order.trigger is not None
    reference = order.trigger if waits else snapshot.market.reference
    if reference is None:
        return violation(rule, None, f"the price cannot be compared: {snapshot.market.missing}")
    assert rule.threshold is not None
    beyond = order.price - reference if order.buys else reference - order.price
    if beyond <= rule.threshold * abs(reference):
        return None
    what, limit = "its own trigger price" if waits else "the reference price", plain(rule.threshold)
    if reference == ZERO:
        return violation(
            rule, None, f"the price {plain(order.price)} is beyond {what} of zero by more than the ratio {limit}"
        )
    observed = ratio(beyond, abs(reference))
    distance = f"is beyond {what} {plain(reference)} by a ratio of {plain(observed)}, above the limit of {limit}"
    return violation(rule, observed, f"the price {plain(order.price)} {distance}")


def _max_position_quantity(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    return above(rule, snapshot.account.position, "the worst-case position", "")


def _max_position_notional(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    return above(
        rule, snapshot.account.position_notional, "the worst-case notional of the position", snapshot.market.missing
    )


def _max_gross_exposure(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    account = snapshot.account
    return above(rule, account.gross_exposure, "the gross exposure", account.missing)


def _max_leverage(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    account = snapshot.account
    return over_equity(rule, account.gross_exposure, account.equity, "the leverage", account.missing)


def _max_concentration(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    account = snapshot.account
    return over_equity(rule, account.position_notional, account.equity, "the concentration", account.missing)


def _max_daily_loss(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    account = snapshot.account
    loss = None if account.day_pnl is None else max(ZERO, -account.day_pnl)
    return above(rule, loss, "the day's loss", account.missing)


def _max_drawdown(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    account = snapshot.account
    if account.equity is None or account.peak_equity is None:
        return above(rule, None, "the drawdown", account.missing)
    return over_equity(rule, max(ZERO, account.peak_equity - account.equity), account.peak_equity, "the drawdown", "")


def _min_margin_ratio(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    account, limit = snapshot.account, rule.threshold
    assert limit is not None
    margin, equity = account.maintenance_margin, account.equity
    if margin is None or equity is None:
        return violation(rule, None, f"the margin ratio is unknown: {account.missing}")
    if margin == ZERO or equity >= limit * margin:
        return None
    observed = ratio(equity, margin)
    return violation(rule, observed, f"the margin ratio is {plain(observed)}, below the limit of {plain(limit)}")


def _max_open_orders(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    return above(rule, snapshot.activity.open_orders.of(rule.scope) + ONE, "the number of open orders", "")


def _max_order_rate(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    count = snapshot.activity.recent.since(snapshot.now - _window(rule), rule.scope) + 1
    return above(rule, Decimal(count), f"the number of orders within {rule.window_seconds} s", "")


def _max_daily_orders(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    return above(rule, snapshot.activity.day_orders.of(rule.scope) + ONE, "the number of orders of the day", "")


def _max_daily_notional(rule: RiskRule, order: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    before = snapshot.activity.day_notional.of(rule.scope)
    rise = None if order.notional is None else order.notional - (order.replaces or ZERO)
    if order.replaces is not None and rise is not None and rise <= ZERO:
        return None
    observed = None if rise is None else before + rise
    return above(rule, observed, "the notional of the orders of the day", snapshot.market.missing)


def _duplicate_order(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    count = snapshot.activity.same.since(snapshot.now - _window(rule), rule.scope) + 1
    return above(rule, Decimal(count), f"the number of equal orders within {rule.window_seconds} s", "")


def _self_trade(rule: RiskRule, order: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    opposite, bound = snapshot.activity.opposite, order.bound
    if opposite is None or not order.takes:
        return None
    if bound is not None and (bound < opposite if order.buys else bound > opposite):
        return None
    return violation(rule, opposite, f"the order could trade with an order of the same account at {plain(opposite)}")


def _restricted_symbol(rule: RiskRule, order: ProposedOrder, _: RiskSnapshot) -> RiskViolation:
    return violation(rule, None, f"{order.symbol} is restricted")


def _trading_hours(rule: RiskRule, order: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    return None if snapshot.market.session_open else violation(rule, None, f"the session of {order.symbol} is closed")


def _stale_price(rule: RiskRule, _: ProposedOrder, snapshot: RiskSnapshot) -> RiskViolation | None:
    age = snapshot.market.age
    if age is None:
        return violation(rule, None, f"the age of the quote is unknown: {snapshot.market.missing}")
    if age <= _window(rule):
        return None
    seconds = Decimal(age // timedelta(microseconds=1)).scaleb(-6)
    return violation(rule, seconds, f"the quote is {plain(seconds)} s old, above the limit of {rule.window_seconds} s")


def _window(rule: RiskRule) -> timedelta:
    assert rule.window_seconds is not None
    return _seconds(rule.window_seconds)


# Making one costs as much as the rest of a check.
_seconds = lru_cache(maxsize=4_096)(lambda seconds: timedelta(seconds=seconds))


CHECKS: Final[Mapping[RiskRuleKind, Check]] = MappingProxyType(
    {
        RiskRuleKind.MAX_ORDER_QUANTITY: _max_order_quantity,
        RiskRuleKind.MAX_ORDER_NOTIONAL: _max_order_notional,
        RiskRuleKind.PRICE_COLLAR: _price_collar,
        RiskRuleKind.MAX_POSITION_QUANTITY: _max_position_quantity,
        RiskRuleKind.MAX_POSITION_NOTIONAL: _max_position_notional,
        RiskRuleKind.MAX_GROSS_EXPOSURE: _max_gross_exposure,
        RiskRuleKind.MAX_LEVERAGE: _max_leverage,
        RiskRuleKind.MAX_CONCENTRATION: _max_concentration,
        RiskRuleKind.MAX_DAILY_LOSS: _max_daily_loss,
        RiskRuleKind.MAX_DRAWDOWN: _max_drawdown,
        RiskRuleKind.MIN_MARGIN_RATIO: _min_margin_ratio,
        RiskRuleKind.MAX_OPEN_ORDERS: _max_open_orders,
        RiskRuleKind.MAX_ORDER_RATE: _max_order_rate,
        RiskRuleKind.MAX_DAILY_ORDERS: _max_daily_orders,
        RiskRuleKind.MAX_DAILY_NOTIONAL: _max_daily_notional,
        RiskRuleKind.DUPLICATE_ORDER: _duplicate_order,
        RiskRuleKind.SELF_TRADE: _self_trade,
        RiskRuleKind.RESTRICTED_SYMBOL: _restricted_symbol,
        RiskRuleKind.TRADING_HOURS: _trading_hours,
        RiskRuleKind.STALE_PRICE: _stale_price,
    }
)
