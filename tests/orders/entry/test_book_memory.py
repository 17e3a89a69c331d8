"""Placing on remembered books: one statement per batch, and never a decision on what is out of date."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.access.types import Actor
from domain.accounts.events import record
from domain.accounts.queries import lock_books, read_books, write_books
from domain.accounts.service import MoveCash, deposit, withdraw
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.errors import Conflict, NotFound
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.entry import book_memory, canceling
from domain.orders.entry.batch import PlacedOrder
from domain.orders.entry.placing import OrderEntry
from domain.orders.model.commands import ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, PendingAction, RejectReason, Side
from domain.risk.service import CreateRiskRule, create_rule
from domain.risk.types import RiskRuleKind, RiskScope
from tests.orders.factories import command
from tests.support.book_memory import counted_statements, recalls_what_is_stored
from tests.support.trading import Platform


def far(account_id: UUID, quantity: str = "1", **others: object) -> PlaceOrder:
    """An order that rests."""
    return command(account_id=account_id, quantity=Decimal(quantity), **({"limit_price": Decimal(50)} | others))


async def place(entry: OrderEntry, actor: Actor, *orders: PlaceOrder) -> list[Order]:
    return [row.order for row in await entry.place_orders(actor, orders)]


async def sequences(account_id: UUID) -> list[int]:
    rows = await fetch("SELECT sequence FROM account_events WHERE account_id = $1 ORDER BY sequence", account_id)
    return [row["sequence"] for row in rows]


async def test_a_batch_of_any_size_takes_one_statement_for_a_remembered_account(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    entry = quiet_desk.services.entry
    await quiet_desk.services.order_context.refresh()
    async with counted_statements() as sent:
        await place(entry, owner, far(book.id))
    assert len(sent) == 2, "the account with its positions, and the statement that writes"
    for size in (1, 100):
        async with counted_statements() as sent:
            placed = await place(entry, owner, *(far(book.id) for _ in range(size)))
        assert ({order.status for order in placed}, len(sent)) == ({OrderStatus.PENDING_NEW}, 1)
    assert await sequences(book.id) == list(range(1, 105))


async def test_counting_rules_cost_one_more_statement_for_an_unknown_account(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    await rule(quiet_desk, RiskRuleKind.MAX_OPEN_ORDERS, "3")
    await quiet_desk.services.order_context.refresh()
    entry = quiet_desk.services.entry
    for expected, reason in ((3, None), (1, None), (1, None)):
        async with counted_statements() as sent:
            (order,) = await place(entry, owner, far(book.id))
        assert (len(sent), order.reject_reason) == (expected, reason)
    (order,) = await place(entry, owner, far(book.id))
    assert order.reject_reason is RejectReason.RISK_RULE
    assert [event["kind"] for event in await fetch("SELECT kind FROM risk_events ORDER BY sequence")] == [
        "RULE_CREATED",
        "MAX_OPEN_ORDERS",
    ]


async def rule(desk: Platform, kind: RiskRuleKind, threshold: str) -> None:
    given = CreateRiskRule(name="Limit", kind=kind, scope=RiskScope.GLOBAL, threshold=Decimal(threshold))
    await create_rule(desk.services.bus, desk.admin, given)


async def test_a_rule_made_in_another_process_applies_to_the_next_order(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    entry = quiet_desk.services.entry
    await place(entry, owner, far(book.id))
    await rule(quiet_desk, RiskRuleKind.MAX_ORDER_QUANTITY, "2")
    small, large = await place(entry, owner, far(book.id), far(book.id, "3"))
    assert (small.reject_reason, large.reject_reason) == (None, RejectReason.RISK_RULE)


async def test_money_moved_by_another_process_counts_for_the_next_order(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("60")
    services = quiet_desk.services
    await place(services.entry, owner, far(book.id))
    (refused,) = await place(services.entry, owner, far(book.id))
    assert refused.reject_reason is RejectReason.INSUFFICIENT_FUNDS
    await deposit(services.bus, owner, MoveCash(book.id, Decimal(100), "more"))
    (accepted,) = await place(services.entry, owner, far(book.id))
    assert accepted.status is OrderStatus.PENDING_NEW
    await withdraw(services.bus, owner, MoveCash(book.id, Decimal(50), "less"), services.books.available)
    (refused,) = await place(services.entry, owner, far(book.id))
    assert refused.reject_reason is RejectReason.INSUFFICIENT_FUNDS


async def test_two_processes_on_one_account_never_overspend(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("520")
    entries = (quiet_desk.services.entry, OrderEntry(quiet_desk.services.order_context))
    placed = [(await place(entries[turn % 2], owner, far(book.id)))[0] for turn in range(12)]
    accepted = [order for order in placed if order.is_open]
    assert len(accepted) == 10
    assert {order.reject_reason for order in placed[10:]} == {RejectReason.INSUFFICIENT_FUNDS}
    assert await sequences(book.id) == list(range(1, 15))
    for entry in entries:
        await recalls_what_is_stored(entry.memory, [])


async def test_an_acknowledgement_leaves_the_book_current_and_a_fill_does_not(live_desk: Platform) -> None:
    owner, book = await live_desk.open_account("100000", kind=AccountKind.MARGIN)
    entry = live_desk.services.entry
    (first,) = await place(entry, owner, far(book.id, symbol="COIN-PERP"))
    await live_desk.settled(first.id)
    async with counted_statements() as sent:
        (second,) = await place(entry, owner, far(book.id, symbol="COIN-PERP"))
    assert len([text for text in sent if "lock_current_accounts" in text]) == 1
    assert not [text for text in sent if text.startswith("BEGIN") and "accounts" in text]
    await live_desk.settled(second.id)
    assert await recalls_what_is_stored(entry.memory, []) == 1
    (bought,) = await place(
        entry,
        owner,
        command(account_id=book.id, symbol="COIN-PERP", type=OrderType.MARKET, limit_price=None, quantity=Decimal(2)),
    )
    await live_desk.filled(bought.id, "2")
    assert await recalls_what_is_stored(entry.memory, []) == 0
    (sold,) = await place(
        entry,
        owner,
        command(account_id=book.id, symbol="COIN-PERP", side=Side.SELL, quantity=Decimal(2), limit_price=Decimal(150)),
    )
    assert sold.status is OrderStatus.PENDING_NEW
    stored = (await read_books([book.id]))[book.id]
    assert await sequences(book.id) == list(range(1, stored.event_sequence + 1))


async def test_a_client_order_id_is_used_once_across_processes(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    entries = (quiet_desk.services.entry, OrderEntry(quiet_desk.services.order_context))
    for entry in entries:
        await place(entry, owner, far(book.id))
    given = far(book.id, client_order_id="mine")
    answers: list[PlacedOrder] = [(await entry.place_orders(owner, [given]))[0] for entry in (*entries, *entries)]
    assert [answer.replayed for answer in answers] == [False, True, True, True]
    assert len({answer.order.id for answer in answers}) == 1
    with pytest.raises(Conflict) as refused:
        await entries[0].place_orders(owner, [far(book.id, "2", client_order_id="mine")])
    stored = answers[-1].order
    assert refused.value.context == {"field": "clientOrderId", "status": stored.status, "version": stored.version}
    await recalls_what_is_stored(entries[0].memory, [])


async def test_a_call_that_is_refused_whole_leaves_nothing_in_memory(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    entry = quiet_desk.services.entry
    await place(entry, owner, far(book.id))
    with pytest.raises(NotFound):
        await entry.place_orders(owner, [far(book.id), far(book.id, symbol="NONE")])
    both = await entry.place_orders(owner, [far(book.id), far(book.id, "100000")], all_or_none=True)
    assert {row.order.status for row in both} == {OrderStatus.REJECTED}
    assert (await read_books([book.id]))[book.id].reserved == Decimal("50.05")
    assert await recalls_what_is_stored(entry.memory, []) == 1


async def test_a_cancel_elsewhere_in_the_process_releases_its_reservation(live_desk: Platform) -> None:
    owner, book = await live_desk.open_account("60")
    services = live_desk.services
    (first,) = await place(services.entry, owner, far(book.id))
    await live_desk.settled(first.id)
    await services.canceling.cancel_order(owner, OrderKey(id=first.id))
    await live_desk.settled(first.id)
    (second,) = await place(services.entry, owner, far(book.id))
    assert second.status is OrderStatus.PENDING_NEW


async def test_changes_and_cancels_take_one_statement_after_their_reads(live_desk: Platform) -> None:
    owner, book = await live_desk.open_account("100000")
    services = live_desk.services
    placed = await place(services.entry, owner, *(far(book.id) for _ in range(2)))
    await live_desk.settled(*(order.id for order in placed))
    change = ModifyOrder(OrderKey(id=placed[0].id), limit_price=Decimal(51))
    async with counted_statements() as sent:
        changed = await services.modifying.modify_order(owner, change)
    assert changed.pending_action is PendingAction.REPLACE
    assert [text for text in sent if "BEGIN" in text and "lease" not in text] == []
    await live_desk.settled(placed[0].id)
    async with counted_statements() as sent:
        canceled = await services.canceling.cancel_order(owner, OrderKey(id=placed[1].id))
    assert (canceled.order.pending_action, canceled.replayed) == (PendingAction.CANCEL, False)
    (order,) = await live_desk.settled(placed[0].id)
    assert (order.limit_price, order.status) == (Decimal(51), OrderStatus.NEW)


async def test_a_decision_is_repeated_when_the_book_changed_since_the_read(
    quiet_desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, book = await quiet_desk.open_account("100000")
    services = quiet_desk.services
    (order,) = await place(services.entry, owner, far(book.id))
    read, disturbed = canceling.read_with_accounts, list[str]()

    async def read_and_disturb(order_ids: Collection[UUID]) -> Any:
        found = await read(order_ids)
        # As an acknowledgement does: an event, and the account's version as it was.
        async with unit_of_work(services.bus) as work:
            books = await lock_books(work, [book.id])
            record(books[book.id], "ORDER_TOUCHED", work.now, {})
            await write_books(work, books.values(), acknowledged={book.id})
        disturbed.append("once")
        return found

    monkeypatch.setattr(canceling, "read_with_accounts", read_and_disturb)
    answer = await services.canceling.cancel_order(owner, OrderKey(id=order.id))
    assert (answer.order.pending_action, disturbed) == (PendingAction.CANCEL, ["once"])
    assert await sequences(book.id) == list(range(1, 6))


async def test_the_memory_of_a_book_does_not_grow_with_the_orders_of_its_account(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("1000000")
    entry = quiet_desk.services.entry
    await quiet_desk.services.order_context.refresh()
    for number in range(3):
        await place(entry, owner, *(far(book.id, limit_price=Decimal(10 * number + n)) for n in range(1, 10)))
        (remembered,) = [each for each in entry.memory if each.account.id == book.id]
        activity = remembered.activity
        assert [activity.same, activity.recent.account, activity.resting, activity.added] == [{}, [], {}, {}]
        assert activity.size() == 2, "one symbol and one strategy"


async def test_an_account_with_new_strategies_in_each_order_is_not_remembered(
    quiet_desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_memory, "MAX_SUMS", 4)
    owner, book = await quiet_desk.open_account("1000000")
    entry = quiet_desk.services.entry
    await quiet_desk.services.order_context.refresh()
    for number in range(4):
        await place(entry, owner, far(book.id, strategy=f"s{number}"))
        assert len(list(entry.memory)) == (number < 3)
