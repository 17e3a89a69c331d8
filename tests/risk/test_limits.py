"""Limits on orders as the database knows them: what counts, in a batch and across transactions, and what is told."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.errors import Refused
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.entry.order_check import check_order
from domain.orders.model.commands import ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.types import OrderStatus, OrderType, RejectReason, Side
from domain.risk.event_queries import read_events
from domain.risk.types import RiskAction, RiskEventSource, RiskRuleKind, RiskScope, Severity
from tests.orders.factories import command
from tests.risk.conftest import limit
from tests.support.trading import Platform

SMALL = Decimal("0.1")


def small(account_id: object, **others: object) -> PlaceOrder:
    return command(**({"account_id": account_id, "quantity": SMALL} | others))


async def reasons(desk: Platform, *orders: PlaceOrder, actor: object) -> list[RejectReason | None]:
    return [order.reject_reason for order in await desk.place(actor, *orders)]  # type: ignore[arg-type]


COUNTING = [
    (RiskRuleKind.MAX_OPEN_ORDERS, {}),
    (RiskRuleKind.MAX_DAILY_ORDERS, {}),
    (RiskRuleKind.MAX_ORDER_RATE, {"window_seconds": 3_600}),
    (RiskRuleKind.DUPLICATE_ORDER, {"window_seconds": 3_600}),
]
REFUSED = RejectReason.RISK_RULE


@pytest.mark.parametrize(("kind", "others"), COUNTING)
async def test_a_count_limit_holds_within_a_batch_and_across_transactions(
    desk: Platform, kind: RiskRuleKind, others: dict[str, int]
) -> None:
    owner, account = await desk.open_account("1000")
    # Counted from the day's beginning, also what came before there was a limit.
    await desk.place(owner, small(account.id))
    await limit(desk, kind, "3", **others)
    order = small(account.id)
    assert await reasons(desk, order, order, order, actor=owner) == [None, None, REFUSED]
    assert await reasons(desk, order, actor=owner) == [REFUSED]
    # What was refused does not count: another account starts at nothing.
    other_owner, other = await desk.open_account("1000")
    assert await reasons(desk, *[small(other.id)] * 4, actor=other_owner) == [None, None, None, REFUSED]


@pytest.mark.parametrize("scope", [RiskScope.INSTRUMENT, RiskScope.STRATEGY])
@pytest.mark.parametrize(("kind", "others"), COUNTING)
async def test_a_count_limit_counts_orders_of_its_symbol_or_strategy(
    desk: Platform, kind: RiskRuleKind, others: dict[str, int], scope: RiskScope
) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    subject = {"symbol": "COIN"} if scope is RiskScope.INSTRUMENT else {"strategy": "trend"}
    await limit(desk, kind, "1", scope=scope, **subject, **others)
    inside = small(account.id, strategy="trend")
    outside = replace(inside, symbol="COIN-PERP") if scope is RiskScope.INSTRUMENT else replace(inside, strategy=None)
    assert await reasons(desk, outside, outside, inside, inside, actor=owner) == [None, None, None, REFUSED]
    assert await reasons(desk, inside, outside, actor=owner) == [REFUSED, None]


async def test_orders_that_differ_in_price_quantity_side_or_type_are_no_duplicates(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await limit(desk, RiskRuleKind.DUPLICATE_ORDER, "1", window_seconds=60)
    order = small(account.id, symbol="COIN-PERP")
    different = [
        replace(order, limit_price=Decimal("99.5")),
        replace(order, quantity=Decimal("0.2")),
        replace(order, side=Side.SELL, limit_price=Decimal("101")),
        replace(order, type=OrderType.MARKET, limit_price=None),
    ]
    # The same in other words, and with a name and tags that mean nothing to the market.
    same = replace(order, quantity=Decimal("0.100"), tags=("again",), client_order_id="other")
    found = await reasons(desk, order, *different, same, actor=owner)
    assert found == [None, None, None, None, None, REFUSED]
    assert await reasons(desk, same, actor=owner) == [REFUSED]


async def test_time_windows_and_days_end(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    await limit(desk, RiskRuleKind.MAX_ORDER_RATE, "1", window_seconds=60)
    await limit(desk, RiskRuleKind.MAX_DAILY_ORDERS, "2")
    order = small(account.id)
    assert await reasons(desk, order, order, actor=owner) == [None, REFUSED]
    async with unit_of_work(desk.services.bus) as work:
        await work.execute("UPDATE orders SET created_at = created_at - $1::interval", timedelta(seconds=61))
    assert await reasons(desk, order, actor=owner) == [None]
    async with unit_of_work(desk.services.bus) as work:
        await work.execute("UPDATE orders SET created_at = created_at - $1::interval", timedelta(seconds=61))
    (refused,) = await desk.place(owner, order)
    assert [row.kind for row in refused.violations] == [RiskRuleKind.MAX_DAILY_ORDERS]
    async with unit_of_work(desk.services.bus) as work:
        await work.execute("UPDATE accounts SET rolled_at = now()")
    assert await reasons(desk, order, actor=owner) == [None]


async def test_daily_notional_includes_the_increases_of_changes(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    await limit(desk, RiskRuleKind.MAX_DAILY_NOTIONAL, "50")
    ten = small(account.id)
    (order,) = await desk.place(owner, ten)
    assert await reasons(desk, ten, ten, actor=owner) == [None, None]
    modify = desk.services.modifying.modify_order
    await modify(owner, ModifyOrder(OrderKey(id=order.id), quantity=Decimal("0.25")))
    rows = await fetch("SELECT symbol, strategy, orders, notional FROM order_days")
    assert [tuple(row) for row in rows] == [("COIN", "", 3, Decimal(45))]
    with pytest.raises(Refused, match=r"is 50\.1, above the limit of 50 in the account.s currency"):
        await modify(owner, ModifyOrder(OrderKey(id=order.id), quantity=Decimal("0.301")))
    # Making it smaller gives nothing back, and is never refused.
    await modify(owner, ModifyOrder(OrderKey(id=order.id), quantity=Decimal("0.1")))
    assert await reasons(desk, small(account.id, quantity=Decimal("0.05")), ten, actor=owner) == [None, REFUSED]
    rows = await fetch("SELECT symbol, strategy, orders, notional FROM order_days")
    assert [tuple(row) for row in rows] == [("COIN", "", 4, Decimal(50))]


async def test_an_order_that_could_trade_with_one_of_its_own_account_is_refused(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await limit(desk, RiskRuleKind.SELF_TRADE)
    buy = small(account.id, symbol="COIN-PERP", limit_price=Decimal("99.90"))
    sell = replace(buy, side=Side.SELL, limit_price=Decimal("100.10"))
    crossing = replace(sell, limit_price=Decimal("99.90"))
    assert await reasons(desk, buy, sell, crossing, actor=owner) == [None, None, REFUSED]
    # From the database as well, and whoever trades at market would meet it.
    market = replace(buy, type=OrderType.MARKET, limit_price=None)
    assert await reasons(desk, crossing, market, actor=owner) == [REFUSED, REFUSED]
    other_owner, other = await desk.open_account("1000", kind=AccountKind.MARGIN)
    assert await reasons(desk, replace(crossing, account_id=other.id), actor=other_owner) == [None]


async def test_a_refused_batch_or_group_is_not_counted(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    await limit(desk, RiskRuleKind.MAX_DAILY_ORDERS, "2")
    order = small(account.id)
    placed = await desk.services.entry.place_orders(owner, [order] * 3, all_or_none=True)
    assert [row.order.reject_reason for row in placed] == [
        RejectReason.GROUP_REJECTED,
        RejectReason.GROUP_REJECTED,
        RejectReason.RISK_RULE,
    ]
    assert await reasons(desk, order, order, order, actor=owner) == [None, None, REFUSED]


async def test_positions_and_exposure_count_working_orders_at_their_worst_case(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await desk.give(account.id, "COIN-PERP", "2")
    await limit(desk, RiskRuleKind.MAX_POSITION_QUANTITY, "5", scope=RiskScope.INSTRUMENT, symbol="COIN-PERP")
    buy = small(account.id, symbol="COIN-PERP", quantity=Decimal(2))
    assert await reasons(desk, buy, buy, replace(buy, quantity=Decimal(1)), actor=owner) == [None, REFUSED, None]
    # Selling reduces; selling more than there is flips, which counts with what works.
    sell = replace(buy, side=Side.SELL, limit_price=Decimal("101"))
    assert await reasons(desk, sell, replace(sell, quantity=Decimal(6)), actor=owner) == [None, REFUSED]
    # At the mark of 100: five long in the worst case, and what spot buys add.
    await limit(desk, RiskRuleKind.MAX_GROSS_EXPOSURE, "600")
    spot = small(account.id, quantity=Decimal(1))
    assert await reasons(desk, spot, spot, actor=owner) == [None, REFUSED]


async def test_a_loss_limit_stops_opening_orders_and_never_exits(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await desk.give(account.id, "COIN-PERP", "2", price="200")
    await limit(desk, RiskRuleKind.MAX_DAILY_LOSS, "199.99")
    await limit(desk, RiskRuleKind.MAX_DRAWDOWN, "0.19")
    buy = small(account.id, symbol="COIN-PERP")
    sell = replace(buy, side=Side.SELL, quantity=Decimal(2))
    (opens, closes, flips) = await desk.place(owner, buy, sell, sell)
    assert [row.observed for row in opens.violations] == [Decimal(200), Decimal("0.2")]
    assert closes.status is OrderStatus.PENDING_NEW
    assert [row.kind for row in flips.violations] == [RiskRuleKind.MAX_DAILY_LOSS, RiskRuleKind.MAX_DRAWDOWN]


async def test_stale_prices_of_held_positions_refuse_orders(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await desk.give(account.id, "COIN-PERP", "2")
    await limit(desk, RiskRuleKind.MAX_LEVERAGE, "100")
    order = small(account.id)
    assert await reasons(desk, order, actor=owner) == [None]
    board = desk.services.market.board
    received = board._counts_from
    board._counts_from = {"COIN": received["COIN"], "COIN-PERP": 0}
    (refused,) = await desk.place(owner, order)
    board._counts_from = received
    assert refused.violations[0].observed is None
    assert "no market price" in refused.violations[0].message


async def test_each_violation_becomes_a_risk_event_of_its_order(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    hard = await limit(desk, RiskRuleKind.MAX_ORDER_QUANTITY, "1")
    soft = await limit(desk, RiskRuleKind.MAX_ORDER_NOTIONAL, "5", action=RiskAction.WARN)
    warned, refused = await desk.place(owner, small(account.id), small(account.id, quantity=Decimal(2)))
    made, first, second, third = await read_events(1)
    assert [(row.sequence, row.order_id, row.rule_id) for row in (first, second, third)] == [
        (3, warned.id, soft.id),
        (4, refused.id, hard.id),
        (5, refused.id, soft.id),
    ]
    assert (made.kind, made.rule_id, made.source) == ("RULE_CREATED", soft.id, RiskEventSource.OPERATOR)
    assert (first.severity, second.severity) == (Severity.INFO, Severity.WARNING)
    assert (second.observed, second.limit, second.account_id, second.symbol) == (2, 1, account.id, "COIN")
    assert {row.source for row in (first, second, third)} == {RiskEventSource.PRE_TRADE}
    assert await check_order(desk.services.entry, owner, small(account.id, quantity=Decimal(2)))
    # Asking is not trading.
    assert len(await read_events(0)) == 5


async def test_check_order_and_place_order_agree_on_counts(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    await limit(desk, RiskRuleKind.MAX_OPEN_ORDERS, "1")
    order = small(account.id)
    assert (await check_order(desk.services.entry, owner, order)).accepted
    (placed,) = await desk.place(owner, order)
    checked = await check_order(desk.services.entry, owner, order)
    (refused,) = await desk.place(owner, order)
    assert (checked.reject_reason, checked.violations) == (refused.reject_reason, refused.violations)
    # A change of what works is no new order.
    key = OrderKey(id=placed.id)
    changed = await desk.services.modifying.modify_order(owner, ModifyOrder(key, limit_price=Decimal("98")))
    assert changed.pending_changes
