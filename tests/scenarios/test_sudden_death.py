"""kill -9 in the middle of trading: no accepted order is lost, no execution is doubled, the books are intact."""

import asyncio
from collections.abc import Iterator

import pytest

from adapters.embedded import EmbeddedServices
from adapters.embedded.postgres import PostgresServer
from tests.support.desk import Desk, signed_in
from tests.support.installation import Installation, Process
from tests.support.load import SYMBOL, load

TRADING = "venue=paper orders="
STANDING_BY = "standing by                    [lease] role=venue:paper"


async def test_killing_engine_and_web_loses_and_doubles_nothing(fresh: Installation) -> None:
    web, engine = fresh.web(), fresh.engine()
    fresh.start(web, engine)
    async with signed_in(web.address) as desk:
        async with load(desk) as running:
            engine.kill()
            await running.go_on()
            await engine.come_back()
            await running.go_on()
            web.kill()
            await running.disturb()
            await web.come_back()
            await running.go_on()
            for process in (engine, web):
                process.kill()
            await running.disturb()
            await asyncio.gather(engine.come_back(), web.come_back())
            await running.go_on()
        await running.check()


@pytest.fixture
def postgres(services: EmbeddedServices) -> Iterator[PostgresServer]:
    """The database server, running again afterwards."""
    yield services.postgres
    if not services.postgres.running:
        services.postgres.start()


async def test_killing_the_database_loses_and_doubles_nothing(fresh: Installation, postgres: PostgresServer) -> None:
    web, engine = fresh.web(), fresh.engine()
    fresh.start(web, engine)
    async with signed_in(web.address) as desk:
        async with load(desk) as running:
            for _ in range(2):
                postgres.kill()
                await running.disturb()
                await asyncio.to_thread(postgres.start)
                await running.go_on()
        await running.check()


async def test_a_standby_engine_takes_over_from_a_killed_one(fresh: Installation) -> None:
    web, first, second = fresh.web(), fresh.engine(), fresh.engine()
    fresh.start(web, first)
    async with signed_in(web.address) as desk:
        async with load(desk) as running:
            await second.come_back(STANDING_BY)
            await running.go_on()
            assert TRADING not in second.output
            await _take_over(desk, first, second)
            await first.come_back(STANDING_BY)
            await running.go_on()
            await _take_over(desk, second, first)
            await running.go_on()
        await running.check()
    assert [engine.output.count(TRADING) for engine in (first, second)] == [2, 1]


async def _take_over(desk: Desk, holder: Process, standby: Process) -> None:
    """Kill the engine that works; an order that is placed right after it is executed by the other."""
    account_id = await desk.open_account("1000")
    holder.kill()
    order = await desk.place(account_id, SYMBOL, "BUY", "1", type="LIMIT", limitPrice="100.5")
    await desk.settled(order["id"], "FILLED")
