"""A list reads what is asked of its orders and no more; the answers are those that reading everything gives."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from graphql import get_named_type, is_leaf_type

from api.graphql.field_flags import definition_of, is_plain
from api.root import platform_schema
from domain.orders.model.order import Order
from domain.orders.queries import ORDER_COLUMNS, to_order
from domain.orders.reading.order_columns import order_columns
from tests.orders.factories import SPOT, command
from tests.support.asking import Asking, counted_statements
from tests.support.trading import Platform, platform

ORDER_TYPE = platform_schema().type_map["Order"]
LEAVES = sorted(
    name
    for name, field in ORDER_TYPE.fields.items()  # type: ignore[attr-defined]
    if is_plain(field) and is_leaf_type(get_named_type(field.type))
)
PAGES = ["", "(orderBy: {field: QUANTITY, direction: ASC})", "(first: 1)", "(last: 2)"]


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(SPOT)
        await whole.quote(SPOT.symbol, "99.99", "100.01")
        yield whole


@pytest.fixture
async def api(desk: Platform) -> Asking:
    """The API of a user with two orders: a filled one and a resting one."""
    owner, account = await desk.open_account("100000")
    filled = command(account_id=account.id, symbol=SPOT.symbol, client_order_id="filled", limit_price=Decimal(101))
    resting = command(account_id=account.id, symbol=SPOT.symbol, limit_price=Decimal(90), strategy="s")
    placed = await desk.place(owner, filled, resting)
    await desk.settled(placed[0].id)
    return Asking(desk, owner)


async def nodes(api: Asking, selection: str, page: str = "") -> list[dict[str, Any]]:
    answer = await api.ask(f"{{ orders{page} {{ edges {{ node {{ {selection} }} }} }} }}")
    return [edge["node"] for edge in answer["edges"]]


@pytest.mark.parametrize("page", PAGES)
async def test_a_field_read_alone_equals_the_field_read_with_all(api: Asking, page: str) -> None:
    # `violations` is read by no list of columns, so that here every column is.
    together = await nodes(api, " ".join(["violations { ruleId }", *LEAVES]), page)
    assert together
    for name in LEAVES:
        assert await nodes(api, name, page) == [{name: node[name]} for node in together], name


@pytest.mark.parametrize(
    ("selection", "fragments"),
    [
        ("clientOrderId ... on Order { status }", ""),
        (
            "a: clientOrderId b: remainingQuantity ...F",
            "fragment F on Order { averagePrice ...G } fragment G on Order { instrument { symbol } __typename }",
        ),
        ("id account { name } executions { price } history { kind }", ""),
        ("id status @include(if: true) side @skip(if: true)", ""),
        ("__typename", ""),
    ],
)
async def test_fragments_and_nested_objects_add_their_columns(api: Asking, selection: str, fragments: str) -> None:
    found = await api.ask(f"{{ orders {{ edges {{ node {{ {selection} }} }} }} }} {fragments}")
    assert len(found["edges"]) == 2


async def test_only_the_requested_columns_are_selected(api: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    with counted_statements(monkeypatch) as sent:
        await nodes(api, "clientOrderId remainingQuantity instrument { symbol }")
    [statement] = [text for text in sent.texts if "FROM orders" in text]
    wanted = statement.partition(" FROM ")[0].removeprefix("SELECT ").split(", ")
    columns = ["id", "instrument_id", "client_order_id", "quantity", "filled_quantity", "created_at", "closed_at"]
    assert sorted(wanted) == sorted(f"o.{name}" for name in columns)


@pytest.mark.parametrize("names", [None, frozenset({"violations", "id"}), frozenset({"nothing_of_this_name"})])
def test_a_field_without_columns_of_its_own_reads_all_columns(names: frozenset[str] | None) -> None:
    assert order_columns(names)[1] is to_order


def test_every_plain_field_is_a_column_or_computed_from_columns() -> None:
    for name, field in ORDER_TYPE.fields.items():  # type: ignore[attr-defined]
        definition = definition_of(field)
        assert definition is not None
        if is_plain(field) and name != "violations":
            assert order_columns(frozenset({definition.python_name}))[1] is not to_order, name
    assert set(ORDER_COLUMNS) < {*Order.__dataclass_fields__}
