"""No gap, no repeat: a client that is cut off again and again ends with exactly the account's log."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg
import pytest
import redis
from websockets.exceptions import WebSocketException

from adapters.embedded import EmbeddedServices
from api.realtime.streams import position_of
from api.scalars import Cursor
from tests.support.client import Client
from tests.support.desk import Desk, signed_in
from tests.support.installation import Installation
from tests.support.load import load
from tests.support.waiting import eventually

EVENTS = """subscription ($id: ID!, $after: Cursor!) { orderEvents(accountId: $id, after: $after) {
  cursor kind order { id version }
} }"""
HISTORY = "query ($id: ID!) { order(id: $id) { history { cursor kind order { id version } } } }"
LOG = """
SELECT sequence, kind, order_id::text FROM account_events WHERE account_id = $1 AND order_id IS NOT NULL
ORDER BY sequence
"""
# It hangs up by itself after this many events, so that it is cut off in calm times too.
PATIENCE_EVENTS = 25

Numbered = tuple[int | None, str, str]


@dataclass(slots=True)
class Follower:
    """Subscribes after the last cursor that it has seen, whenever it can."""

    client: Client
    account_id: str
    seen: list[Numbered]
    cursor: str
    hangups: int = 0

    async def run(self) -> None:
        """Follow without end."""
        while True:
            try:
                await self._follow()
            except (OSError, WebSocketException):
                # Nobody is there; somebody will be.
                await asyncio.sleep(0.05)

    async def _follow(self) -> None:
        async with self.client.socket() as socket:
            stream = await socket.subscribe(EVENTS, id=self.account_id, after=self.cursor)
            async for event in stream:
                self.cursor = event["cursor"]
                self.seen.append(numbered(event))
                if len(self.seen) % PATIENCE_EVENTS == 0:
                    self.hangups += 1
                    break

    async def go_on(self, events: int = 20) -> None:
        """Wait until so many more events have come."""
        goal = len(self.seen) + events
        await eventually(lambda: len(self.seen) >= goal, timeout_seconds=60)


def numbered(event: dict[str, object]) -> Numbered:
    """An event as the log has it."""
    order = event["order"]
    assert isinstance(order, dict)
    return position_of(Cursor(str(event["cursor"])), None), str(event["kind"]), order["id"]


@pytest.fixture
def valkey(services: EmbeddedServices, fresh: Installation) -> Iterator[EmbeddedServices]:
    """Servers whose Valkey runs again afterwards."""
    yield services
    if not services.valkey.running:
        services.valkey.start()


async def test_a_resuming_follower_gets_every_event_once(fresh: Installation, valkey: EmbeddedServices) -> None:
    trading, following, engine = fresh.web(), fresh.web(), fresh.engine()
    fresh.start(trading, following, engine)
    async with signed_in(trading.address) as desk, Client(following.address, desk.client.token) as client:
        async with load(desk, accounts=1) as running:
            account_id = running.traders[0].account_id
            first = await _first_event(desk, account_id)
            follower = Follower(client, account_id, [numbered(first)], first["cursor"])
            task = asyncio.create_task(follower.run())
            await asyncio.gather(running.go_on(), follower.go_on())
            for _ in range(2):
                following.kill()
                await running.go_on()
                with redis.Redis.from_url(valkey.redis_url) as bus:
                    bus.flushall()
                await following.come_back()
                await asyncio.gather(running.go_on(), follower.go_on())
            valkey.valkey.kill()
            await asyncio.gather(running.go_on(), follower.go_on())
            await asyncio.to_thread(valkey.valkey.start)
            await asyncio.gather(running.go_on(), follower.go_on())
        await running.check()
        expected = await _log(fresh.database_url, account_id)
        await eventually(lambda: len(follower.seen) >= len(expected), timeout_seconds=60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert follower.seen == expected
    assert follower.hangups == len(expected) // PATIENCE_EVENTS > 0


async def _first_event(desk: Desk, account_id: str) -> dict[str, str]:
    """The first event of the account's first order."""
    orders = await desk.orders(accountId=account_id)
    history = (await desk.client.ask(HISTORY, id=orders[0]["id"]))["order"]["history"]
    event: dict[str, str] = history[0]
    return event


async def _log(database_url: str, account_id: str) -> list[Numbered]:
    """The account's log as it is stored."""
    connection = await asyncpg.connect(database_url)
    try:
        return [tuple(row) for row in await connection.fetch(LOG, account_id)]
    finally:
        await connection.close()
