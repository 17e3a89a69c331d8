"""The short venue step: one statement that writes, the same books as under the locks, nothing that is out of date."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.accounts.event_queries import read_events
from domain.accounts.events import account_snapshot, decode_events
from domain.accounts.queries import read_books
from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.bus import Message
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.shortcut import Shortcut
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.books.acknowledgements import queries
from domain.orders.books.acknowledgements.acknowledging import acknowledge
from domain.orders.books.proof import prove_book
from domain.orders.books.venue_step import VenueStep
from domain.orders.entry.canceling import cancel_orders
from domain.orders.exchange.paper import PAPER
from domain.orders.model.commands import CancelOrders, PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import OffsetKind, OrderStatus, OrderType
from tests.orders.factories import SPOT, command
from tests.support.book_memory import counted_statements
from tests.support.trading import Platform, platform, running_venue
from tests.support.waiting import until
from workers import venue

_OWN = {
    "id",
    "account_id",
    "client_order_id",
    "request_digest",
    "venue_order_id",
    "venue_sequence",
    "placed_by",
    "created_at",
    "updated_at",
}


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


def bid(account_id: UUID, price: str = "50", **others: Any) -> PlaceOrder:
    """An order that rests."""
    return command(account_id=account_id, limit_price=Decimal(price), **others)


def of_all_kinds(account_id: UUID) -> list[PlaceOrder]:
    """Orders of which none trades when it comes."""
    plain = {"limit_price": None}
    trailing = {"trailing_offset": Decimal(2), "trailing_offset_kind": OffsetKind.PRICE}
    return [
        bid(account_id, "99.9", tags=["first", "é"], strategy="alpha"),
        bid(account_id, "99.98", post_only=True, quantity=Decimal("1.250")),
        command(account_id=account_id, type=OrderType.STOP, stop_price=Decimal(120), **plain),
        command(account_id=account_id, type=OrderType.STOP_LIMIT, stop_price=Decimal(121), limit_price=Decimal(122)),
        command(account_id=account_id, type=OrderType.TRAILING_STOP, **plain, **trailing),
    ]


def around(monkeypatch: pytest.MonkeyPatch, before: Any) -> list[VenueStep | None]:
    """Run ``before`` in front of the first short step, and return the list of what short steps come to."""
    came_to: list[VenueStep | None] = []

    async def wrapped(*arguments: Any) -> VenueStep | None:
        if not came_to:
            await before()
        came_to.append(await acknowledge(*arguments))
        return came_to[-1]

    monkeypatch.setattr(venue, "acknowledge", wrapped)
    return came_to


async def kinds(account_id: UUID) -> list[str]:
    return [event.kind for event in await read_events(account_id, 0) if event.order_id is not None]


async def test_new_orders_that_rest_are_read_and_booked_in_one_statement_each(desk: Platform) -> None:
    people = [await desk.open_account("100000") for _ in range(3)]
    async with running_venue(desk):
        (first,) = await desk.place(people[0][0], bid(people[0][1].id))
        await desk.settled(first.id)
        async with counted_statements() as sent:
            placed = [order for owner, book in people for order in await desk.place(owner, bid(book.id), bid(book.id))]
            await desk.settled(*(order.id for order in placed))
    writing = [text for text in sent if "take_acknowledged" in text]
    assert 1 <= len(writing) <= len(people)
    assert not [text for text in sent if text.startswith(("BEGIN", "DELETE")) or "FOR UPDATE" in text]


async def test_waiting_orders_are_looked_up_by_their_keys(desk: Platform) -> None:
    owner, account = await desk.open_account("1000000")
    # A table that has never been analysed, as in a new installation.
    await fetch("ALTER TABLE orders SET (autovacuum_enabled = off)")
    await desk.place(owner, *(bid(account.id) for _ in range(50)))
    plan = [str(line[0]) for line in await fetch(f"EXPLAIN {queries._READ}", PAPER)]
    scans = [line.partition("->")[2].split("(")[0].strip() for line in plan if " on orders" in line]
    assert [scan.split(" using ")[0] for scan in scans] == ["Index Scan"], scans


async def test_the_books_are_those_of_a_step_under_the_locks(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    orders: dict[bool, list[Order]] = {True: [], False: []}
    accounts: dict[bool, list[UUID]] = {True: [], False: []}
    said: list[Message] = []
    send = desk.services.bus.send

    def note(messages: Sequence[Message]) -> None:
        said.extend(messages)
        send(messages)

    async def nothing() -> None: ...

    monkeypatch.setattr(desk.services.bus, "send", note)
    for short in (True, False):
        for mode in PositionMode:
            owner, book = await desk.open_account("100000", kind=AccountKind.MARGIN, position_mode=mode)
            orders[short] += await desk.place(owner, *of_all_kinds(book.id))
            accounts[short].append(book.id)
        monkeypatch.setattr(Shortcut, "is_due", lambda _, short=short: short)
        steps = around(monkeypatch, nothing)
        async with running_venue(desk):
            orders[short] = await desk.settled(*(order.id for order in orders[short]))
        assert [step is not None and step.commands for step in steps] == ([10] if short else [])
    assert [known(order) for order in orders[True]] == [known(order) for order in orders[False]]
    assert {order.status for order in orders[True]} == {OrderStatus.NEW}
    heard = {
        channel: decode_events(UUID(channel[8:]), payload) for channel, payload in said if channel[:8] == "account:"
    }
    for ours, theirs in zip(accounts[True], accounts[False], strict=True):
        books = await read_books([ours, theirs])
        stored = await read_events(ours, 0)
        assert heard[f"account:{ours}"] == stored[-5:]
        assert [event.sequence for event in stored] == list(range(1, len(stored) + 1))
        assert books[ours].event_sequence == len(stored)
        assert books[ours].version == books[theirs].version
        assert [content(event.payload) for event in stored] == [
            content(event.payload) for event in await read_events(theirs, 0)
        ]
        assert orjson.loads(stored[-1].payload)["account"] == account_snapshot(books[ours])


def known(order: Order) -> dict[str, Any]:
    """What two orders of the same command have in common."""
    assert order.status is OrderStatus.PENDING_NEW or order.venue_order_id == str(order.id)
    return {name: value for name, value in asdict(order).items() if name not in _OWN}


def content(payload: str) -> Any:
    """The content of an event without identifiers and times."""
    own = _OWN | {"position_id", "user_id", "owner_id", "placed_by", "at", "hash", "transaction", "sequence"}

    def reduced(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: reduced(one) for name, one in value.items() if name not in own}
        return [reduced(one) for one in value] if isinstance(value, list) else value

    return reduced(orjson.loads(payload))


async def test_an_order_that_is_cancelled_meanwhile_is_booked_under_the_locks(
    desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, account = await desk.open_account("100000")
    (order,) = await desk.place(owner, bid(account.id))
    steps = around(monkeypatch, lambda: cancel_orders(desk.services.bus, owner, CancelOrders(account.id)))
    async with running_venue(desk):
        (settled,) = await desk.settled(order.id)
    assert (settled.status, steps) == (OrderStatus.CANCELED, [None])
    assert await kinds(account.id) == ["PENDING_NEW", "PENDING_CANCEL", "NEW", "CANCELED"]
    assert (await prove_book(account.id, (await desk.services.market.catalog()).by_id)).breaks == []


async def test_an_event_has_the_figures_that_another_order_has_left(
    desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, account = await desk.open_account("100000")
    (first,) = await desk.place(owner, bid(account.id))
    second: Sequence[Order] = ()

    async def place_another() -> None:
        nonlocal second
        second = await desk.place(owner, bid(account.id))

    steps = around(monkeypatch, place_another)
    async with running_venue(desk):
        await until(lambda: _told(steps, 2))
        await desk.settled(first.id, *(order.id for order in second))
    assert [step is not None and step.commands for step in steps] == [1, 1]
    assert await kinds(account.id) == ["PENDING_NEW", "PENDING_NEW", "NEW", "NEW"]
    figures = [orjson.loads(event.payload)["account"]["reserved"] for event in await read_events(account.id, 2)]
    assert Decimal(figures[0]) * 2 == Decimal(figures[1]) == Decimal(figures[2]) == Decimal(figures[3])
    assert (await prove_book(account.id, (await desk.services.market.catalog()).by_id)).breaks == []


async def _told(steps: Sequence[object], number: int) -> bool:
    return len(steps) >= number


async def test_more_orders_than_a_short_step_takes_are_taken_in_several(
    desk: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing() -> None: ...

    owner, account = await desk.open_account("1000000")
    steps = around(monkeypatch, nothing)
    orders = await desk.place(owner, *(bid(account.id) for _ in range(260)))
    async with running_venue(desk):
        settled = await desk.settled(*(order.id for order in orders))
    assert {order.status for order in settled} == {OrderStatus.NEW}
    assert [step is not None and step.commands for step in steps] == [250, 10]
    assert await kinds(account.id) == ["PENDING_NEW"] * 260 + ["NEW"] * 260


async def test_a_router_whose_lease_is_lost_writes_nothing(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, account = await desk.open_account("100000")
    (order,) = await desk.place(owner, bid(account.id))

    async def take_over() -> None:
        async with unit_of_work(desk.services.bus) as work:
            await work.execute("UPDATE leases SET epoch = epoch + 1 WHERE role = $1", venue.ROLE)

    steps = around(monkeypatch, take_over)
    async with running_venue(desk):
        await until(lambda: _told(steps, 1))
    assert steps == [None]
    assert await kinds(account.id) == ["PENDING_NEW"]
    assert len(await fetch("SELECT 1 FROM venue_commands")) == 1
    async with running_venue(desk):
        (settled,) = await desk.settled(order.id)
    assert settled.status is OrderStatus.NEW
    assert await kinds(account.id) == ["PENDING_NEW", "NEW"]


async def test_an_order_that_trades_at_once_is_booked_once(desk: Platform) -> None:
    owner, account = await desk.open_account("100000")
    resting, trading = await desk.place(owner, bid(account.id), bid(account.id, "100.01"))
    async with running_venue(desk):
        await desk.filled(trading.id, "1")
        await desk.settled(resting.id)
        (after,) = await desk.place(owner, bid(account.id))
        await desk.settled(after.id)
    assert sorted(await kinds(account.id)) == ["NEW"] * 3 + ["PENDING_NEW"] * 3 + ["TRADE"]
    assert (await prove_book(account.id, (await desk.services.market.catalog()).by_id)).breaks == []
