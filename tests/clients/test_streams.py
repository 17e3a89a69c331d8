"""Streams of the Python client against real processes: they outlive kills and restarts, and resume where they were."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.clients.conftest import Market
from tests.clients.test_client import limit
from tests.support.desk import signed_in
from tests.support.installation import EMAIL, PASSWORD, Installation, Process
from tests.support.waiting import eventually, take
from tradegraph_client import (
    ApiKey,
    Client,
    FileCursors,
    NotFound,
    Password,
    RetryPolicy,
    StreamEnded,
    Unauthenticated,
    Unavailable,
    streaming,
)
from tradegraph_client.types import (
    CreateApiKeyInput,
    OrderEvent,
    OrderType,
    PlaceOrderInput,
    PlaceOrdersInput,
    Role,
    Side,
)


async def some(events: AsyncIterator[OrderEvent], count: int) -> list[str]:
    """Quantity and kind of the next events."""
    taken: list[str] = []
    async with asyncio.timeout(180):
        while len(taken) < count:
            event = await anext(events)
            taken.append(f"{event.order.quantity} {event.kind}")
    return taken


def market_buy(market: Market) -> PlaceOrderInput:
    """A buy of one at the market."""
    return PlaceOrderInput(
        account_id=market.account_id,
        symbol=market.symbol,
        side=Side.BUY,
        type=OrderType.MARKET,
        quantity=Decimal("1"),
    )


async def end_sessions(whole: Installation) -> None:
    """End all sessions of all users, directly in the database."""
    connection = await asyncpg.connect(whole.database_url)
    try:
        await connection.execute("UPDATE sessions SET ended_at = now(), end_reason = 'REVOKED'")
    finally:
        await connection.close()


async def test_a_named_stream_resumes_in_the_next_program(
    shared_web: Process, key: str, client: Client, market: Market, tmp_path: Path
) -> None:
    account = await client.get_event_cursor(id=market.account_id)
    assert account is not None

    async def program(count: int) -> list[str]:
        cursors = FileCursors(tmp_path / "cursors.json")
        async with Client(shared_web.address, ApiKey(key), cursors=cursors, proxy=None) as desk:
            stream = desk.watch_order_events(account_id=market.account_id, after=account.event_cursor, name="bot")
            return await some(stream, count)

    await client.place_order(limit(market, "1"))
    assert await program(2) == ["1 PENDING_NEW", "1 NEW"]
    await client.place_orders(PlaceOrdersInput(orders=[limit(market, "2"), limit(market, "3")]))
    # The event that the first program had not finished with comes again; after it none is missing.
    told = await program(5)
    assert told[0] == "1 NEW"
    assert sorted(told[1:]) == ["2 NEW", "2 PENDING_NEW", "3 NEW", "3 PENDING_NEW"]


async def test_a_stream_without_a_position_begins_at_the_end_of_the_log(
    shared_web: Process, key: str, client: Client, market: Market, tmp_path: Path
) -> None:
    await client.place_order(limit(market, "1"))
    cursors = FileCursors(tmp_path / "cursors.json")
    async with Client(shared_web.address, ApiKey(key), cursors=cursors, proxy=None) as desk:
        first = asyncio.ensure_future(some(desk.watch_executions(account_id=market.account_id, name="fills"), 1))
        await eventually(lambda: cursors.load("fills") is not None, 90)
        first.cancel()
        await client.place_order(market_buy(market))
        # It never had an event, and misses none all the same.
        (told,) = await take(desk.watch_executions(account_id=market.account_id, name="fills"), 1, 90)
    assert (told.quantity, told.price) == (Decimal("1"), Decimal("100.01"))


async def test_state_streams_begin_with_the_current_state(client: Client, market: Market) -> None:
    (quote,) = await take(client.watch_quotes(symbols=[market.symbol]), 1, 90)
    assert (quote.bid, quote.ask) == (Decimal("99.99"), Decimal("100.01"))
    with pytest.raises(ValueError, match="no position to store"):
        await anext(client.watch_quotes(symbols=[market.symbol], name="quotes"))


async def test_a_refused_subscription_is_not_retried(shared_web: Process, client: Client, market: Market) -> None:
    with pytest.raises(NotFound):
        await anext(client.watch_order_events(account_id="01a22a3b-0000-7000-8000-000000000000", after=None))
    async with Client(shared_web.address, Password(EMAIL, PASSWORD)) as person:
        made = await person.create_api_key(CreateApiKeyInput(name="short", role=Role.VIEWER))
    async with Client(shared_web.address, ApiKey(made.secret), proxy=None) as other:
        stream = other.watch_quotes(symbols=[market.symbol])
        await take(stream, 1, 90)
        await client.revoke_api_key(id=made.api_key.id)
        with pytest.raises(Unauthenticated):
            async with asyncio.timeout(90):
                await anext(stream)
    async with Client("http://127.0.0.1:9", retry=RetryPolicy(patience_seconds=0), proxy=None) as nobody:
        with pytest.raises(Unavailable):
            await anext(nobody.watch_system_health(retry=RetryPolicy(patience_seconds=0)))


async def test_a_stream_survives_kills_of_the_server_and_the_end_of_its_session(
    fresh: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def note(*given: Any) -> float:
        pauses.append(wait(*given))
        return pauses[-1]

    wait = streaming._wait
    monkeypatch.setattr(streaming, "_wait", note)
    web = fresh.web()
    fresh.start(web)
    async with signed_in(web.address) as desk:
        await desk.create_instrument("K-USD")
        account_id = await desk.open_account("1000")
    place = Market("K-USD", account_id)
    async with Client(web.address, Password(EMAIL, PASSWORD), proxy=None) as client:
        cursor = await client.get_event_cursor(id=account_id)
        assert cursor is not None
        stream = client.watch_order_events(account_id=account_id, after=cursor.event_cursor)
        # No engine runs: each order is accepted, and waits.
        await client.place_order(limit(place, "1"))
        assert await some(stream, 1) == ["1 PENDING_NEW"]
        waiting = asyncio.ensure_future(anext(stream))
        web.kill()
        # The stream has tried in vain before; and when the server is back, the session is over, too.
        await eventually(lambda: len(pauses) >= 2)
        await end_sessions(fresh)
        await web.come_back("Uvicorn running")
        # It signs in again at once.
        await eventually(lambda: 0.0 in pauses or waiting.done())
        await client.place_order(limit(place, "2"))
        event = await asyncio.wait_for(waiting, 180)
        assert (event.order.quantity, event.kind) == (Decimal("2"), "PENDING_NEW")


async def test_streams_end_with_their_client(shared_web: Process, key: str, market: Market) -> None:
    async with Client(shared_web.address, ApiKey(key), proxy=None) as other:
        quotes = other.watch_quotes(symbols=[market.symbol])
        await take(quotes, 1, 90)
        waiting = asyncio.ensure_future(anext(quotes))
        await asyncio.sleep(0)
    with pytest.raises(StreamEnded, match="the client was closed"):
        await asyncio.wait_for(waiting, 90)
