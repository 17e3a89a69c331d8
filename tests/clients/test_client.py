"""The Python client against a real server: orders, lost answers, sessions, errors, pages, tables."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from tests.clients.conftest import Market
from tests.support.installation import EMAIL, PASSWORD, Process
from tradegraph_client import (
    ApiKey,
    BadUserInput,
    Client,
    Conflict,
    NotFound,
    Password,
    RetryPolicy,
    SyncClient,
    Unauthenticated,
    Unavailable,
    every,
    every_sync,
    to_pandas,
)
from tradegraph_client.types import (
    CancelAllAfterInput,
    CancelOrderInput,
    CancelOrdersInput,
    CashInput,
    ModifyOrderInput,
    OrderFilter,
    OrderStatus,
    OrderType,
    PlaceOrderInput,
    PlaceOrdersInput,
    Side,
    TimeInForce,
)


def limit(market: Market, quantity: str = "1", price: str = "90") -> PlaceOrderInput:
    """A buy that rests."""
    return PlaceOrderInput(
        account_id=market.account_id,
        symbol=market.symbol,
        side=Side.BUY,
        type=OrderType.LIMIT,
        quantity=Decimal(quantity),
        limit_price=Decimal(price),
        time_in_force=TimeInForce.GTC,
    )


async def settled(client: Client, order_id: str) -> OrderStatus:
    """The status of an order once its venue has answered."""
    async with asyncio.timeout(60):
        while True:
            order = await client.get_order(id=order_id)
            assert order is not None
            if order.status != OrderStatus.PENDING_NEW and order.pending_action is None:
                return order.status
            await asyncio.sleep(0.02)


class Losing(httpx.AsyncBaseTransport):
    """A transport that loses the answers of the first requests after the server has executed them."""

    def __init__(self, losses: int) -> None:
        self.inner = httpx.AsyncHTTPTransport()
        self.losses = losses
        self.requests = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        await response.aread()
        self.requests += 1
        if self.requests <= self.losses:
            raise httpx.ReadError("the connection was cut", request=request)
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


@asynccontextmanager
async def losing(
    address: str, key: str, losses: int, patience_seconds: float = 60
) -> AsyncIterator[tuple[Client, Losing]]:
    """A client whose first answers are lost."""
    way = Losing(losses)
    async with httpx.AsyncClient(transport=way) as http:
        yield Client(address, ApiKey(key), http=http, retry=RetryPolicy(patience_seconds=patience_seconds)), way


async def test_an_order_is_placed_and_cancelled_with_money_as_decimals(client: Client, market: Market) -> None:
    placed = (await client.place_order(limit(market))).order
    assert (placed.quantity, placed.limit_price, placed.side) == (Decimal("1"), Decimal("90"), Side.BUY)
    assert placed.client_order_id.startswith("py-")
    assert placed.created_at.utcoffset() == timedelta(0)
    assert await settled(client, placed.id) == OrderStatus.NEW

    account = await client.get_account(id=market.account_id)
    assert account is not None
    assert (account.cash, account.reserved) == (Decimal("100000"), Decimal("90"))

    await client.modify_order(ModifyOrderInput(id=placed.id, quantity=Decimal("2")))
    await settled(client, placed.id)
    again = await client.get_order(account_id=market.account_id, client_order_id=placed.client_order_id)
    assert again is not None
    assert again.quantity == Decimal("2")

    await client.cancel_order(CancelOrderInput(id=placed.id))
    assert await settled(client, placed.id) == OrderStatus.CANCELED


async def test_a_lost_answer_never_places_an_order_twice(
    client: Client, market: Market, shared_web: Process, key: str
) -> None:
    async with losing(shared_web.address, key, losses=2) as (unlucky, way):
        one = await unlucky.place_order(limit(market))
        assert (one.replayed, way.requests) == (True, 3)
    async with losing(shared_web.address, key, losses=1) as (unlucky, way):
        several = await unlucky.place_orders(PlaceOrdersInput(orders=[limit(market), limit(market, "2")]))
        assert ([row.replayed for row in several.results], way.requests) == ([True, True], 2)
    orders = await client.get_orders(filter_=OrderFilter(account_id=market.account_id))
    assert sorted(edge.node.quantity for edge in orders.edges) == [1, 1, 2]


async def test_an_error_after_a_lost_answer_has_the_ids_for_a_repeat(
    client: Client, market: Market, shared_web: Process, key: str
) -> None:
    async with losing(shared_web.address, key, losses=1_000, patience_seconds=0.3) as (unlucky, _):
        with pytest.raises(Unavailable, match="the connection was cut") as lost:
            await unlucky.place_order(limit(market))
    assert lost.value.outcome_unknown
    (given,) = lost.value.client_order_ids
    again = await client.place_order(limit(market).model_copy(update={"client_order_id": given}))
    assert again.replayed


async def test_a_command_without_an_idempotency_key_is_not_retried(
    client: Client, market: Market, shared_web: Process, key: str
) -> None:
    async with losing(shared_web.address, key, losses=1) as (unlucky, way):
        with pytest.raises(Unavailable) as lost:
            await unlucky.close_all_positions(account_id=market.account_id)
        assert (lost.value.outcome_unknown, way.requests) == (True, 1)
        # What has one is.
        paid = await unlucky.deposit(CashInput(account_id=market.account_id, amount=Decimal("5"), reference="five"))
    account = await client.get_account(id=market.account_id)
    assert account is not None
    assert (account.cash, paid.amount) == (Decimal("100005"), Decimal("5"))


async def test_an_unreachable_server_raises_unavailable_without_effect() -> None:
    async with Client("http://127.0.0.1:9", ApiKey("tg_x"), retry=RetryPolicy(patience_seconds=0)) as nobody:
        with pytest.raises(Unavailable, match="does not answer") as error:
            await nobody.cancel_all_after(CancelAllAfterInput(account_id="x", seconds=1))
    assert not error.value.outcome_unknown


async def test_errors_are_exceptions_by_code_with_the_field(client: Client, market: Market) -> None:
    with pytest.raises(BadUserInput) as bad:
        await client.place_order(limit(market).model_copy(update={"quantity": Decimal("-1")}))
    assert bad.value.code == "BAD_USER_INPUT"
    assert (bad.value.field or "").endswith("quantity")
    with pytest.raises(NotFound):
        await client.place_order(limit(replace(market, account_id="0" * 8)))
    order = (await client.place_order(limit(market))).order
    with pytest.raises(Conflict):
        await client.place_order(limit(market, "3").model_copy(update={"client_order_id": order.client_order_id}))
    # A refusal by a business rule is an order, not an exception.
    refused = (await client.place_order(limit(market, quantity="1000000"))).order
    assert (refused.status, refused.reject_reason) == ("REJECTED", "INSUFFICIENT_FUNDS")


async def test_a_session_is_started_renewed_and_started_again(shared_web: Process) -> None:
    async with Client(shared_web.address, Password(EMAIL, PASSWORD)) as person:
        assert (await person.get_viewer()).email == EMAIL
        first = person._tokens
        assert first is not None
        # As if its time were over: the refresh token is exchanged, once, however many calls are waiting.
        person._tokens = replace(first, renew_at=time.monotonic())
        await asyncio.gather(*(person.get_viewer() for _ in range(5)))
        second = person._tokens
        assert second is not None
        assert second.access != first.access
        assert len([row for row in await person.get_sessions() if row.current]) == 1
        # The session is ended from outside: the next call signs in again.
        async with signed_in_elsewhere(shared_web.address, second.access) as other:
            await other.logout()
        assert (await person.get_viewer()).email == EMAIL


@asynccontextmanager
async def signed_in_elsewhere(address: str, token: str) -> AsyncIterator[Client]:
    async with Client(address, ApiKey(token)) as other:
        yield other


async def test_a_wrong_key_is_refused_at_once(shared_web: Process) -> None:
    async with Client(shared_web.address, ApiKey("tg_wrong")) as nobody:
        with pytest.raises(Unauthenticated):
            await nobody.get_viewer()


async def test_the_client_knows_the_time_of_the_server(client: Client) -> None:
    await client.get_viewer()
    assert client._clock.is_known
    assert abs(client.now() - datetime.now(UTC)) < timedelta(seconds=5)


async def test_lists_are_read_page_by_page_and_become_tables(client: Client, market: Market) -> None:
    await client.place_orders(PlaceOrdersInput(orders=[limit(market, str(n)) for n in range(1, 8)]))
    wanted = OrderFilter(account_id=market.account_id)
    orders = [order async for order in every(client.get_orders, page=3, filter_=wanted)]
    assert sorted(order.quantity for order in orders) == [1, 2, 3, 4, 5, 6, 7]
    table = to_pandas(orders)
    assert len(table) == 7
    assert table["quantity"].sum() == Decimal("28")
    assert set(table["account.currency"]) == {"USD"}
    assert str(table["created_at"].dtype) == "datetime64[us, UTC]"
    assert to_pandas(orders, floats=True)["limit_price"].mean() == 90.0


def test_the_synchronous_client_places_lists_and_cancels_orders(shared_web: Process, key: str, market: Market) -> None:
    with SyncClient(shared_web.address, ApiKey(key)) as desk:
        order = desk.place_order(limit(market)).order
        found = list(every_sync(desk.get_orders, filter_=OrderFilter(account_id=market.account_id)))
        assert [row.id for row in found] == [order.id]
        with pytest.raises(BadUserInput):
            desk.place_order(limit(market, "-1"))
        assert desk.cancel_orders(CancelOrdersInput(account_id=market.account_id)).orders[0].id == order.id
    with SyncClient(shared_web.address, Password(EMAIL, PASSWORD)) as person:
        assert person.get_viewer().email == EMAIL
        tokens = person._tokens
        assert tokens is not None
        person._tokens = replace(tokens, renew_at=time.monotonic())
        assert person.get_viewer().email == EMAIL
        assert person._tokens.access != tokens.access
