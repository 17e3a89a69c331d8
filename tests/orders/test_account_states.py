"""Allowed operations in each state of an account."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from domain.access.types import Actor, Role
from domain.accounts.queries import read_books
from domain.accounts.service import MoveCash, deposit, set_account_state, withdraw
from domain.accounts.types import AccountBook, AccountState
from domain.kernel.errors import Conflict, DomainError, Refused
from domain.kernel.ids import new_id
from domain.market.types import AssetClass
from domain.orders.entry.canceling import cancel_orders
from domain.orders.model.commands import CancelOrders, ModifyOrder, OrderKey
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, PendingAction, Side
from domain.orders.protection.timers import cancel_all_after
from domain.positions.freezing import FreezePosition, freeze_position, unfreeze_position
from tests.orders.factories import SPOT, command
from tests.support.trading import Platform

ACTIVE, REDUCE_ONLY, HALTED, CLOSED = AccountState
NOT_ACTIVE = "ACCOUNT_NOT_ACTIVE"


class Trader:
    """An account with three coins and an order to buy more that rests, and all that can be asked of it."""

    def __init__(self, desk: Platform, actor: Actor, account: AccountBook, resting: Order) -> None:
        self.desk = desk
        self.actor = actor
        self.account = account
        self.resting = resting
        self.bus = desk.services.bus

    async def place(self, side: Side, quantity: str) -> str:
        order = command(
            account_id=self.account.id, side=side, quantity=Decimal(quantity), limit_price=Decimal("100.00")
        )
        (placed,) = await self.desk.place(self.actor, order)
        if placed.is_open:
            await self.desk.settled(placed.id)
        return placed.reject_reason or "ACCEPTED"

    async def attempt(self, operation: Callable[[], Awaitable[object]]) -> str:
        try:
            await operation()
        except Refused as error:
            return error.reason
        except DomainError as error:
            return error.code
        return "DONE"

    def operations(self) -> dict[str, Callable[[], Awaitable[object]]]:
        services, key, account_id = self.desk.services, OrderKey(id=self.resting.id), self.account.id
        freeze = FreezePosition(account_id, "COIN", Decimal(1), "held")
        return {
            "deposit": lambda: deposit(self.bus, self.actor, MoveCash(account_id, Decimal(1), str(new_id()))),
            "withdraw": lambda: withdraw(
                self.bus, self.actor, MoveCash(account_id, Decimal(1), str(new_id())), services.books.available
            ),
            "grow": lambda: services.modifying.modify_order(self.actor, ModifyOrder(key, quantity=Decimal(2))),
            "shrink": lambda: services.modifying.modify_order(self.actor, ModifyOrder(key, quantity=Decimal("0.5"))),
            "freeze": lambda: freeze_position(self.bus, services.market, self.actor, freeze),
            "unfreeze": lambda: unfreeze_position(self.bus, services.market, self.actor, freeze),
            "cancelAllAfter": lambda: cancel_all_after(self.bus, self.actor, account_id, 60),
            "cancelOrders": lambda: cancel_orders(self.bus, self.actor, CancelOrders(account_id)),
        }

    async def set_state(self, state: AccountState) -> None:
        manager = await self.desk.add_actor(Role.RISK_MANAGER)
        await set_account_state(self.bus, manager, self.account.id, state, "to see what it does")

    async def figures(self) -> tuple[object, ...]:
        book = (await read_books([self.account.id]))[self.account.id]
        return book.cash, book.reserved, book.event_sequence, book.transaction_sequence


@pytest.fixture
async def trader(live_desk: Platform) -> Trader:
    actor, account = await live_desk.open_account("1000")
    bought = command(account_id=account.id, type=OrderType.MARKET, quantity=Decimal(3))
    (order,) = await live_desk.place(actor, bought)
    await live_desk.filled(order.id, "3")
    (resting,) = await live_desk.place(actor, command(account_id=account.id, limit_price=Decimal(50)))
    await live_desk.settled(resting.id)
    return Trader(live_desk, actor, account, resting)


async def test_a_reduce_only_account_accepts_exits_and_money_movements(trader: Trader) -> None:
    await trader.set_state(REDUCE_ONLY)
    assert await trader.place(Side.BUY, "1") == NOT_ACTIVE
    assert await trader.place(Side.SELL, "4") == NOT_ACTIVE
    assert await trader.place(Side.SELL, "1") == "ACCEPTED"
    outcomes = {name: await trader.attempt(run) for name, run in trader.operations().items()}
    assert outcomes == dict.fromkeys(outcomes, "DONE") | {"grow": NOT_ACTIVE}


async def test_a_halted_account_accepts_cancels_reductions_and_deposits_only(
    trader: Trader,
) -> None:
    await trader.set_state(HALTED)
    assert await trader.place(Side.BUY, "1") == NOT_ACTIVE
    assert await trader.place(Side.SELL, "4") == NOT_ACTIVE
    assert await trader.place(Side.SELL, "1") == "ACCEPTED"
    outcomes = {name: await trader.attempt(run) for name, run in trader.operations().items()}
    refused = dict.fromkeys(("withdraw", "grow"), NOT_ACTIVE)
    assert outcomes == dict.fromkeys(outcomes, "DONE") | refused
    (order,) = await trader.desk.settled(trader.resting.id)
    assert (order.status, order.quantity) == (OrderStatus.CANCELED, Decimal("0.5"))


async def test_a_closed_account_refuses_everything_and_changes_nothing(trader: Trader) -> None:
    with pytest.raises(Conflict, match="no cash, no position and no working order"):
        await trader.set_state(CLOSED)
    await cancel_orders(trader.bus, trader.actor, CancelOrders(trader.account.id))
    await trader.desk.settled(trader.resting.id)
    left = command(account_id=trader.account.id, type=OrderType.MARKET, side=Side.SELL, quantity=Decimal(3))
    (order,) = await trader.desk.place(trader.actor, left)
    await trader.desk.filled(order.id, "3")
    cash = (await read_books([trader.account.id]))[trader.account.id].cash
    command_out = MoveCash(trader.account.id, cash, "all")
    await withdraw(trader.bus, trader.actor, command_out, trader.desk.services.books.available)
    await trader.set_state(CLOSED)
    before = await trader.figures()
    outcomes = {name: await trader.attempt(run) for name, run in trader.operations().items()}
    over = dict.fromkeys(("grow", "shrink"), "CONFLICT")
    assert outcomes == dict.fromkeys(outcomes, NOT_ACTIVE) | over
    assert await trader.attempt(lambda: trader.set_state(ACTIVE)) == "CONFLICT"
    assert await trader.figures() == before
    # A refused order is kept as such: the one event of a closed account.
    assert await trader.place(Side.BUY, "1") == NOT_ACTIVE


async def test_a_pending_cancel_completes_in_every_account_state(trader: Trader) -> None:
    await trader.set_state(HALTED)
    cancelled = await trader.desk.services.canceling.cancel_order(trader.actor, OrderKey(id=trader.resting.id))
    assert cancelled.order.pending_action is PendingAction.CANCEL
    (order,) = await trader.desk.settled(trader.resting.id)
    assert order.status is OrderStatus.CANCELED


async def test_a_cash_account_refuses_derivatives_in_every_state(trader: Trader) -> None:
    future = replace(SPOT, id=new_id(), symbol="FUT", asset_class=AssetClass.FUTURE)
    await trader.desk.add_instrument(future)
    await trader.desk.quote("FUT", "99.99", "100.01")
    order = command(account_id=trader.account.id, symbol="FUT")
    (placed,) = await trader.desk.place(trader.actor, order)
    assert placed.reject_reason == "INSTRUMENT_NOT_TRADABLE"
