"""Halts: in force for the very next order on any process, exits pass, what works is cancelled, history is kept."""

from decimal import Decimal

import pytest

from domain.access.types import Role
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.entry.canceling import cancel_orders
from domain.orders.entry.order_check import check_order
from domain.orders.entry.placing import OrderEntry
from domain.orders.model.commands import CancelOrders
from domain.orders.model.types import OrderStatus, PendingAction, RejectReason, Side
from domain.orders.protection.halting import finish_halts, halt_trading
from domain.orders.queries import read_orders
from domain.risk.event_queries import read_events
from domain.risk.halts import HaltTrading, lift_halt, list_halts
from domain.risk.types import RiskScope, Severity
from tests.orders.factories import command
from tests.support.trading import Platform

REASON = "feed is wrong"


def globally(**others: object) -> HaltTrading:
    return HaltTrading(RiskScope.GLOBAL, REASON, **others)  # type: ignore[arg-type]


async def test_a_halt_refuses_orders_on_every_process_until_it_is_lifted(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    order = command(account_id=account.id, quantity=Decimal("0.1"))
    # A second process whose cache has heard nothing yet.
    other = OrderEntry(desk.services.order_context)
    assert (await desk.place(owner, order))[0].status is OrderStatus.PENDING_NEW
    made = await halt_trading(desk.services.bus, desk.admin, globally())
    (placed,) = await other.place_orders(owner, [order])
    assert placed.order.reject_reason is RejectReason.TRADING_HALTED
    assert placed.order.reject_message == f"Trading of everything is halted: {REASON}"
    assert (await check_order(other, owner, order)).reject_reason is RejectReason.TRADING_HALTED
    lifted = await lift_halt(desk.services.bus, desk.admin, made.id, "checked")
    assert (lifted.lifted_by, lifted.lift_reason) == (desk.admin.email, "checked")
    assert (await desk.place(owner, order))[0].status is OrderStatus.PENDING_NEW
    assert await list_halts(owner, active_only=True) == []
    assert await list_halts(owner, active_only=False) == [lifted]
    assert [(row.kind, row.severity) for row in await read_events(0)] == [
        ("HALT", Severity.CRITICAL),
        ("RESUME", Severity.INFO),
    ]


@pytest.mark.parametrize("scope", [RiskScope.ACCOUNT, RiskScope.INSTRUMENT, RiskScope.STRATEGY])
async def test_a_halt_covers_only_its_scope(desk: Platform, scope: RiskScope) -> None:
    owner, account = await desk.open_account("1000")
    other_owner, other = await desk.open_account("1000")
    small = {"quantity": Decimal("0.1"), "strategy": "trend"}
    inside = command(account_id=account.id, **small)
    outside = {
        RiskScope.ACCOUNT: (other_owner, command(account_id=other.id, **small)),
        RiskScope.INSTRUMENT: (owner, command(account_id=account.id, **(small | {"symbol": "COIN-PERP"}))),
        RiskScope.STRATEGY: (owner, command(account_id=account.id, **(small | {"strategy": "mean"}))),
    }[scope]
    subject = {
        RiskScope.ACCOUNT: {"account_id": account.id},
        RiskScope.INSTRUMENT: {"symbol": "COIN"},
        RiskScope.STRATEGY: {"strategy": "trend"},
    }[scope]
    (working,) = await desk.place(owner, inside)
    (untouched,) = await desk.place(*outside)
    await halt_trading(desk.services.bus, desk.admin, HaltTrading(scope, REASON, **subject))  # type: ignore[arg-type]
    (refused,) = await desk.place(owner, inside)
    assert refused.reject_reason is RejectReason.TRADING_HALTED
    (placed,) = await desk.place(*outside)
    assert placed.reject_reason is not RejectReason.TRADING_HALTED
    found = await read_orders([working.id, untouched.id])
    assert found[working.id].pending_action is PendingAction.CANCEL
    assert found[untouched.id].pending_action is None


async def test_exits_and_cancels_pass_a_halt_and_orders_that_could_flip_do_not(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await desk.give(account.id, "COIN-PERP", "2")
    sell = {"account_id": account.id, "symbol": "COIN-PERP", "side": Side.SELL}
    (working,) = await desk.place(owner, command(account_id=account.id, quantity=Decimal("0.1")))
    await halt_trading(desk.services.bus, desk.admin, globally(cancel_open_orders=False))
    flip, exit_order, beyond = await desk.place(
        owner,
        command(quantity=Decimal(3), **sell),
        command(quantity=Decimal("1.5"), **sell),
        # What works already counts: together they would flip.
        command(quantity=Decimal("0.6"), **sell),
    )
    assert flip.reject_reason is RejectReason.TRADING_HALTED
    assert exit_order.status is OrderStatus.PENDING_NEW
    assert beyond.reject_reason is RejectReason.TRADING_HALTED
    canceled = await cancel_orders(desk.services.bus, owner, CancelOrders(account.id))
    assert {order.id for order in canceled} == {working.id, exit_order.id}


async def test_a_repeated_halt_is_the_same_halt_and_completes_pending_cancels(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    bus = desk.services.bus
    (working,) = await desk.place(owner, command(account_id=account.id, quantity=Decimal("0.1")))
    first = await halt_trading(bus, desk.admin, globally(cancel_open_orders=False))
    assert (await read_orders([working.id]))[working.id].pending_action is None
    # As if the process that was to cancel had died right after the halt.
    async with unit_of_work(bus) as work:
        await work.execute("UPDATE trading_halts SET cancels_done = false WHERE id = $1", first.id)
    assert await finish_halts(bus) == 1
    assert (await read_orders([working.id]))[working.id].pending_action is PendingAction.CANCEL
    assert (await halt_trading(bus, desk.admin, globally())).id == first.id
    assert len(await list_halts(desk.admin, active_only=False)) == 1
    assert len(await read_events(0)) == 1
    # It is done once nothing can be under way that did not know of the halt.
    async with unit_of_work(bus) as work:
        await work.execute("UPDATE trading_halts SET cancels_before = now() - interval '1 minute'")
    assert [await finish_halts(bus), await finish_halts(bus)] == [1, 0]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER])
async def test_only_risk_managers_create_and_lift_halts(desk: Platform, role: Role) -> None:
    actor = await desk.add_actor(role)
    with pytest.raises(Forbidden):
        await halt_trading(desk.services.bus, actor, globally())
    made = await halt_trading(desk.services.bus, desk.admin, globally())
    with pytest.raises(Forbidden):
        await lift_halt(desk.services.bus, actor, made.id, "please")
    assert await list_halts(actor, active_only=True) == [made]


@pytest.mark.parametrize(
    ("wanted", "error", "field"),
    [
        (HaltTrading(RiskScope.ACCOUNT, REASON), BadInput, "accountId"),
        (HaltTrading(RiskScope.GLOBAL, REASON, symbol="COIN"), BadInput, "symbol"),
        (HaltTrading(RiskScope.INSTRUMENT, REASON), BadInput, "symbol"),
        (HaltTrading(RiskScope.STRATEGY, REASON), BadInput, "strategy"),
        (HaltTrading(RiskScope.GLOBAL, "  "), BadInput, "reason"),
        (HaltTrading(RiskScope.INSTRUMENT, REASON, symbol="NOPE"), NotFound, "symbol"),
        (HaltTrading(RiskScope.ACCOUNT, REASON, account_id=new_id()), NotFound, "accountId"),
    ],
)
async def test_a_halt_without_a_valid_subject_is_refused(
    desk: Platform, wanted: HaltTrading, error: type[Exception], field: str
) -> None:
    with pytest.raises(error) as caught:
        await halt_trading(desk.services.bus, desk.admin, wanted)
    assert caught.value.context["field"] == field  # type: ignore[attr-defined]
    assert await fetch("SELECT 1 FROM trading_halts") == []


async def test_only_a_halt_in_force_can_be_lifted(desk: Platform) -> None:
    bus = desk.services.bus
    with pytest.raises(NotFound):
        await lift_halt(bus, desk.admin, new_id(), "why not")
    made = await halt_trading(bus, desk.admin, globally())
    with pytest.raises(BadInput):
        await lift_halt(bus, desk.admin, made.id, "")
    lifted = await lift_halt(bus, desk.admin, made.id, "checked")
    assert await lift_halt(bus, desk.admin, made.id, "checked") == lifted
    with pytest.raises(Conflict):
        await lift_halt(bus, desk.admin, made.id, "another reason")
