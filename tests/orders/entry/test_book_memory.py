"""Placing on remembered books: one statement per batch, and never a decision on what is out of date."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import orjson
import pytest

from domain.access.types import Actor
from domain.accounts.event_queries import read_events
from domain.accounts.events import account_snapshot, record
from domain.accounts.queries import lock_books, read_books, write_books
from domain.accounts.service import MoveCash, deposit, withdraw
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, NotFound
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.books.proof import prove_book
from domain.orders.change_queries import StoredOrder
from domain.orders.deciding.activity import ActivityNeeds
from domain.orders.entry import book_memory, finding
from domain.orders.entry.batch import PlacedOrder
from domain.orders.entry.finding import OrderFinding
from domain.orders.entry.modifying import OrderModifying
from domain.orders.entry.placing import OrderEntry
from domain.orders.model.commands import ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus, OrderType, PendingAction, RejectReason, Side
from domain.risk.service import CreateRiskRule, create_rule
from domain.risk.types import RiskRuleKind, RiskScope
from tests.orders.factories import command
from tests.support.book_memory import counted_statements, recalls_what_is_stored
from tests.support.trading import Platform
from tests.support.waiting import PATIENCE_SECONDS


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


async def rule(desk: Platform, kind: RiskRuleKind, threshold: str, seconds: int | None = None) -> None:
    given = CreateRiskRule(
        name="Limit", kind=kind, scope=RiskScope.GLOBAL, threshold=Decimal(threshold), window_seconds=seconds
    )
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


async def test_a_book_that_another_process_changed_is_read_anew_without_a_lock(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    here, elsewhere = quiet_desk.services.entry, OrderEntry(quiet_desk.services.order_context)
    await place(here, owner, far(book.id))
    await place(elsewhere, owner, far(book.id))
    async with counted_statements() as sent:
        (order,) = await place(here, owner, far(book.id))
    assert (order.status, ["lock_current_accounts" in sql for sql in sent]) == (
        OrderStatus.PENDING_NEW,
        [True, False, True],
    )
    assert await sequences(book.id) == list(range(1, 6))
    assert (await prove_book(book.id, (await quiet_desk.services.market.catalog()).by_id)).breaks == []


async def test_a_book_that_is_changed_all_the_time_is_locked_and_seldom_read_twice(
    quiet_desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, book = await quiet_desk.open_account("100000")
    entry = quiet_desk.services.entry
    read, reads = book_memory.read_books, list[int]()

    async def read_too_early(
        account_ids: Collection[UUID], instrument_ids: Collection[UUID], needs: ActivityNeeds, now: datetime
    ) -> dict[UUID, book_memory.RememberedBook]:
        reads[-1] += 1
        found = await read(account_ids, instrument_ids, needs, now)
        await fetch("UPDATE accounts SET book_version = book_version + 1 WHERE id = $1", book.id)
        return found

    monkeypatch.setattr(book_memory, "read_books", read_too_early)
    for _ in range(6):
        reads.append(0)
        (order,) = await place(entry, owner, far(book.id))
        assert order.status is OrderStatus.PENDING_NEW
    assert reads == [2, 1, 2, 1, 1, 2]
    assert (await prove_book(book.id, (await quiet_desk.services.market.catalog()).by_id)).breaks == []


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
    # Its acknowledgement would come between the two reads.
    await live_desk.settled(sold.id)
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


async def test_changes_and_cancels_of_any_number_take_two_statements(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    services = quiet_desk.services
    await services.order_context.refresh()
    placed = await place(services.entry, owner, *(far(book.id) for _ in range(40)))
    for some in (placed[:1], placed[1:20]):
        changes = [ModifyOrder(OrderKey(id=order.id), limit_price=Decimal(51)) for order in some]
        async with counted_statements() as sent:
            changed = await asyncio.gather(*(services.modifying.modify_order(owner, change) for change in changes))
        assert {order.pending_action for order in changed} == {PendingAction.REPLACE}
        assert len(sent) == 2, "the orders, and the statement that writes"
    for some in (placed[:1], placed[1:20]):
        async with counted_statements() as sent:
            await asyncio.gather(*(services.canceling.cancel_order(owner, OrderKey(id=order.id)) for order in some))
        assert len(sent) == 2, "the orders, and the statement that writes"
    assert await recalls_what_is_stored(services.entry.memory, []) == 1
    async with counted_statements() as sent:
        await place(services.entry, owner, far(book.id))
    assert len(sent) == 1, "the book is as remembered"
    assert await sequences(book.id) == list(range(1, 84))
    assert (await prove_book(book.id, (await services.market.catalog()).by_id)).breaks == []


async def test_a_change_of_an_account_that_moved_elsewhere_reads_its_book_anew(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    services = quiet_desk.services
    await services.order_context.refresh()
    (order,) = await place(services.entry, owner, far(book.id))
    await deposit(services.bus, owner, MoveCash(book.id, Decimal(100), "more"))
    async with counted_statements() as sent:
        await services.modifying.modify_order(owner, ModifyOrder(OrderKey(id=order.id), limit_price=Decimal(51)))
    assert len(sent) == 3, "the order, the account with its positions, and the statement that writes"
    assert await recalls_what_is_stored(services.entry.memory, []) == 1


async def test_calls_name_orders_by_either_identifier_in_one_read(quiet_desk: Platform) -> None:
    owner, book = await quiet_desk.open_account("100000")
    stranger, _ = await quiet_desk.open_account()
    placed = await place(quiet_desk.services.entry, owner, *(far(book.id) for _ in range(4)))
    keys = [
        OrderKey(id=placed[0].id),
        OrderKey(id=placed[1].id, account_id=book.id),
        OrderKey(account_id=book.id, client_order_id=placed[2].client_order_id),
        OrderKey(id=placed[3].id, account_id=new_id()),
        OrderKey(account_id=book.id, client_order_id="none"),
        OrderKey(id=new_id()),
        # A text that the server refuses fails its own call alone.
        OrderKey(account_id=book.id, client_order_id="a\x00b"),
        OrderKey(id=placed[0].id),
    ]
    orders = OrderFinding(quiet_desk.services.modifying.commits)
    found = await asyncio.gather(*(orders.find(owner, key) for key in keys), return_exceptions=True)
    ids = [one.order.id if isinstance(one, StoredOrder) else type(one).__name__ for one in found]
    assert ids == [*(order.id for order in placed[:3]), *["NotFound"] * 3, ids[6], placed[0].id]
    assert isinstance(found[6], Exception)
    with pytest.raises(NotFound):
        await orders.find(stranger, keys[0])
    with pytest.raises(BadInput):
        await orders.find(owner, OrderKey(account_id=book.id))


class Busy:
    """Group commits with so many calls waiting or in flight."""

    present = 0


async def test_beside_a_batch_in_flight_a_read_of_orders_waits_for_half_of_the_callers(
    quiet_desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, book = await quiet_desk.open_account("100000")
    keys = [OrderKey(id=one.id) for one in await place(quiet_desk.services.entry, owner, *[far(book.id)] * 8)]
    reads, read, busy = list[int](), finding.read_by_id, Busy()

    async def counted(order_ids: Collection[UUID]) -> dict[UUID, StoredOrder]:
        reads.append(len(order_ids))
        return await read(order_ids)

    monkeypatch.setattr(finding, "read_by_id", counted)
    orders = OrderFinding(busy)  # type: ignore[arg-type]  # all of it that is asked

    async def find(keys: Collection[OrderKey]) -> None:
        callers = []
        for key in keys:
            callers.append(asyncio.create_task(orders.find(owner, key)))
            # Each comes by itself.
            await asyncio.sleep(0)
        await asyncio.gather(*callers)

    monkeypatch.setattr(finding, "LONGEST_WAIT_SECONDS", PATIENCE_SECONDS)
    busy.present = 7
    # The crowd is not known yet.
    await find(keys[:1])
    async with asyncio.timeout(PATIENCE_SECONDS / 2):
        await find(keys[:4])
        # Nothing is in flight any more.
        busy.present = 0
        await find(keys[:1])
    assert reads == [1, 4, 1]
    # Half of them do not come: the others wait for a moment only.
    busy.present = 7
    monkeypatch.setattr(finding, "LONGEST_WAIT_SECONDS", 0.001)
    await find(keys[:1])
    assert reads == [1, 4, 1, 1]


class Disturbed:
    """Runs ``act`` once, between a call's read of its orders and its statement that writes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, act: Callable[[], Awaitable[object]]) -> None:
        self.read, self.act, self.times = finding.read_by_id, act, 0
        monkeypatch.setattr(finding, "read_by_id", self)

    async def __call__(self, order_ids: Collection[UUID]) -> dict[UUID, StoredOrder]:
        found = await self.read(order_ids)
        self.times += 1
        if self.times == 1:
            await self.act()
        return found


async def test_a_cancel_of_an_order_that_was_changed_since_it_was_read_is_decided_again(
    quiet_desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, book = await quiet_desk.open_account("100000")
    services, elsewhere = quiet_desk.services, OrderModifying(OrderEntry(quiet_desk.services.order_context))
    (order,) = await place(services.entry, owner, far(book.id))
    key = OrderKey(id=order.id)
    disturbed = Disturbed(monkeypatch, lambda: elsewhere.modify_order(owner, ModifyOrder(key, quantity=Decimal(2))))
    answer = await services.canceling.cancel_order(owner, key)
    assert disturbed.times == 2
    assert (answer.order.pending_action, answer.order.version) == (PendingAction.CANCEL, 3)
    assert [change.quantity for change in answer.order.pending_changes] == [2]
    assert await sequences(book.id) == list(range(1, 6))
    assert (await prove_book(book.id, (await services.market.catalog()).by_id)).breaks == []


async def test_a_change_of_an_order_that_was_changed_since_it_was_read_is_decided_again(
    quiet_desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, book = await quiet_desk.open_account("100000")
    services, elsewhere = quiet_desk.services, OrderModifying(OrderEntry(quiet_desk.services.order_context))
    (order,) = await place(services.entry, owner, far(book.id))
    key = OrderKey(id=order.id)
    others = iter((Decimal(9), Decimal(8)))
    disturbed = Disturbed(monkeypatch, lambda: elsewhere.modify_order(owner, ModifyOrder(key, quantity=next(others))))
    with pytest.raises(Conflict):
        await services.modifying.modify_order(owner, ModifyOrder(key, quantity=Decimal(3), expected_version=1))
    disturbed.times = 0
    changed = await services.modifying.modify_order(owner, ModifyOrder(key, quantity=Decimal(4)))
    assert [change.quantity for change in changed.pending_changes] == [9, 8, 4]
    assert await recalls_what_is_stored(services.entry.memory, []) == 0
    assert (await prove_book(book.id, (await services.market.catalog()).by_id)).breaks == []


async def test_an_acknowledgement_of_another_order_disturbs_no_cancel(
    quiet_desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, book = await quiet_desk.open_account("100000")
    services = quiet_desk.services
    (order,) = await place(services.entry, owner, far(book.id))

    async def touch() -> None:
        async with unit_of_work(services.bus) as work:
            books = await lock_books(work, [book.id])
            record(books[book.id], "ORDER_TOUCHED", work.now, {})
            await write_books(work, books.values(), acknowledged={book.id})

    # The event of the cancel gets the figures of the stored account from the statement itself.
    await fetch(
        "UPDATE accounts SET realized_pnl = -1.50, day_transfers = 12000, halted_role = 'ADMIN', state_by = '', "
        "state_reason = $2 WHERE id = $1 RETURNING id",
        book.id,
        'a "quoted" reason,\n\\ and 100 % more ☃',
    )
    disturbed = Disturbed(monkeypatch, touch)
    async with counted_statements() as sent:
        answer = await services.canceling.cancel_order(owner, OrderKey(id=order.id))
    assert (answer.order.pending_action, disturbed.times) == (PendingAction.CANCEL, 1)
    assert len([text for text in sent if "change_orders_as_read" in text]) == 1
    assert not [text for text in sent if "FOR UPDATE" in text and "FROM accounts" in text and "BEGIN" in text]
    assert await sequences(book.id) == list(range(1, 6))
    stored = await read_events(book.id, 0)
    figures = (await read_books([book.id]))[book.id]
    assert orjson.loads(stored[-1].payload)["account"] == account_snapshot(figures)


# Each kind counts something else; without a rule nothing is counted.
COUNTING = (RiskRuleKind.MAX_OPEN_ORDERS, RiskRuleKind.MAX_DAILY_ORDERS, RiskRuleKind.MAX_DAILY_NOTIONAL)


@pytest.mark.parametrize("kind", [None, *COUNTING])
async def test_the_memory_of_a_book_does_not_grow_with_the_orders_of_its_account(
    quiet_desk: Platform, kind: RiskRuleKind | None
) -> None:
    owner, book = await quiet_desk.open_account("1000000")
    if kind is not None:
        await rule(quiet_desk, kind, "1000000")
    entry = quiet_desk.services.entry
    await quiet_desk.services.order_context.refresh()
    for number in range(3):
        await place(entry, owner, *(far(book.id, limit_price=Decimal(10 * number + n)) for n in range(1, 10)))
        (remembered,) = [each for each in entry.memory if each.account.id == book.id]
        activity = remembered.activity
        assert [activity.same, activity.recent.account, activity.resting, activity.added] == [{}, [], {}, {}]
        assert activity.size() == (0 if kind is None else 2), "one symbol and one strategy"


@pytest.mark.parametrize("kind", [*COUNTING, RiskRuleKind.MAX_ORDER_RATE])
async def test_an_account_with_new_strategies_in_each_order_is_not_remembered(
    quiet_desk: Platform, monkeypatch: pytest.MonkeyPatch, kind: RiskRuleKind
) -> None:
    monkeypatch.setattr(book_memory, "MAX_SUMS", 4)
    owner, book = await quiet_desk.open_account("1000000")
    await rule(quiet_desk, kind, "1000000", 60 if kind is RiskRuleKind.MAX_ORDER_RATE else None)
    entry = quiet_desk.services.entry
    await quiet_desk.services.order_context.refresh()
    for number in range(4):
        await place(entry, owner, far(book.id, strategy=f"s{number}"))
        assert len(list(entry.memory)) == (number < 3)
