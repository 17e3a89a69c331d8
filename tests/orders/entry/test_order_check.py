"""checkOrder says what placeOrder then does, whatever the order and however the books stand."""

from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from domain.access.types import Actor
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.orders.entry.order_check import check_order
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import OrderStatus, OrderType, RejectReason, Side, TimeInForce
from domain.risk.service import CreateRiskRule, create_rule
from domain.risk.types import RiskAction, RiskRuleKind, RiskScope
from tests.orders.factories import command
from tests.support.trading import Platform

ORDERS = 150


def any_order(chance: Random, account_id: UUID) -> PlaceOrder:
    """Some well-formed order, often one that business refuses."""
    kind = chance.choice([OrderType.LIMIT, OrderType.MARKET, OrderType.STOP, OrderType.TRAILING_STOP])
    price = Decimal(chance.choice([50, 90, 99, 100, 101, 104, 111, 150])) + Decimal(
        chance.choice(["0", "0.01", "0.001"])
    )
    terms: dict[str, Any] = {
        OrderType.LIMIT: {"limit_price": price, "post_only": chance.random() < 0.2},
        OrderType.MARKET: {"limit_price": None},
        OrderType.STOP: {"limit_price": None, "stop_price": price},
        OrderType.TRAILING_STOP: {"limit_price": None, "trailing_offset": Decimal(chance.choice([1, 5, 200]))},
    }[kind]
    return command(
        account_id=account_id,
        symbol=chance.choice(["COIN", "COIN-PERP"]),
        side=chance.choice(list(Side)),
        type=kind,
        quantity=Decimal(chance.choice(["0.001", "0.0001", "1", "2.5", "4", "40"])),
        time_in_force=chance.choice([TimeInForce.GTC, TimeInForce.DAY]),
        reduce_only=chance.random() < 0.15,
        **terms,
    )


async def stored() -> list[Any]:
    """The stored rows that a check must not change."""
    counts = (
        "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM account_events), (SELECT count(*) FROM positions)"
    )
    return [list(row) for row in await fetch(counts)] + [list(row) for row in await fetch("SELECT * FROM accounts")]


async def test_check_order_predicts_the_result_of_place_order(live_desk: Platform) -> None:
    chance = Random(11)
    for kind, threshold, action in (
        (RiskRuleKind.MAX_ORDER_NOTIONAL, "300", RiskAction.REJECT),
        (RiskRuleKind.PRICE_COLLAR, "0.1", RiskAction.REJECT),
        (RiskRuleKind.MAX_ORDER_NOTIONAL, "200", RiskAction.WARN),
    ):
        rule = CreateRiskRule(kind.value, kind, RiskScope.GLOBAL, threshold=Decimal(threshold), action=action)
        await create_rule(live_desk.services.bus, live_desk.admin, rule)
    accounts = [
        await live_desk.open_account("250", kind=kind, name=kind.value)
        for kind in (AccountKind.CASH, AccountKind.MARGIN)
    ]
    reasons: set[RejectReason | None] = set()
    for number in range(ORDERS):
        owner, account = accounts[number % 2]
        order = any_order(chance, account.id)
        # Prices become too old to decide on if all of it takes long.
        await live_desk.quote("COIN", "99.99", "100.01")
        await live_desk.quote("COIN-PERP", "99.99", "100.01")
        reasons.add(await _agree(live_desk, owner, order))
    assert reasons >= {
        None,
        RejectReason.INVALID_TICK,
        RejectReason.INVALID_LOT,
        RejectReason.RISK_RULE,
        RejectReason.INSUFFICIENT_FUNDS,
        RejectReason.INSUFFICIENT_POSITION,
        RejectReason.REDUCE_ONLY_WOULD_INCREASE,
        RejectReason.INSTRUMENT_NOT_TRADABLE,
    }


async def _agree(desk: Platform, owner: Actor, order: PlaceOrder) -> RejectReason | None:
    """Check it, place it, compare; why it was refused."""
    before = await stored()
    checked = await check_order(desk.services.entry, owner, order)
    assert await stored() == before
    (placed,) = await desk.place(owner, order)
    assert checked.accepted is (placed.status is OrderStatus.PENDING_NEW)
    assert (checked.reject_reason, checked.reject_message) == (placed.reject_reason, placed.reject_message)
    assert checked.violations == placed.violations
    if checked.accepted:
        assert (checked.reservation, checked.estimated_fee) == (placed.reserved, placed.reserved_fee)
        # So that the next is checked against books that stand still.
        await desk.settled(placed.id)
    return placed.reject_reason
