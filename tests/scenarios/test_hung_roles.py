"""An engine that hangs, as SIGSTOP makes it, is taken over from; when it wakes it changes nothing."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.desk import Desk, signed_in
from tests.support.installation import Installation, Process
from tests.support.load import SYMBOL, load
from tests.support.waiting import until

TRADING = "venue=paper orders="
STANDING_BY = "standing by                    [lease] role=venue:paper"
CANCEL_ALL_AFTER = "mutation ($input: CancelAllAfterInput!) { cancelAllAfter(input: $input) { triggersAt } }"


@contextmanager
def stopped(process: Process) -> Iterator[None]:
    """It stands still, in the middle of whatever it did."""
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
        await until(lambda: _is_canceled(desk, order_id), 60)


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
