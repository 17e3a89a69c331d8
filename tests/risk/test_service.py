"""Risk rules as data: who changes them, what is refused, and that a change holds for the very next order."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.access.types import OWNED, Role
from domain.kernel.errors import BadInput, Forbidden, NotFound
from domain.kernel.ids import new_id
from domain.kernel.topic_queries import read_versions
from domain.orders.model.types import OrderStatus, RejectReason
from domain.risk import service
from domain.risk.service import CreateRiskRule, UpdateRiskRule
from domain.risk.store import read_rules
from domain.risk.types import RiskAction, RiskRuleKind, RiskScope
from tests.orders.factories import SPOT, command
from tests.support.trading import Platform, platform


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


def limit(**others: Any) -> CreateRiskRule:
    values: dict[str, Any] = {
        "name": "Small orders",
        "kind": RiskRuleKind.MAX_ORDER_NOTIONAL,
        "scope": RiskScope.GLOBAL,
        "threshold": Decimal(50),
    }
    return CreateRiskRule(**(values | others))


async def test_a_changed_rule_applies_to_the_next_order(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    bus = desk.services.bus
    order = command(account_id=account.id)
    assert (await desk.place(owner, order))[0].status is OrderStatus.PENDING_NEW
    rule = await service.create_rule(bus, desk.admin, limit())
    (refused,) = await desk.place(owner, order)
    assert (refused.reject_reason, refused.violations[0].rule_id) == (RejectReason.RISK_RULE, rule.id)
    changed = await service.update_rule(bus, desk.admin, UpdateRiskRule(rule.id, threshold=Decimal(100)))
    assert (changed.version, changed.threshold) == (2, Decimal(100))
    assert (await desk.place(owner, order))[0].status is OrderStatus.PENDING_NEW
    await service.update_rule(bus, desk.admin, UpdateRiskRule(rule.id, threshold=Decimal(1), action=RiskAction.WARN))
    (warned,) = await desk.place(owner, order)
    assert (warned.status, len(warned.violations)) == (OrderStatus.PENDING_NEW, 1)
    await service.update_rule(bus, desk.admin, UpdateRiskRule(rule.id, action=RiskAction.REJECT, enabled=False))
    assert (await desk.place(owner, order))[0].violations == ()
    await service.delete_rule(bus, desk.admin, rule.id)
    assert await read_rules() == ()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": ""}),
        ("threshold", {"threshold": None}),
        ("threshold", {"threshold": Decimal(-1)}),
        ("threshold", {"kind": RiskRuleKind.PRICE_COLLAR, "threshold": Decimal(11)}),
        ("windowSeconds", {"window_seconds": 5}),
        ("accountId", {"scope": RiskScope.ACCOUNT}),
        ("symbol", {"scope": RiskScope.INSTRUMENT}),
        ("strategy", {"scope": RiskScope.STRATEGY}),
        ("symbol", {"symbol": "COIN"}),
    ],
)
async def test_an_invalid_rule_is_refused(desk: Platform, field: str, changes: dict[str, Any]) -> None:
    before = await read_versions()
    with pytest.raises(BadInput) as caught:
        await service.create_rule(desk.services.bus, desk.admin, limit(**changes))
    assert caught.value.field == field
    assert (await read_rules(), await read_versions()) == ((), before)


async def test_an_unknown_rule_subject_is_not_found(desk: Platform) -> None:
    for changes in (
        {"scope": RiskScope.ACCOUNT, "account_id": new_id()},
        {"scope": RiskScope.INSTRUMENT, "symbol": "NOPE"},
    ):
        with pytest.raises(NotFound):
            await service.create_rule(desk.services.bus, desk.admin, limit(**changes))
    with pytest.raises(NotFound):
        await service.update_rule(desk.services.bus, desk.admin, UpdateRiskRule(new_id()))
    with pytest.raises(NotFound):
        await service.delete_rule(desk.services.bus, desk.admin, new_id())


async def test_a_trader_cannot_change_rules_and_sees_the_rules_of_its_accounts(desk: Platform) -> None:
    owner, account = await desk.open_account()
    other, foreign = await desk.open_account()
    bus = desk.services.bus
    for actor in (owner, await desk.add_actor(Role.VIEWER)):
        with pytest.raises(Forbidden):
            await service.create_rule(bus, actor, limit())
    manager = await desk.add_actor(Role.RISK_MANAGER)
    everybody = await service.create_rule(bus, manager, limit())
    mine = await service.create_rule(bus, manager, limit(scope=RiskScope.ACCOUNT, account_id=account.id))
    await service.create_rule(bus, manager, limit(scope=RiskScope.ACCOUNT, account_id=foreign.id))
    assert await service.list_rules(owner, account_id=None, enabled=None) == [everybody, mine]
    assert owner.accounts == {account.id: OWNED}
    assert len(await service.list_rules(manager, account_id=None, enabled=True)) == 3
    assert await service.list_rules(manager, account_id=None, enabled=False) == []
    assert other.user_id != owner.user_id
