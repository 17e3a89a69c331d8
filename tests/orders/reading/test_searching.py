"""Finding orders and executions: filters, sorts, pages both ways, and only what one may see."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.errors import BadInput
from domain.kernel.ids import new_id
from domain.kernel.pages import encode_cursor, page_request
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import OrderSortField, OrderStatus, OrderType, Side, SortDirection
from domain.orders.reading.search_queries import (
    ExecutionSearch,
    OrderSearch,
    OrderSort,
    count_executions,
    count_orders,
    page_executions,
    page_orders,
)
from tests.orders.factories import PERPETUAL, SPOT, command
from tests.support.trading import Platform, platform


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        for instrument in (SPOT, PERPETUAL):
            await whole.add_instrument(replace(instrument, id=new_id()))
            await whole.quote(instrument.symbol, "99.99", "100.01")
        yield whole


def some_orders(account_id: object) -> list[PlaceOrder]:
    return [
        command(
            account_id=account_id,
            symbol=("COIN", "COIN-PERP")[number % 2],
            quantity=Decimal(number + 1),
            limit_price=Decimal(50),
            client_order_id=f"c{number}",
            strategy=("a", "b")[number % 2],
        )
        for number in range(7)
    ]


@pytest.mark.parametrize("field", list(OrderSortField))
@pytest.mark.parametrize("direction", list(SortDirection))
async def test_paging_both_ways_returns_every_order_once(
    desk: Platform, field: OrderSortField, direction: SortDirection
) -> None:
    owner, account = await desk.open_account("10000", kind=AccountKind.MARGIN)
    placed = await desk.place(owner, *some_orders(account.id))
    await desk.settled(*(order.id for order in placed))
    sort = OrderSort(field, direction)
    forwards, after = [], None
    while True:
        page = await page_orders(owner, page_request(3, after, parts=2), OrderSearch(), sort)
        forwards += page.nodes
        if not page.has_next:
            break
        after = page.end_cursor
    assert {order.id for order in forwards} == {order.id for order in placed}
    assert len(forwards) == 7
    keys = [(order.id if field is OrderSortField.CREATED_AT else getattr(order, field.lower())) for order in forwards]
    assert all((a >= b) if direction is SortDirection.DESC else (a <= b) for a, b in pairwise(keys))
    backwards, before = [], None
    while True:
        page = await page_orders(owner, page_request(last=3, before=before, parts=2), OrderSearch(), sort)
        backwards = page.nodes + backwards
        if not page.has_previous:
            break
        before = page.start_cursor
    assert [order.id for order in backwards] == [order.id for order in forwards]


async def test_each_filter_returns_its_orders_only(desk: Platform) -> None:
    owner, account = await desk.open_account("10000", kind=AccountKind.MARGIN)
    placed = await desk.place(owner, *some_orders(account.id))
    await desk.place(owner, command(account_id=account.id, limit_price=Decimal("50.001")))

    async def found(**conditions: object) -> list[str]:
        search = OrderSearch(**conditions)  # type: ignore[arg-type]  # each test names its own
        page = await page_orders(owner, page_request(parts=2), search, OrderSort(direction=SortDirection.ASC))
        assert await count_orders(owner, search) == len(page.nodes)
        return [order.client_order_id for order in page.nodes if order.client_order_id.startswith("c")]

    assert await found(symbols=["COIN"], open=True) == ["c0", "c2", "c4", "c6"]
    assert await found(strategy="b") == ["c1", "c3", "c5"]
    assert await found(client_order_id="c3") == ["c3"]
    assert await found(statuses=[OrderStatus.REJECTED]) == []
    assert await found(open=False) == []
    assert await found(sides=[Side.SELL]) == []
    assert len(await found(types=[OrderType.LIMIT])) == 7
    assert await found(until=placed[0].created_at) == []
    assert len(await found(since=placed[0].created_at)) == 7
    assert await found(account_id=new_id()) == []


async def test_a_search_returns_no_orders_of_foreign_accounts(desk: Platform) -> None:
    owner, account = await desk.open_account("10000", kind=AccountKind.MARGIN)
    await desk.place(owner, *some_orders(account.id))
    stranger = await desk.add_actor()
    assert await count_orders(stranger, OrderSearch(account_id=account.id)) == 0
    assert (await page_orders(stranger, page_request(parts=2), OrderSearch(), OrderSort())).nodes == []
    assert await count_orders(desk.admin, OrderSearch()) == 7


async def test_executions_page_newest_first_in_both_directions(desk: Platform) -> None:
    owner, account = await desk.open_account("10000", kind=AccountKind.MARGIN)
    for _ in range(5):
        order = command(account_id=account.id, symbol="COIN-PERP", type=OrderType.MARKET)
        await desk.settled((await desk.place(owner, order))[0].id)
    first = await page_executions(owner, page_request(3, parts=2), ExecutionSearch(symbols=["COIN-PERP"]))
    rest = await page_executions(owner, page_request(3, first.end_cursor, parts=2), ExecutionSearch())
    assert (len(first.nodes), len(rest.nodes), rest.has_next) == (3, 2, False)
    sequences = [row.sequence for row in first.nodes + rest.nodes]
    assert sequences == sorted(sequences, reverse=True)
    back = await page_executions(owner, page_request(last=3, before=rest.start_cursor, parts=2), ExecutionSearch())
    assert [row.id for row in back.nodes] == [row.id for row in first.nodes]
    order_id = first.nodes[0].order_id
    assert await count_executions(owner, ExecutionSearch(order_id=order_id)) == 1


@pytest.mark.parametrize("cursor", [encode_cursor("x", "y"), encode_cursor("x"), "%%%"])
async def test_a_cursor_of_another_list_is_refused(desk: Platform, cursor: str) -> None:
    for field in OrderSortField:
        with pytest.raises(BadInput):
            await page_orders(desk.admin, page_request(3, cursor, parts=2), OrderSearch(), OrderSort(field))
