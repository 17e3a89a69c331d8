"""Taking executions back and correcting them: what moves, what stays, what the books prove afterwards."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.access.types import AccountPermission, Actor, Role
from domain.accounts.event_queries import read_order_events
from domain.accounts.queries import read_books
from domain.accounts.service import MoveCash, deposit, set_account_state, withdraw
from domain.accounts.types import AccountKind, AccountState, PositionMode
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.books.busting import bust_execution, correct_execution
from domain.orders.books.proof import prove_book
from domain.orders.books.reversal import Correction
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.events import read_order_event
from domain.orders.model.order import Execution, Order, OrderEvent
from domain.orders.model.types import OrderStatus, OrderType, PositionEffect, Side, TimeInForce
from domain.orders.queries import read_executions_of, read_orders
from tests.support.trading import Platform

S = OrderStatus


def order(account_id: UUID, **others: Any) -> PlaceOrder:
    values: dict[str, Any] = {
        "account_id": account_id,
        "symbol": "COIN",
        "side": Side.BUY,
        "type": OrderType.MARKET,
        "quantity": Decimal(1),
        "time_in_force": TimeInForce.GTC,
    }
    return PlaceOrder(**(values | others))


async def trade(desk: Platform, owner: Actor, account_id: UUID, **others: Any) -> tuple[Order, Execution]:
    """A market order that is filled at once, with its execution."""
    (placed,) = await desk.place(owner, order(account_id, **others))
    (done,) = await desk.settled(placed.id)
    assert done.status is S.FILLED
    (execution,) = (await read_executions_of([done.id]))[done.id]
    return done, execution


async def assert_proved(desk: Platform, account_id: UUID) -> None:
    proof = await prove_book(account_id, (await desk.services.market.catalog()).by_id)
    assert proof.breaks == []


async def money(account_id: UUID) -> tuple[Decimal, Decimal, Decimal]:
    book = (await read_books([account_id]))[account_id]
    return book.cash, book.realized_pnl, book.fees_paid


async def position(account_id: UUID, bucket: str = "NET") -> tuple[Any, ...]:
    columns = "quantity, average_price, realized_pnl, fees_paid, today_quantity"
    (row,) = await fetch(f"SELECT {columns} FROM positions WHERE account_id = $1 AND bucket = $2", account_id, bucket)
    return tuple(row)


async def last_event(order_id: UUID) -> OrderEvent:
    event = read_order_event((await read_order_events([order_id]))[order_id][-1])
    assert event is not None
    return event


async def stored() -> list[tuple[Any, ...]]:
    tables = ("accounts", "orders", "executions", "positions", "account_transactions", "account_events")
    return [tuple(row) for table in tables for row in await fetch(f"SELECT * FROM {table} ORDER BY 1, 2")]


@pytest.fixture
async def manager(live_desk: Platform) -> Actor:
    return await live_desk.add_actor(Role.RISK_MANAGER)


async def test_busting_a_purchase_restores_cash_and_position(live_desk: Platform, manager: Actor) -> None:
    owner, account = await live_desk.open_account("1000")
    bought, execution = await trade(live_desk, owner, account.id)
    busted = await bust_execution(live_desk.services.order_context, manager, execution.id, "printed in error")
    assert busted == replace(execution, busted_at=busted.busted_at, busted_by=manager.email)
    assert busted.busted_at is not None
    assert await money(account.id) == (Decimal(1000), 0, 0)
    assert await position(account.id) == (0, 0, 0, 0, 0)
    after = (await read_orders([bought.id]))[bought.id]
    assert (after.status, after.filled_quantity, after.average_price, after.fees) == (S.FILLED, 0, None, 0)
    assert after.version == bought.version + 1
    rows = await fetch(
        "SELECT kind, amount, note FROM account_transactions WHERE execution_id = $1 ORDER BY sequence", execution.id
    )
    assert [tuple(row) for row in rows] == [
        ("TRADE", Decimal("-100.01"), None),
        ("FEE", Decimal("-0.10"), None),
        ("TRADE", Decimal("100.01"), "printed in error"),
        ("FEE", Decimal("0.10"), "printed in error"),
    ]
    event = await last_event(bought.id)
    assert (event.kind, event.order.filled_quantity) == ("TRADE_BUSTED", 0)
    assert event.execution == busted
    assert event.detail == {"reason": "printed in error", "executionId": str(execution.id)}
    await assert_proved(live_desk, account.id)


async def test_busting_recomputes_the_pnl_of_later_executions(live_desk: Platform, manager: Actor) -> None:
    owner, account = await live_desk.open_account("1000", kind=AccountKind.MARGIN)
    perpetual = {"symbol": "COIN-PERP"}
    _, first = await trade(live_desk, owner, account.id, **perpetual)
    await live_desk.quote("COIN-PERP", "109.98", "110")
    await trade(live_desk, owner, account.id, **perpetual)
    await live_desk.quote("COIN-PERP", "120", "120.02")
    _, sale = await trade(live_desk, owner, account.id, side=Side.SELL, **perpetual)
    # 14.995, rounded against the account.
    assert sale.realized_pnl == Decimal("14.99")
    cash, realized, _ = await money(account.id)
    await bust_execution(live_desk.services.order_context, manager, first.id, "no such trade")
    (changed,) = (await read_executions_of([sale.order_id]))[sale.order_id]
    assert changed.realized_pnl == Decimal(10)
    # 14.99 was posted, 10.00 is due; the fee of the first comes back.
    assert (await money(account.id))[:2] == (cash - Decimal("4.99") + Decimal("0.10"), realized - Decimal("4.99"))
    assert (await position(account.id))[:3] == (0, 0, Decimal(10))
    await assert_proved(live_desk, account.id)


async def test_a_correction_replaces_the_execution_in_the_books(live_desk: Platform, manager: Actor) -> None:
    owner, account = await live_desk.open_account("1000")
    bought, wrong = await trade(live_desk, owner, account.id, quantity=Decimal(2))
    await live_desk.quote("COIN", "110", "110.02")
    _, sale = await trade(live_desk, owner, account.id, side=Side.SELL)
    desk, correction = live_desk.services.order_context, Correction(Decimal(90), Decimal("1.5"))
    right = await correct_execution(desk, manager, wrong.id, correction, "price and size")
    assert (right.price, right.quantity, right.fee) == (Decimal(90), Decimal("1.5"), Decimal("0.14"))
    assert (right.at, right.sequence, right.liquidity) == (wrong.at, wrong.sequence, wrong.liquidity)
    first, second = (await read_executions_of([bought.id]))[bought.id]
    assert (first.id, first.corrected_by, first.busted_at is not None) == (wrong.id, right.id, True)
    assert (second, second.busted_at) == (right, None)
    (sold,) = (await read_executions_of([sale.order_id]))[sale.order_id]
    assert sold.realized_pnl == Decimal(20)
    after = (await read_orders([bought.id]))[bought.id]
    assert (after.filled_quantity, after.average_price, after.fees) == (Decimal("1.5"), Decimal(90), Decimal("0.14"))
    assert await money(account.id) == (Decimal("974.75"), Decimal(20), Decimal("0.25"))
    assert await position(account.id) == (Decimal("0.5"), 90, 20, Decimal("0.25"), Decimal("0.5"))
    event = await last_event(bought.id)
    assert (event.kind, event.execution) == ("TRADE_CORRECTED", right)
    assert event.detail == {"reason": "price and size", "executionId": str(wrong.id)}
    await assert_proved(live_desk, account.id)
    again = await correct_execution(desk, manager, right.id, Correction(Decimal(91), Decimal(2)), "again")
    await bust_execution(desk, manager, again.id, "never was")
    assert (await position(account.id))[0] == Decimal(-1)
    await assert_proved(live_desk, account.id)


async def test_repeating_a_bust_or_correction_changes_nothing(live_desk: Platform, manager: Actor) -> None:
    owner, account = await live_desk.open_account("1000")
    _, first = await trade(live_desk, owner, account.id)
    _, second = await trade(live_desk, owner, account.id)
    desk, correction = live_desk.services.order_context, Correction(Decimal(99), Decimal(1))
    busted = await bust_execution(desk, manager, first.id, "once")
    right = await correct_execution(desk, manager, second.id, correction, "once")
    before = await stored()
    assert await bust_execution(desk, manager, first.id, "twice") == busted
    assert await correct_execution(desk, manager, second.id, correction, "twice") == right
    for attempt in (
        bust_execution(desk, manager, second.id, "it was corrected"),
        correct_execution(desk, manager, second.id, Correction(Decimal(98), Decimal(1)), "to something else"),
        correct_execution(desk, manager, first.id, correction, "it was busted"),
    ):
        with pytest.raises(Conflict):
            await attempt
    assert await stored() == before
    await assert_proved(live_desk, account.id)


async def test_a_forbidden_or_invalid_bust_is_refused_and_changes_nothing(live_desk: Platform, manager: Actor) -> None:
    owner, account = await live_desk.open_account("1000")
    _, execution = await trade(live_desk, owner, account.id)
    desk = live_desk.services.order_context
    stranger = await live_desk.add_actor()
    reader = replace(stranger, accounts={account.id: frozenset({AccountPermission.READ})})
    before = await stored()
    for actor, error in ((owner, Forbidden), (reader, Forbidden), (stranger, NotFound)):
        with pytest.raises(error):
            await bust_execution(desk, actor, execution.id, "because")
        with pytest.raises(error):
            await correct_execution(desk, actor, execution.id, Correction(Decimal(1), Decimal(1)), "because")
    with pytest.raises(NotFound):
        await bust_execution(desk, manager, new_id(), "because")
    nonsense = [
        ("price", "0", "1", "because"),
        ("price", "-1", "1", "because"),
        ("price", "NaN", "1", "because"),
        ("quantity", "1", "0", "because"),
        ("quantity", "1", "1e-19", "because"),
        ("price", "100.01", "1", "because"),
        ("reason", "1", "1", ""),
    ]
    for field, price, quantity, reason in nonsense:
        correction = Correction(Decimal(price), Decimal(quantity))
        with pytest.raises(BadInput) as caught:
            await correct_execution(desk, manager, execution.id, correction, reason)
        assert caught.value.field == field
    assert await stored() == before


async def test_a_bust_returns_its_quantity_to_a_working_order(live_desk: Platform, manager: Actor) -> None:
    owner, account = await live_desk.open_account("1000")
    (placed,) = await live_desk.place(
        owner, order(account.id, type=OrderType.LIMIT, limit_price=Decimal(99), quantity=Decimal(2))
    )
    await live_desk.settled(placed.id)
    await live_desk.quote("COIN", "98.5", "99", "0.5")
    await live_desk.filled(placed.id, "0.5")
    (execution,) = (await read_executions_of([placed.id]))[placed.id]
    await bust_execution(live_desk.services.order_context, manager, execution.id, "not a trade")
    after = (await read_orders([placed.id]))[placed.id]
    assert (after.status, after.filled_quantity, after.remaining_quantity) == (S.NEW, 0, Decimal(2))
    assert (await read_books([account.id]))[account.id].reserved == Decimal("198.20")
    await live_desk.quote("COIN", "98.5", "99", "1.5")
    await live_desk.filled(placed.id, "1.5")
    await live_desk.quote("COIN", "98.5", "99", "5")
    done = await live_desk.filled(placed.id, "2")
    assert done.status is S.FILLED
    assert len((await read_executions_of([placed.id]))[placed.id]) == 3
    assert (await read_books([account.id]))[account.id].reserved == 0
    await assert_proved(live_desk, account.id)


async def test_an_opening_whose_units_were_closed_cannot_be_busted_in_a_hedging_account(
    live_desk: Platform, manager: Actor
) -> None:
    owner, account = await live_desk.open_account("1000", kind=AccountKind.MARGIN, position_mode=PositionMode.HEDGING)
    perpetual = {"symbol": "COIN-PERP"}
    _, opened = await trade(live_desk, owner, account.id, **perpetual)
    _, closed = await trade(
        live_desk, owner, account.id, side=Side.SELL, position_effect=PositionEffect.CLOSE, **perpetual
    )
    desk = live_desk.services.order_context
    before = await stored()
    with pytest.raises(Conflict):
        await bust_execution(desk, manager, opened.id, "too late")
    assert await stored() == before
    await bust_execution(desk, manager, closed.id, "first this")
    assert (await position(account.id, "LONG"))[0] == Decimal(1)
    await bust_execution(desk, manager, opened.id, "then that")
    assert (await position(account.id, "LONG"))[:4] == (0, 0, 0, 0)
    await assert_proved(live_desk, account.id)


async def test_busting_an_execution_of_yesterday_keeps_the_quantity_of_today(
    live_desk: Platform, manager: Actor
) -> None:
    owner, account = await live_desk.open_account("1000")
    await trade(live_desk, owner, account.id)
    _, second = await trade(live_desk, owner, account.id)
    _, third = await trade(live_desk, owner, account.id)
    async with unit_of_work(live_desk.services.bus) as work:
        await work.execute(
            "UPDATE accounts SET rolled_at = $2 WHERE id = $1", account.id, third.created_at - timedelta(microseconds=1)
        )
    await bust_execution(live_desk.services.order_context, manager, second.id, "yesterday's")
    held = await position(account.id)
    assert (held[0], held[4]) == (Decimal(2), Decimal(1))
    await assert_proved(live_desk, account.id)


async def test_busts_and_corrections_are_in_the_audit_log(live_desk: Platform, manager: Actor) -> None:
    owner, account = await live_desk.open_account("1000")
    _, execution = await trade(live_desk, owner, account.id)
    await bust_execution(live_desk.services.order_context, manager, execution.id, "printed in error")
    (entry,) = await fetch("SELECT actor, target, detail FROM audit_entries WHERE action = 'bustExecution'")
    assert (entry["actor"], entry["target"]) == (manager.email, f"execution:{execution.id}")
    assert "printed in error" in entry["detail"]


async def test_a_bust_that_leaves_a_position_makes_a_closed_account_reduce_only(
    live_desk: Platform, manager: Actor
) -> None:
    owner, account = await live_desk.open_account("1000")
    bus, desk = live_desk.services.bus, live_desk.services.order_context
    await trade(live_desk, owner, account.id)
    _, sold = await trade(live_desk, owner, account.id, side=Side.SELL)
    cash = (await money(account.id))[0]
    await withdraw(bus, owner, MoveCash(account.id, cash, "all"), live_desk.services.books.available)
    await set_account_state(bus, owner, account.id, AccountState.CLOSED, "over")
    await bust_execution(desk, manager, sold.id, "not a trade")
    left = (await read_books([account.id]))[account.id]
    assert (left.state, (await position(account.id))[0]) == (AccountState.REDUCE_ONLY, Decimal(1))
    (told,) = await fetch(
        "SELECT payload FROM account_events WHERE account_id = $1 AND kind = 'STATE_CHANGED' ORDER BY sequence DESC "
        "LIMIT 1",
        account.id,
    )
    assert '"reason":"LEFT_IN_CLOSED_ACCOUNT"' in told["payload"]
    # It owes what the sale brought: money comes in, and the position goes.
    assert left.cash < 0
    await deposit(bus, owner, MoveCash(account.id, -left.cash, "what is owed"))
    _, again = await trade(live_desk, owner, account.id, side=Side.SELL)
    assert again.quantity == Decimal(1)
    await assert_proved(live_desk, account.id)


async def test_a_bust_that_leaves_a_short_makes_a_cash_account_reduce_only(live_desk: Platform, manager: Actor) -> None:
    owner, account = await live_desk.open_account("1000")
    _, bought = await trade(live_desk, owner, account.id)
    await trade(live_desk, owner, account.id, side=Side.SELL)
    await bust_execution(live_desk.services.order_context, manager, bought.id, "not a trade")
    assert (await position(account.id))[0] == Decimal(-1)
    assert (await read_books([account.id]))[account.id].state is AccountState.REDUCE_ONLY
    (more,) = await live_desk.place(owner, order(account.id, side=Side.SELL))
    assert more.status is S.REJECTED
    await trade(live_desk, owner, account.id)
    assert (await position(account.id))[0] == 0
    await assert_proved(live_desk, account.id)
