"""Trials of rules: what the pure part says of orders, fills and samples of the past."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.day_roll import DayRoll
from domain.kernel.numbers import ZERO
from domain.orders.deciding.rule_trial import PastFill, PastOrder, PastSample, TrialHit, try_on_orders, try_on_samples
from domain.orders.model.types import OrderType, Side
from domain.positions.types import Bucket
from domain.risk.types import RiskAction, RiskRule, RiskRuleKind, RiskScope
from tests.orders.factories import ACCOUNT_ID, NOW, command

ROLL = DayRoll(time(17), ZoneInfo("America/New_York"))
PLACE = ("COIN", Bucket.NET)


def rule(kind: str, threshold: str | None = None, **others: Any) -> RiskRule:
    values: dict[str, Any] = {
        "id": UUID(int=5),
        "name": "Limit",
        "kind": RiskRuleKind(kind),
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


def order(number: int, second: float = 0, *, ended: float | None = None, **others: Any) -> PastOrder:
    """The order with this number, placed the given seconds after noon, by default at 100."""
    past = {key: others.pop(key) for key in ("worst", "group", "reference", "is_exit_of_parent") if key in others}
    values: dict[str, Any] = {
        "id": UUID(int=number),
        "command": command(**({"limit_price": Decimal(100)} | others)),
        "bucket": Bucket.NET,
        "group": None,
        "is_exit_of_parent": False,
        "worst": Decimal(100),
        "reference": Decimal(100),
        "unit": Decimal(1),
        "inverse": False,
        "at": NOW + timedelta(seconds=second),
        "ended_at": None if ended is None else NOW + timedelta(seconds=ended),
    }
    return PastOrder(**(values | past))


def fill(of: PastOrder, second: float, quantity: str | None = None) -> PastFill:
    amount = of.command.quantity if quantity is None else Decimal(quantity)
    signed = amount if of.command.side is Side.BUY else -amount
    return PastFill(of.id, ACCOUNT_ID, PLACE, signed, NOW + timedelta(seconds=second))


def hit_numbers(hits: Sequence[TrialHit]) -> list[int]:
    return [hit.order_id.int for hit in hits if hit.order_id is not None]


def tried(
    given: RiskRule,
    orders: Sequence[PastOrder],
    fills: Sequence[PastFill] = (),
    held: str = "0",
    since: datetime = NOW,
) -> list[int]:
    """The numbers of the orders that a rule hits."""
    _, hits = try_on_orders(given, orders, fills, {ACCOUNT_ID: {PLACE: Decimal(held)}}, since, ROLL)
    return hit_numbers(hits)


def test_an_order_at_the_limit_passes_and_one_above_is_told_with_both_figures() -> None:
    at_limit, above = order(1, quantity=Decimal(2)), order(2, 1, quantity=Decimal(3))
    count, (hit,) = try_on_orders(rule("MAX_ORDER_QUANTITY", "2"), [at_limit, above], [], {}, NOW, ROLL)
    assert (count, hit.order_id, hit.symbol, hit.account_id) == (2, above.id, "COIN", ACCOUNT_ID)
    assert (hit.violation.limit, hit.violation.observed) == (Decimal(2), Decimal(3))
    assert tried(rule("MAX_ORDER_NOTIONAL", "200"), [at_limit, above]) == [2]


def test_an_inverse_contract_is_worth_less_at_a_higher_price() -> None:
    cheap = replace(order(1, quantity=Decimal(300)), unit=Decimal(100), inverse=True, worst=Decimal(100))
    assert tried(rule("MAX_ORDER_NOTIONAL", "299"), [cheap]) == [1]
    assert tried(rule("MAX_ORDER_NOTIONAL", "299"), [replace(cheap, worst=Decimal(200))]) == []


def test_a_limit_price_is_compared_with_the_market_that_it_met() -> None:
    far = order(1, limit_price=Decimal(106))
    assert tried(rule("PRICE_COLLAR", "0.05"), [far, order(2, 1, limit_price=Decimal(105))]) == [1]
    assert tried(rule("PRICE_COLLAR", "0.05"), [replace(far, reference=None)]) == [1]


def test_orders_before_the_range_count_and_are_not_told() -> None:
    orders = [order(number, number) for number in range(1, 5)]
    limit = rule("MAX_ORDER_RATE", "2", window_seconds=60)
    assert tried(limit, orders) == [3, 4]
    assert tried(limit, orders, since=NOW + timedelta(seconds=4)) == [4]


def test_what_it_refuses_counts_no_more_and_what_it_warns_of_does() -> None:
    # Three at once, then one when the first has left the window: it passes only if the third was refused.
    orders = [order(1, 0), order(2, 1), order(3, 2), order(4, 60.5)]
    assert tried(rule("MAX_ORDER_RATE", "2", window_seconds=60), orders) == [3]
    assert tried(rule("MAX_ORDER_RATE", "2", window_seconds=60, action=RiskAction.WARN), orders) == [3, 4]


def test_open_orders_end() -> None:
    orders = [order(1, 0, ended=5), order(2, 1), order(3, 6), order(4, 7)]
    assert tried(rule("MAX_OPEN_ORDERS", "2"), orders) == [4]


def test_the_day_begins_anew_at_the_roll() -> None:
    # 17:00 in New York is 22:00 UTC.
    before, after = order(1, 9 * 3600), order(2, 10 * 3600 + 1)
    assert tried(rule("MAX_DAILY_ORDERS", "1"), [before, order(3, 9 * 3600 + 1), after]) == [3]
    assert tried(rule("MAX_DAILY_NOTIONAL", "150"), [before, order(3, 9 * 3600 + 1), after]) == [3]


def test_equal_orders_are_told_from_others() -> None:
    orders = [order(1), order(2, 1), order(3, 2, limit_price=Decimal(99))]
    assert tried(rule("DUPLICATE_ORDER", "1", window_seconds=60), orders) == [2]


def test_an_order_that_could_trade_with_a_resting_one_is_a_self_trade() -> None:
    bid, ask = order(1, ended=9), order(2, 1, side=Side.SELL)
    assert tried(rule("SELF_TRADE"), [bid, ask]) == [2]
    assert tried(rule("SELF_TRADE"), [bid, replace(ask, at=NOW + timedelta(seconds=10))]) == []
    assert tried(rule("SELF_TRADE"), [bid, order(2, 1, side=Side.SELL, limit_price=Decimal(101))]) == []
    # The exit of a parent that still works rests nowhere.
    assert tried(rule("SELF_TRADE"), [replace(bid, is_exit_of_parent=True), ask]) == []


def test_exits_pass_and_what_could_flip_does_not() -> None:
    limit = rule("MAX_ORDER_QUANTITY", "1")
    exit_, flip = (order(number, side=Side.SELL, quantity=Decimal(size)) for number, size in ((1, 3), (2, 4)))
    assert tried(limit, [exit_], held="3") == []
    assert tried(limit, [flip], held="3") == [2]
    # With another exit at work it could flip, too.
    assert tried(limit, [order(3, side=Side.SELL), replace(exit_, at=NOW + timedelta(seconds=1))], held="3") == [1]
    assert tried(limit, [order(1, side=Side.SELL, quantity=Decimal(4), reduce_only=True)], held="3") == []


def test_the_position_is_what_it_would_be_if_all_that_works_filled() -> None:
    limit = rule("MAX_POSITION_QUANTITY", "4")
    first, second = order(1, quantity=Decimal(2)), order(2, 2, quantity=Decimal(2))
    assert tried(limit, [first, second], held="1") == [2]
    assert tried(limit, [replace(first, ended_at=NOW + timedelta(seconds=1)), second], held="1") == []
    # A fill moves from the order to the position: the sum stays.
    assert tried(limit, [first, second], [fill(first, 1)], held="1") == [2]
    # Of a pair that excludes each other the larger counts.
    pair = [replace(each, group=UUID(int=9)) for each in (first, order(3, 1, quantity=Decimal(2)))]
    assert tried(limit, [*pair, second]) == []
    assert tried(rule("MAX_POSITION_NOTIONAL", "399"), [first, second], held="1") == [2]


def test_a_rule_covers_its_subject_alone() -> None:
    orders = [order(1, strategy="trend"), order(2, 1, strategy="other")]
    limit = rule("MAX_ORDER_QUANTITY", "0.5", scope=RiskScope.STRATEGY, strategy="trend")
    assert try_on_orders(limit, orders, [], {}, NOW, ROLL)[0] == 1
    assert tried(limit, orders) == [1]
    assert tried(rule("RESTRICTED_SYMBOL", scope=RiskScope.INSTRUMENT, symbol="COIN"), orders) == [1, 2]
    assert tried(rule("RESTRICTED_SYMBOL", scope=RiskScope.INSTRUMENT, symbol="OTHER"), orders) == []


def test_a_stop_waits_and_takes_nothing() -> None:
    bid = order(1)
    stop = order(2, 1, side=Side.SELL, type=OrderType.STOP, limit_price=None, stop_price=Decimal(90))
    assert tried(rule("SELF_TRADE"), [bid, stop]) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 120), st.integers(0, 60) | st.none(), st.sampled_from(Side), st.integers(1, 5)),
        max_size=25,
    ),
    st.integers(0, 6),
)
def test_a_looser_limit_hits_no_more_warnings(rows: list[tuple[int, int | None, Side, int]], limit: int) -> None:
    """With a warning nothing else changes, so what a limit tells is told by every tighter one."""
    orders = [
        order(number, second, ended=None if rest is None else second + rest, side=side, quantity=Decimal(size))
        for number, (second, rest, side, size) in enumerate(rows, start=1)
    ]
    for kind, others in (
        ("MAX_OPEN_ORDERS", {}),
        ("MAX_ORDER_RATE", {"window_seconds": 30}),
        ("MAX_POSITION_QUANTITY", {}),
    ):
        tight, loose = (
            set(tried(rule(kind, str(each), action=RiskAction.WARN, **others), orders)) for each in (limit, limit + 1)
        )
        assert loose <= tight


def samples(*rows: tuple[float, str] | tuple[float, str, str]) -> list[PastSample]:
    """Samples so many hours after noon."""
    found = []
    for hour, equity, *flow in rows:
        money = Decimal(flow[0]) if flow else ZERO
        found.append(PastSample(ACCOUNT_ID, NOW + timedelta(hours=hour), Decimal(equity), money))
    return found


def told(given: RiskRule, rows: list[PastSample], since: datetime = NOW) -> list[tuple[float, Decimal | None]]:
    _, hits = try_on_samples(given, rows, since, ROLL)
    assert all(hit.order_id is None and hit.symbol is None for hit in hits)
    return [((hit.at - NOW) / timedelta(hours=1), hit.violation.observed) for hit in hits]


def test_a_loss_of_the_day_is_told_once_until_it_is_over() -> None:
    rows = samples((0, "1000"), (1, "890"), (2, "880"), (3, "950"), (4, "850"), (11, "850"))
    assert told(rule("MAX_DAILY_LOSS", "100"), rows) == [(1.0, Decimal(110)), (4.0, Decimal(150))]
    count, _ = try_on_samples(rule("MAX_DAILY_LOSS", "100"), rows, NOW + timedelta(hours=2), ROLL)
    assert count == 4


def test_money_that_comes_or_goes_is_no_loss() -> None:
    rows = samples((0, "1000"), (1, "500", "-500"), (2, "450"))
    assert told(rule("MAX_DAILY_LOSS", "49"), rows) == [(2.0, Decimal(50))]
    assert told(rule("MAX_DRAWDOWN", "0.09"), rows) == [(2.0, Decimal("0.1"))]


def test_a_drawdown_counts_from_the_highest_equity_of_the_range() -> None:
    rows = samples((-1, "2000"), (0, "1000"), (1, "1100"), (2, "1000"))
    assert told(rule("MAX_DRAWDOWN", "0.09"), rows) == [(2.0, pytest.approx(Decimal(1) / 11))]


def test_days_are_those_of_the_roll() -> None:
    assert ROLL.next_after(datetime(2026, 1, 5, 12, tzinfo=UTC)) == datetime(2026, 1, 5, 22, tzinfo=UTC)
