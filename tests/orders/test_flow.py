"""Orders through the whole domain: placed, matched, booked, told and proved, on real servers."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from domain.access.types import Actor, Role
from domain.accounts.event_queries import read_events
from domain.accounts.queries import read_books
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, NotFound
from domain.kernel.ids import new_id
from domain.orders.books.proof import prove_book
from domain.orders.model.commands import OrderKey, PlaceOrder
from domain.orders.model.events import read_order_event
from domain.orders.model.types import OrderStatus, OrderType, RejectReason, Side, TimeInForce
from domain.orders.queries import read_orders
from tests.orders.factories import PERPETUAL, SPOT
from tests.support.trading import Platform, platform
from tests.support.waiting import until


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    """A platform with a coin that quotes around 100."""
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.add_instrument(replace(PERPETUAL, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        await whole.quote("COIN-PERP", "99.99", "100.01")
        yield whole


def order(account_id: object, **others: object) -> PlaceOrder:
    values = {
        "account_id": account_id,
        "symbol": "COIN",
        "side": Side.BUY,
        "type": OrderType.MARKET,
        "quantity": Decimal(1),
        "time_in_force": TimeInForce.GTC,
    }
    return PlaceOrder(**(values | others))


async def test_a_market_order_is_filled_booked_and_reported(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, order(account.id))
    assert (placed.status, placed.reserved) == (OrderStatus.PENDING_NEW, Decimal("105.13"))
    (done,) = await desk.settled(placed.id)
    assert (done.status, done.filled_quantity, done.average_price) == (
        OrderStatus.FILLED,
        Decimal(1),
        Decimal("100.01"),
    )
    book = (await read_books([account.id]))[account.id]
    assert (book.cash, book.reserved, book.fees_paid) == (Decimal("899.89"), Decimal(0), Decimal("0.10"))
    events = [read_order_event(event) for event in await read_events(account.id, 2)]
    assert [event.kind for event in events if event] == ["PENDING_NEW", "NEW", "TRADE"]
    proof = await prove_book(account.id, (await desk.services.market.catalog()).by_id)
    assert proof.breaks == []
    assert (proof.transactions, proof.executions, proof.derived_cash) == (3, 1, Decimal("899.89"))
    value = (await desk.services.books.read([account.id]))[account.id]
    assert (value.equity, value.unrealized_pnl) == (Decimal("999.89"), Decimal("-0.01"))


async def test_a_limit_order_rests_and_fills_when_touched(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, order(account.id, type=OrderType.LIMIT, limit_price=Decimal(99)))
    (resting,) = await desk.settled(placed.id)
    assert resting.status is OrderStatus.NEW
    await desk.quote("COIN", "98.50", "98.99", "0.4")

    async def filled() -> bool:
        return (await read_orders([placed.id]))[placed.id].filled_quantity == Decimal("0.4")

    await until(filled)
    await desk.quote("COIN", "98.50", "99")

    async def done() -> bool:
        return (await read_orders([placed.id]))[placed.id].status is OrderStatus.FILLED

    await until(done)
    assert (await read_orders([placed.id]))[placed.id].average_price == Decimal(99)


async def test_cancelling_releases_the_reservation_and_a_second_cancel_replays(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, order(account.id, type=OrderType.LIMIT, limit_price=Decimal(50)))
    await desk.settled(placed.id)
    first = await desk.services.canceling.cancel_order(owner, OrderKey(id=placed.id))
    assert (first.order.pending_action, first.replayed) == ("CANCEL", False)
    (gone,) = await desk.settled(placed.id)
    assert (gone.status, gone.reserved) == (OrderStatus.CANCELED, Decimal(0))
    assert (await desk.services.canceling.cancel_order(owner, OrderKey(id=placed.id))).replayed
    assert (await read_books([account.id]))[account.id].reserved == Decimal(0)


async def test_a_filled_order_cannot_be_cancelled(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    (placed,) = await desk.place(owner, order(account.id))
    await desk.settled(placed.id)
    with pytest.raises(Conflict):
        await desk.services.canceling.cancel_order(owner, OrderKey(id=placed.id))


async def test_a_repeat_returns_the_first_order_and_other_content_conflicts(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    command = order(account.id, client_order_id="a", type=OrderType.LIMIT, limit_price=Decimal(50))
    first, again = await desk.services.entry.place_orders(owner, [command, command])
    assert (first.replayed, again.replayed) == (False, True)
    later = await desk.services.entry.place_orders(owner, [replace(command, limit_price=Decimal("50.00"))])
    assert (later[0].order.id, later[0].replayed) == (first.order.id, True)
    for commands in (
        [replace(command, quantity=Decimal(2))],
        [replace(command, client_order_id="b"), replace(command, client_order_id="b", quantity=Decimal(2))],
    ):
        with pytest.raises(Conflict):
            await desk.services.entry.place_orders(owner, commands)
    assert len(await fetch("SELECT 1 FROM orders")) == 1


async def test_a_rejected_order_is_stored_with_its_reason(desk: Platform) -> None:
    owner, account = await desk.open_account("10")
    (refused,) = await desk.place(owner, order(account.id))
    assert (refused.status, refused.reject_reason) == (OrderStatus.REJECTED, RejectReason.INSUFFICIENT_FUNDS)
    assert (await read_books([account.id]))[account.id].reserved == Decimal(0)
    assert await fetch("SELECT 1 FROM venue_commands") == []


async def test_a_malformed_or_foreign_order_saves_nothing(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    stranger = await desk.add_actor()
    with pytest.raises(NotFound):
        await desk.place(owner, order(account.id, symbol="NOPE"))
    with pytest.raises(NotFound):
        await desk.place(desk.admin, order(new_id()))
    with pytest.raises(BadInput) as caught:
        await desk.place(owner, order(account.id), order(account.id, quantity=Decimal(0)))
    assert caught.value.context == {"field": "quantity", "index": 1}
    outsider = Actor(stranger.user_id, stranger.email, Role.TRADER, via="system")
    with pytest.raises(NotFound):
        await desk.place(outsider, order(account.id))
    assert await fetch("SELECT 1 FROM orders") == []


async def test_an_all_or_none_batch_with_one_bad_order_rejects_every_order(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    placed = await desk.services.entry.place_orders(
        owner, [order(account.id), order(account.id, quantity=Decimal(100))], all_or_none=True
    )
    assert [row.order.reject_reason for row in placed] == [
        RejectReason.GROUP_REJECTED,
        RejectReason.INSUFFICIENT_FUNDS,
    ]
    assert (await read_books([account.id]))[account.id].reserved == Decimal(0)


async def test_a_margin_account_sells_short_and_buys_back_and_its_books_prove(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    perpetual = {"symbol": "COIN-PERP"}
    for side, quantity in ((Side.SELL, "3"), (Side.BUY, "5"), (Side.SELL, "2")):
        (placed,) = await desk.place(owner, order(account.id, side=side, quantity=Decimal(quantity), **perpetual))
        (done,) = await desk.settled(placed.id)
        assert done.status is OrderStatus.FILLED
    book = (await read_books([account.id]))[account.id]
    assert book.realized_pnl == Decimal("-0.10")
    assert book.reserved == Decimal(0)
    proof = await prove_book(account.id, (await desk.services.market.catalog()).by_id)
    assert proof.breaks == []
