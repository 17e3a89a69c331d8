"""Limits on what is held: told once per breach, acted upon at once, and not again by whoever looks next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.database.leases import hold_lease
from domain.access.types import Actor, Role
from domain.accounts.queries import read_books
from domain.accounts.service import set_account_state
from domain.accounts.types import AccountKind, AccountState
from domain.kernel.errors import Forbidden
from domain.kernel.ids import new_id
from domain.orders.books.proof import prove_book
from domain.orders.model.types import OrderStatus, OrderType
from domain.orders.queries import read_orders
from domain.positions.freezing import FreezePosition, freeze_position
from domain.positions.queries import read_positions
from domain.risk.event_queries import read_events
from domain.risk.halts import lift_halt, list_halts
from domain.risk.service import UpdateRiskRule, update_rule
from domain.risk.types import RiskAction, RiskEvent, RiskEventSource, RiskRuleKind, RiskScope, Severity
from tests.orders.factories import PERPETUAL, command
from tests.risk.conftest import limit
from tests.support.trading import Platform, platform
from tests.support.waiting import until
from workers.monitor import ROLE, Monitor
from workers.tasks.context import TaskContext
from workers.tasks.risk import sweep_risk

SYMBOLS = ("COIN-PERP", "OTHER-PERP")


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        for symbol in SYMBOLS:
            await whole.add_instrument(replace(PERPETUAL, id=new_id(), symbol=symbol))
            await whole.quote(symbol, "100", "100", size="1000")
        yield whole


@asynccontextmanager
async def watching(desk: Platform) -> AsyncIterator[None]:
    task = asyncio.create_task(Monitor(desk.services).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def holding(desk: Platform, **quantities: str) -> tuple[Actor, UUID]:
    """A margin account with 1,000 and positions that were bought at 100."""
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    for symbol, quantity in quantities.items():
        terms: dict[str, Any] = {"account_id": account.id, "symbol": f"{symbol}-PERP", "limit_price": None}
        (order,) = await desk.place(owner, command(**terms, type=OrderType.MARKET, quantity=Decimal(quantity)))
        await desk.filled(order.id, quantity)
    return owner, account.id


async def monitored() -> list[RiskEvent]:
    return [event for event in await read_events(0) if event.source is RiskEventSource.MONITOR]


async def told(count: int) -> list[RiskEvent]:
    async def enough() -> list[RiskEvent] | None:
        events = await monitored()
        return events if len(events) >= count else None

    return await until(enough)


async def over(order_id: UUID) -> bool:
    return not (await read_orders([order_id]))[order_id].is_open


async def state(account_id: UUID) -> AccountState:
    return (await read_books([account_id]))[account_id].state


async def test_a_breach_raises_one_event_until_it_clears(desk: Platform) -> None:
    _, account_id = await holding(desk, COIN="5")
    rule = await limit(desk, RiskRuleKind.MAX_DAILY_LOSS, "100", action=RiskAction.WARN)
    async with watching(desk):
        await desk.quote("COIN-PERP", "79", "79")
        (event,) = await told(1)
        assert (event.account_id, event.rule_id, event.severity) == (account_id, rule.id, Severity.WARNING)
        assert (event.kind, event.limit, event.action_taken) == ("MAX_DAILY_LOSS", Decimal(100), RiskAction.WARN)
        # 105 of the price, and the fee of the purchase.
        assert event.observed == Decimal("105.5")
        await desk.quote("COIN-PERP", "78", "78")
        await desk.quote("COIN-PERP", "90", "90")

        async def cleared() -> bool:
            return (await told(1))[-1].cleared_at is not None

        await until(cleared)
        await desk.quote("COIN-PERP", "70", "70")
        assert [row.observed for row in await told(2)] == [Decimal("105.5"), Decimal("150.5")]
    assert await state(account_id) is AccountState.ACTIVE


async def test_a_new_monitor_repeats_no_event_and_no_action(desk: Platform) -> None:
    await holding(desk, COIN="5")
    await limit(desk, RiskRuleKind.MAX_DRAWDOWN, "0.05", action=RiskAction.WARN)
    async with watching(desk):
        await desk.quote("COIN-PERP", "85", "85")
        await told(1)
    # While nobody looked it went on; a second limit is broken as well.
    await limit(desk, RiskRuleKind.MAX_LEVERAGE, "0.1", action=RiskAction.WARN)
    async with watching(desk):
        await desk.quote("COIN-PERP", "84", "84")
        events = await told(2)
    assert [event.kind for event in events] == ["MAX_DRAWDOWN", "MAX_LEVERAGE"]


@pytest.mark.parametrize("action", [RiskAction.REDUCE_ONLY, RiskAction.CANCEL_ORDERS, RiskAction.HALT])
async def test_each_rule_action_is_taken(desk: Platform, action: RiskAction) -> None:
    owner, account_id = await holding(desk, COIN="5")
    (working,) = await desk.place(
        owner, command(account_id=account_id, symbol="COIN-PERP", limit_price=Decimal(50), quantity=Decimal(1))
    )
    await limit(desk, RiskRuleKind.MAX_DAILY_LOSS, "100", action=action)
    async with watching(desk):
        await desk.quote("COIN-PERP", "79", "79")
        (event,) = await told(1)
        assert (event.severity, event.action_taken) == (Severity.CRITICAL, action)
        if action is not RiskAction.REDUCE_ONLY:
            # With a halt, the cancels follow what made it.
            await until(partial(over, working.id))
        (order,) = await desk.settled(working.id)
    expected = {
        RiskAction.REDUCE_ONLY: (AccountState.REDUCE_ONLY, OrderStatus.NEW, 0),
        RiskAction.CANCEL_ORDERS: (AccountState.ACTIVE, OrderStatus.CANCELED, 0),
        RiskAction.HALT: (AccountState.ACTIVE, OrderStatus.CANCELED, 1),
    }[action]
    halts = await list_halts(desk.admin, active_only=True)
    assert (await state(account_id), order.status, len(halts)) == expected
    assert all((row.scope, row.account_id, row.by) == (RiskScope.ACCOUNT, account_id, "monitor") for row in halts)


async def test_an_action_lifted_by_a_person_is_taken_again_while_the_breach_lasts(desk: Platform) -> None:
    owner, account_id = await holding(desk, COIN="5")
    await set_account_state(desk.services.bus, owner, account_id, AccountState.REDUCE_ONLY, "my own")
    for kind, threshold, action in (
        (RiskRuleKind.MAX_DAILY_LOSS, "100", RiskAction.REDUCE_ONLY),
        (RiskRuleKind.MAX_DRAWDOWN, "0.05", RiskAction.HALT),
    ):
        await limit(desk, kind, threshold, action=action)
    manager = await desk.add_actor(Role.RISK_MANAGER)
    async with watching(desk):
        await desk.quote("COIN-PERP", "79", "79")
        await told(2)
        # What the owner did is the monitor's now, and not the owner's to lift.
        with pytest.raises(Forbidden):
            await set_account_state(desk.services.bus, owner, account_id, AccountState.ACTIVE, "no")
        await set_account_state(desk.services.bus, manager, account_id, AccountState.ACTIVE, "let them")
        (again,) = (await told(3))[2:]
        assert again.message.startswith("The limit is still broken")
        assert await state(account_id) is AccountState.REDUCE_ONLY
        (halted,) = await list_halts(desk.admin, active_only=True)
        await lift_halt(desk.services.bus, manager, halted.id, "let them")
        await told(4)
        (anew,) = await list_halts(desk.admin, active_only=True)
        assert (anew.by, anew.role) == ("monitor", Role.RISK_MANAGER)
        await desk.quote("COIN-PERP", "78", "78")
        assert len(await monitored()) == 4


async def test_a_liquidation_closes_the_largest_loss_first_and_stops_within_limits(desk: Platform) -> None:
    owner, account_id = await holding(desk, COIN="5", OTHER="5")
    (working,) = await desk.place(
        owner, command(account_id=account_id, symbol="OTHER-PERP", limit_price=Decimal(50), quantity=Decimal(1))
    )
    # 975 of exposure over 974 of equity is beyond one; without the worse half it is within.
    await limit(desk, RiskRuleKind.MAX_LEVERAGE, "1", action=RiskAction.LIQUIDATE)
    await desk.quote("OTHER-PERP", "101", "101")
    async with watching(desk):
        await desk.quote("COIN-PERP", "99", "99")

        async def closed() -> bool:
            held = (await read_positions([account_id]))[account_id].values()
            return len(held) == 1

        await until(closed)
        (event,) = await told(1)
        assert event.action_taken is RiskAction.LIQUIDATE
        instruments = (await desk.services.market.catalog()).by_id
        (left,) = (await read_positions([account_id]))[account_id].values()
        assert (instruments[left.instrument_id].symbol, left.quantity) == ("OTHER-PERP", Decimal(5))

        async def cleared() -> bool:
            return (await told(1))[-1].cleared_at is not None

        await until(cleared)
    assert await state(account_id) is AccountState.REDUCE_ONLY
    assert (await read_orders([working.id]))[working.id].status is OrderStatus.CANCELED
    assert (await prove_book(account_id, instruments)).intact


async def test_a_liquidation_closes_units_frozen_by_traders_and_spares_those_of_risk_managers(desk: Platform) -> None:
    owner, account_id = await holding(desk, COIN="5", OTHER="5")
    bus, market = desk.services.bus, desk.services.market
    risk = await desk.add_actor(Role.RISK_MANAGER)
    # The worst loss cannot be closed at all; of the other, nothing that its owner would let go.
    await freeze_position(bus, market, risk, FreezePosition(account_id, "COIN-PERP", Decimal(5), "inquiry"))
    await freeze_position(bus, market, owner, FreezePosition(account_id, "OTHER-PERP", Decimal(5), "mine"))
    await limit(desk, RiskRuleKind.MAX_LEVERAGE, "1", action=RiskAction.LIQUIDATE)
    async with watching(desk):
        await desk.quote("COIN-PERP", "99", "99")

        async def closed() -> bool:
            return len((await read_positions([account_id]))[account_id]) == 1

        await until(closed)
    instruments = (await desk.services.market.catalog()).by_id
    (left,) = (await read_positions([account_id]))[account_id].values()
    assert (instruments[left.instrument_id].symbol, left.held_quantity) == ("COIN-PERP", Decimal(5))


async def test_stale_prices_cause_no_action_and_a_changed_rule_applies(desk: Platform) -> None:
    _, account_id = await holding(desk, COIN="5")
    rule = await limit(desk, RiskRuleKind.MAX_GROSS_EXPOSURE, "600", action=RiskAction.REDUCE_ONLY)
    async with watching(desk):
        await desk.quote("COIN-PERP", "110", "110")
        assert await monitored() == []
        await update_rule(desk.services.bus, desk.admin, UpdateRiskRule(rule.id, threshold=Decimal(500)))
        (event,) = await told(1)
        assert event.observed == Decimal(550)
    assert await state(account_id) is AccountState.REDUCE_ONLY


async def test_the_sweep_enforces_limits_without_a_monitor(desk: Platform) -> None:
    _, account_id = await holding(desk, COIN="5", OTHER="5")
    await limit(desk, RiskRuleKind.MAX_LEVERAGE, "1", action=RiskAction.LIQUIDATE)
    await desk.quote("COIN-PERP", "99", "99")
    run = TaskContext(desk.services, desk.services.order_context.clock())
    async with hold_lease(desk.services.settings.database_url, ROLE):
        assert await sweep_risk(run) == {"halts": 0, "accounts": 0, "breaches": 0}
    assert await monitored() == []
    assert await sweep_risk(run) == {"halts": 0, "accounts": 1, "breaches": 1}
    assert len((await read_positions([account_id]))[account_id]) == 1
    assert await sweep_risk(run) == {"halts": 0, "accounts": 1, "breaches": 0}
    (event,) = await told(1)
    assert event.cleared_at is not None
