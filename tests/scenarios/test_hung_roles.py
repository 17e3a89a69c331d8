"""An engine that hangs, as SIGSTOP makes it, is taken over from; when it wakes it changes nothing."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.support.desk import Desk, signed_in
from tests.support.installation import Installation, Process
from tests.support.load import SYMBOL, load
from tests.support.waiting import until

TRADING = "venue=paper orders="
STANDING_BY = "standing by                    [lease] role=venue:paper"
CANCEL_ALL_AFTER = """mutation ($input: CancelAllAfterInput!) {
  cancelAllAfter(input: $input) { triggersAt unconfirmedCancels }
}"""
CANCEL_ORDERS = "mutation ($input: CancelOrdersInput!) { cancelOrders(input: $input) { unconfirmedCancels } }"


@contextmanager
def stopped(process: Process) -> Iterator[None]:
    """Stop the process with SIGSTOP for the time of the context."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def test_a_standby_takes_over_from_an_engine_that_hangs(fresh: Installation) -> None:
    web, first, second = fresh.web(), fresh.engine(), fresh.engine()
    fresh.start(web, first)
    async with signed_in(web.address) as desk:
        async with load(desk) as running:
            await second.come_back(STANDING_BY)
            for holder, standby in ((first, second), (second, first)):
                await running.go_on()
                takeovers = standby.output.count(TRADING)
                with stopped(holder):
                    await until(lambda: _traded(standby, takeovers), 60)  # noqa: B023  called in this round only
                    await running.go_on()
                # It wakes with a step in its hands: nothing of it counts, and it stands by.
                await asyncio.to_thread(holder.wait_for, STANDING_BY)
                await running.go_on()
        await running.check()
    for engine in (first, second):
        assert "Traceback" not in engine.output


async def _traded(engine: Process, before: int) -> bool:
    return engine.output.count(TRADING) > before


async def test_the_dead_mans_switch_fires_although_the_engine_hangs(fresh: Installation) -> None:
    web, first, second = fresh.web(), fresh.engine(), fresh.engine()
    fresh.start(web, first)
    await second.come_back(STANDING_BY)
    async with signed_in(web.address) as desk:
        account_id, order_id = await _resting(desk)
        with stopped(first):
            await desk.client.ask(CANCEL_ALL_AFTER, input={"accountId": account_id, "seconds": 1})
            await until(lambda: _is_canceled(desk, order_id), 60)


async def test_without_a_standby_a_worker_fires_the_dead_mans_switch(fresh: Installation) -> None:
    web, engine, worker = fresh.web(), fresh.engine(), fresh.worker()
    fresh.start(web, engine, worker)
    async with signed_in(web.address) as desk:
        account_id, order_id = await _resting(desk)
        with stopped(engine):
            await desk.client.ask(CANCEL_ALL_AFTER, input={"accountId": account_id, "seconds": 1})
            await until(lambda: _is_asked_to_cancel(desk, order_id), 60)
            # It is not over yet, and that is said: in the answer, as a risk event, and to whoever asks for health.
            answer = await desk.client.ask(CANCEL_ORDERS, input={"accountId": account_id})
            assert answer["cancelOrders"]["unconfirmedCancels"] == 1
            await until(lambda: _waits(desk, 1), 90)
            assert await _ready(web.address) == (503, "unavailable")
        await until(lambda: _is_canceled(desk, order_id), 60)
        answer = await desk.client.ask(CANCEL_ORDERS, input={"accountId": account_id})
        assert answer["cancelOrders"]["unconfirmedCancels"] == 0
        await until(lambda: _waits(desk, 0), 90)
        await until(lambda: _is_ready(web.address), 30)


async def _waits(desk: Desk, count: int) -> bool:
    events = await desk.client.ask("{ riskEvents(first: 50) { edges { node { kind severity clearedAt } } } }")
    found = [edge["node"] for edge in events["riskEvents"]["edges"] if edge["node"]["kind"] == "COMMANDS_WAIT"]
    assert len(found) <= 1
    return sum(event["clearedAt"] is None for event in found) == count


async def _ready(address: str) -> tuple[int, str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"{address}/readyz")
        return response.status_code, response.json()["commands"]


async def _is_ready(address: str) -> bool:
    return await _ready(address) == (200, "ok")


async def _resting(desk: Desk) -> tuple[str, str]:
    await desk.create_instrument(SYMBOL)
    await desk.publish(SYMBOL, "99", "101")
    account_id = await desk.open_account("100000")
    order = await desk.place(account_id, SYMBOL, "BUY", "1", type="LIMIT", limitPrice="50")
    await desk.settled(order["id"], "NEW")
    return account_id, order["id"]


async def _is_canceled(desk: Desk, order_id: str) -> bool:
    return bool((await desk.find(order_id))["status"] == "CANCELED")


async def _is_asked_to_cancel(desk: Desk, order_id: str) -> bool:
    return bool((await desk.find(order_id))["pendingAction"] == "CANCEL")
