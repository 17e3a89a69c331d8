"""Asking and placing agree, whatever rules are in force and whatever came before: the same code on the same books."""

from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from domain.accounts.types import AccountKind
from domain.orders.entry.order_check import check_order
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import OrderStatus, OrderType, Side
from domain.risk.kinds import KINDS, ThresholdUnit
from domain.risk.types import RiskAction, RiskRuleKind, RiskScope
from tests.orders.factories import command
from tests.risk.conftest import limit
from tests.support.trading import Platform

ORDERS = 60
# Around what the orders below come to, so that each rule is sometimes broken.
AROUND = {
    ThresholdUnit.QUANTITY: ("2", "5"),
    ThresholdUnit.MONEY: ("150", "900"),
    ThresholdUnit.RATIO: ("0.01", "0.4"),
    ThresholdUnit.MULTIPLE: ("0.3", "3"),
    ThresholdUnit.COUNT: ("2", "20"),
}


async def random_rules(desk: Platform, chance: Random, account_id: object) -> None:
    for kind in chance.sample(sorted(KINDS), 12):
        terms = KINDS[kind]
        scope = chance.choice(sorted(terms.scopes))
        subject = {
            RiskScope.ACCOUNT: {"account_id": account_id},
            RiskScope.INSTRUMENT: {"symbol": "COIN-PERP"},
            RiskScope.STRATEGY: {"strategy": "trend"},
        }.get(scope, {})
        if terms.names_symbol:
            subject = subject | {"symbol": "COIN"}
        threshold = chance.choice(AROUND[terms.measure]) if terms.measure in AROUND else None
        window = {"window_seconds": 3_600} if terms.window else {}
        action = chance.choice([RiskAction.WARN, RiskAction.REJECT])
        await limit(desk, RiskRuleKind(kind), threshold, scope=scope, action=action, **subject, **window)


def random_order(chance: Random, account_id: object) -> PlaceOrder:
    side = chance.choice([Side.BUY, Side.SELL])
    order = command(
        account_id=account_id,
        symbol=chance.choice(["COIN", "COIN-PERP", "COIN-PERP"]),
        side=side,
        quantity=Decimal(chance.choice(["0.1", "1", "3"])),
        limit_price=Decimal(chance.choice(["90", "99", "100", "101", "112"])),
        strategy=chance.choice([None, "trend"]),
    )
    if chance.random() < 0.2:
        return replace(order, type=OrderType.MARKET, limit_price=None)
    return order


@pytest.mark.parametrize("seed", [1, 2])
async def test_check_order_and_place_order_agree(desk: Platform, seed: int) -> None:
    chance = Random(seed)
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await desk.give(account.id, "COIN-PERP", "3", price="104")
    await random_rules(desk, chance, account.id)
    verdicts = set()
    for _ in range(ORDERS):
        order = random_order(chance, account.id)
        asked = await check_order(desk.services.entry, owner, order)
        (placed,) = await desk.place(owner, order)
        assert asked.accepted is (placed.status is OrderStatus.PENDING_NEW)
        assert (asked.reject_reason, asked.reject_message) == (placed.reject_reason, placed.reject_message)
        assert asked.violations == placed.violations
        assert not asked.accepted or asked.reservation == placed.reserved
        verdicts |= {(row.kind, row.action) for row in asked.violations} | {asked.accepted}
    # The story means something: orders passed and failed, and several kinds of rules were broken.
    assert {True, False} <= verdicts
    assert len(verdicts) > 5
