"""Orders through the API: every mutation of the area, as a client sends it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from graphql import graphql

from api.context import Context
from api.root import platform_schema
from domain.access.types import Actor
from domain.accounts.types import AccountKind
from domain.kernel.ids import new_id
from tests.orders.factories import PERPETUAL
from tests.support.trading import Platform, platform
from tests.support.waiting import until

PLACE = "mutation ($i: PlaceOrderInput!) { placeOrder(input: $i) { order { id status version } replayed } }"
ORDER = "query ($id: ID!) { order(id: $id) { status limitPrice quantity filledQuantity averagePrice pendingAction } }"


@dataclass
class Client:
    """A trader with an account, at a desk with one perpetual that quotes around 100."""

    desk: Platform
    actor: Actor
    account_id: UUID

    async def ask(self, query: str, actor: Actor | None = None, **variables: Any) -> Any:
        """The value of the one root field, or the code of the one error."""
        context = Context(self.desk.services, actor=actor or self.actor)
        result = await graphql(platform_schema(), query, context_value=context, variable_values=variables)
        if result.errors:
            original = result.errors[0].original_error
            assert original is not None, result.errors[0]
            return type(original).__name__
        assert result.data is not None
        (value,) = result.data.values()
        return value

    def order(self, **others: Any) -> dict[str, Any]:
        """A resting limit order."""
        given = {
            "accountId": str(self.account_id),
            "symbol": "COIN-PERP",
            "side": "BUY",
            "type": "LIMIT",
            "quantity": "1",
            "limitPrice": "90",
            "timeInForce": "GTC",
        }
        return {name: value for name, value in (given | others).items() if value is not None}

    async def settled(self, *ids: str) -> None:
        await self.desk.settled(*(UUID(order_id) for order_id in ids))


@pytest.fixture
async def client(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Client]:
    async with platform(database_url, redis_url, tmp_path) as desk:
        await desk.add_instrument(replace(PERPETUAL, id=new_id()))
        await desk.quote("COIN-PERP", "99.99", "100.01")
        owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
        yield Client(desk, owner, account.id)


async def test_an_order_is_changed_and_an_outdated_version_conflicts(client: Client) -> None:
    order_id = (await client.ask(PLACE, i=client.order()))["order"]["id"]
    await client.settled(order_id)
    version = (await client.ask("query ($id: ID!) { order(id: $id) { version } }", id=order_id))["version"]
    modify = "mutation ($i: ModifyOrderInput!) { modifyOrder(input: $i) { order { id pendingAction } } }"
    given = {"id": order_id, "limitPrice": "91", "quantity": "2", "expectedVersion": version}
    assert (await client.ask(modify, i=given))["order"] == {"id": order_id, "pendingAction": "REPLACE"}
    await client.settled(order_id)
    stored = await client.ask(ORDER, id=order_id)
    assert (stored["limitPrice"], stored["quantity"], stored["pendingAction"]) == ("91", "2", None)
    assert await client.ask(modify, i=given | {"limitPrice": "92"}) == "Conflict"


async def test_orders_are_cancelled_by_filter(client: Client) -> None:
    ids = [(await client.ask(PLACE, i=client.order(strategy=strategy)))["order"]["id"] for strategy in ("a", "a", "b")]
    await client.settled(*ids)
    cancel = "mutation ($i: CancelOrdersInput!) { cancelOrders(input: $i) { orders { id } } }"
    gone = await client.ask(cancel, i={"accountId": str(client.account_id), "strategy": "a"})
    assert {order["id"] for order in gone["orders"]} == set(ids[:2])
    await client.settled(*ids)
    assert [(await client.ask(ORDER, id=order_id))["status"] for order_id in ids] == ["CANCELED", "CANCELED", "NEW"]


async def test_the_dead_mans_switch_is_armed_and_disarmed(client: Client) -> None:
    switch = "mutation ($i: CancelAllAfterInput!) { cancelAllAfter(input: $i) { accountId triggersAt } }"
    given = {"accountId": str(client.account_id), "seconds": 60}
    assert (await client.ask(switch, i=given))["triggersAt"].endswith("Z")
    assert (await client.ask(switch, i=given | {"seconds": 0}))["triggersAt"] is None
    assert await client.ask(switch, i=given | {"seconds": -1}) == "BadInput"


async def test_a_bracket_protects_the_filled_quantity_of_its_entry(client: Client) -> None:
    place = """mutation ($i: PlaceBracketInput!) {
      placeBracket(input: $i) { groupId orders { id contingency groupId parentId } }
    }"""
    given = {
        "entry": client.order(type="MARKET", limitPrice=None),
        "takeProfit": {"type": "LIMIT", "limitPrice": "110"},
        "stopLoss": {"type": "STOP", "stopPrice": "95"},
    }
    group = await client.ask(place, i=given)
    entry, profit, loss = group["orders"]
    assert [order["contingency"] for order in group["orders"]] == ["OTO", "OUO", "OUO"]
    assert {order["groupId"] for order in group["orders"]} == {group["groupId"]}
    assert (profit["parentId"], loss["parentId"]) == (entry["id"], entry["id"])
    await client.settled(entry["id"], profit["id"], loss["id"])
    statuses = [(await client.ask(ORDER, id=order["id"]))["status"] for order in group["orders"]]
    assert statuses == ["FILLED", "NEW", "NEW"]
    assert await client.ask(place, i={"entry": given["entry"]}) == "BadInput"


async def test_a_fill_of_one_oco_order_cancels_the_other(client: Client) -> None:
    place = "mutation ($i: PlaceOcoInput!) { placeOco(input: $i) { groupId orders { id contingency } } }"
    second = client.order(side="SELL", type="LIMIT", limitPrice="100.05")
    group = await client.ask(place, i={"first": client.order(), "second": second})
    ids = [order["id"] for order in group["orders"]]
    await client.settled(*ids)
    await client.desk.quote("COIN-PERP", "100.05", "100.06")
    await client.settled(*ids)

    async def over() -> bool:
        return [(await client.ask(ORDER, id=order_id))["status"] for order_id in ids] == ["CANCELED", "FILLED"]

    await until(over)


async def test_authorised_people_bust_and_correct_executions(client: Client) -> None:
    ids = []
    for _ in range(2):
        order = client.order(type="MARKET", limitPrice=None)
        ids.append((await client.ask(PLACE, i=order))["order"]["id"])
    await client.settled(*ids)
    query = "query ($id: ID!) { order(id: $id) { executions { id bustedAt } } }"
    first, second = [(await client.ask(query, id=order_id))["executions"][0]["id"] for order_id in ids]
    bust = "mutation ($i: BustExecutionInput!) { bustExecution(input: $i) { id bustedAt } }"
    correct = "mutation ($i: CorrectExecutionInput!) { correctExecution(input: $i) { price quantity } }"
    assert await client.ask(bust, i={"id": first, "reason": "erroneous"}) == "Forbidden"
    assert (await client.ask(bust, client.desk.admin, i={"id": first, "reason": "erroneous"}))["bustedAt"]
    given = {"id": second, "price": "99.50", "quantity": "1", "reason": "price"}
    assert await client.ask(correct, client.desk.admin, i=given) == {"price": "99.5", "quantity": "1"}
    proof = "query ($id: ID!) { bookProof(accountId: $id) { intact breaks { what booked derived } } }"
    assert await client.ask(proof, id=str(client.account_id)) == {"intact": True, "breaks": []}
    value = (await client.desk.services.books.read([client.account_id]))[client.account_id]
    assert (value.positions[0].quantity, value.positions[0].average_price) == (Decimal(1), Decimal("99.5"))
