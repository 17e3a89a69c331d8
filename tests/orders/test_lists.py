"""Lists of orders over the API: pages in both directions with their total, and no statement per row."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.ids import new_id
from domain.orders.model.types import OrderType
from tests.orders.factories import PERPETUAL, SPOT, command
from tests.support.asking import Asking, counted_statements
from tests.support.trading import Platform, platform

PAGE = """query ($filter: OrderFilter, $by: OrderSort, $first: Int, $after: String, $last: Int, $before: String) {
  orders(filter: $filter, orderBy: $by, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { clientOrderId } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
  }
}"""
EXECUTIONS = """query ($first: Int, $after: String, $last: Int, $before: String) {
  executions(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id order { clientOrderId } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
  }
}"""
NESTED = """query ($first: Int!) {
  orders(first: $first) { totalCount edges { cursor node {
    clientOrderId
    account { name available positions { symbol quantity } }
    instrument { symbol quote { bid } }
    executions { price order { clientOrderId account { cash } } }
    history { kind order { status instrument { symbol } } execution { price } }
  } } }
  executions(first: $first) { edges { node { order { history { kind } account { name } } account { equity } } } }
  accounts { orders(first: $first) { edges { node { executions { id } history { kind } } } } }
}"""
# How often the document asks for the same kind of thing: accounts, four times.
MOST_PLACES = 4
ACCOUNTS = 3
ORDERS = 12


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        for instrument in (SPOT, PERPETUAL):
            await whole.add_instrument(replace(instrument, id=new_id()))
            await whole.quote(instrument.symbol, "99.99", "100.01")
        yield whole


@pytest.fixture
async def api(desk: Platform) -> Asking:
    """The API of a user with three accounts and twelve executed orders in each."""
    owner, first = await desk.open_account("100000", kind=AccountKind.MARGIN)
    rest = [(await desk.open_account("100000", kind=AccountKind.MARGIN))[1] for _ in range(ACCOUNTS - 1)]
    books = [first, *rest]
    owner = replace(owner, accounts={book.id: owner.accounts[first.id] for book in books})
    placed = await desk.place(owner, *(_order(books[n % ACCOUNTS].id, n) for n in range(ACCOUNTS * ORDERS)))
    await desk.settled(*(order.id for order in placed))
    return Asking(desk, owner)


def _order(account_id: UUID, number: int) -> Any:
    return command(
        account_id=account_id,
        client_order_id=f"c{number}",
        symbol=("COIN", "COIN-PERP")[number % 2],
        type=OrderType.MARKET,
        quantity=Decimal(number + 1) / 10,
    )


async def walk(api: Asking, document: str, size: int, *, backward: bool, **given: Any) -> list[list[dict[str, Any]]]:
    """Read all pages in the order of the list, and assert the invariants of each page."""
    pages: list[list[dict[str, Any]]] = []
    cursor = None
    while True:
        place = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = await api.ask(document, **given, **place)
        edges, info = page["edges"], page["pageInfo"]
        assert page["totalCount"] == ACCOUNTS * ORDERS
        assert (info["startCursor"], info["endCursor"]) == (edges[0]["cursor"], edges[-1]["cursor"])
        assert info["hasPreviousPage" if not backward else "hasNextPage"] is (cursor is not None)
        pages.append(edges)
        if not info["hasPreviousPage" if backward else "hasNextPage"]:
            return pages[::-1] if backward else pages
        cursor = info["startCursor" if backward else "endCursor"]


@pytest.mark.parametrize("field", ["CREATED_AT", "QUANTITY", "SYMBOL", "UPDATED_AT", "STATUS"])
async def test_paging_orders_both_ways_returns_each_once(api: Asking, field: str) -> None:
    for direction in ("ASC", "DESC"):
        by = {"field": field, "direction": direction}
        forwards = await walk(api, PAGE, 7, backward=False, by=by)
        backwards = await walk(api, PAGE, 7, backward=True, by=by)
        assert [len(page) for page in forwards] == [7, 7, 7, 7, 7, 1]
        assert [len(page) for page in backwards] == [1, 7, 7, 7, 7, 7]
        listed = [edge["node"]["clientOrderId"] for page in forwards for edge in page]
        assert [edge["node"]["clientOrderId"] for page in backwards for edge in page] == listed
        assert sorted(listed) == sorted(f"c{number}" for number in range(ACCOUNTS * ORDERS))
    if field in ("CREATED_AT", "QUANTITY"):
        assert listed == [f"c{number}" for number in reversed(range(ACCOUNTS * ORDERS))]


async def test_paging_executions_both_ways_returns_each_once(api: Asking) -> None:
    forwards = await walk(api, EXECUTIONS, 10, backward=False)
    backwards = await walk(api, EXECUTIONS, 10, backward=True)
    listed = [edge["node"] for page in forwards for edge in page]
    assert [edge["node"] for page in backwards for edge in page] == listed
    assert len({node["id"] for node in listed}) == len(listed) == ACCOUNTS * ORDERS


async def test_the_total_count_is_that_of_the_filter(api: Asking) -> None:
    page = await api.ask(PAGE, filter={"symbols": ["COIN"], "statuses": ["FILLED"]}, first=5)
    assert (len(page["edges"]), page["totalCount"]) == (5, ACCOUNTS * ORDERS // 2)
    nothing = await api.ask(PAGE, filter={"open": True})
    assert nothing == {
        "edges": [],
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "totalCount": 0,
    }


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ({"first": 501}, "first"),
        ({"last": 0}, "last"),
        ({"first": 1, "last": 1}, "last"),
        ({"after": "nonsense"}, "after"),
        ({"last": 2, "before": "WyJ4IiwieSJd"}, "before"),
    ],
)
async def test_an_invalid_page_is_refused(desk: Platform, place: dict[str, Any], field: str) -> None:
    for document in (PAGE, EXECUTIONS):
        found = await Asking(desk, desk.admin).refusal(document, **place)
        assert (found["code"], found["field"]) == ("BAD_USER_INPUT", field)


async def test_the_statements_of_a_nested_query_do_not_grow_with_its_rows(
    api: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def statements(rows: int) -> Counter[str]:
        with counted_statements(monkeypatch) as found:
            answer = await api.answer(NESTED, first=rows)
        assert "errors" not in answer
        assert len(answer["data"]["orders"]["edges"]) == rows
        assert len(answer["data"]["executions"]["edges"]) == rows
        # The size of a page is part of its statement.
        return Counter(re.sub(r"LIMIT \d+", "LIMIT", text) for text in found.texts)

    few, many = await statements(2 * ACCOUNTS), await statements(ACCOUNTS * ORDERS)
    # The same statement serves several places of the document, which share it when they are reached together.
    assert many.keys() == few.keys()
    assert max(*few.values(), *many.values()) <= MOST_PLACES
    assert many.total() < ACCOUNTS * ORDERS
