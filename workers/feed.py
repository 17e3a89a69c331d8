"""The feed role: publishes the configured feed's ticks on the stream, and records the ticks of all sources.

One process at a time plays it (a lease). A feed that ends or fails logs it once; recording continues, because clients
publish too.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any, cast

import structlog

from adapters.feeds.choice import chosen_feed
from adapters.feeds.feed import Feed, FeedError, Troubled, untroubled
from adapters.redis.tick_stream import RedisTickStream
from adapters.settings.values import FeedSetting
from domain.kernel.bus import Bus
from domain.kernel.concurrency import end_tasks
from domain.kernel.retry import keep_trying
from domain.kernel.time import Nanos
from domain.market.clocks import REPLAY
from domain.market.market import Market
from domain.market.recording import Recorder
from domain.market.stream import BEGINNING
from domain.market.types import Tick

# An unpaced source looks back at its readers this often; it is never more than twice as many batches ahead of them.
_LEAD_BATCHES = 32
_log = structlog.stdlib.get_logger("feed")


async def run_feed(
    setting: FeedSetting,
    market: Market,
    ticks: RedisTickStream,
    bus: Bus,
    progressed: Callable[[], None] = lambda: None,
    troubled: Troubled = untroubled,
) -> None:
    """Play the role until cancelled; calls ``progressed`` as it gets on, ``troubled`` when the source has trouble.

    Raises:
        Unavailable: the database cannot be read at the start.
        AnotherRecorder: another process plays it too.
    """
    recorder = Recorder(market, ticks, bus, progressed=progressed)
    await recorder.load()
    tasks = {
        asyncio.create_task(recorder.run()),
        asyncio.create_task(_pump(chosen_feed(setting, market, troubled), recorder, ticks, troubled)),
    }
    try:
        while tasks:
            done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        await end_tasks(*tasks)


async def _pump(feed: Feed, recorder: Recorder, ticks: RedisTickStream, troubled: Troubled) -> None:
    """Publish all ticks of ``feed``."""
    if feed.replays:
        # What is still under way of an earlier run must not be taken for this one's.
        await recorder.reached(await ticks.last_position())
    # A replay has a clock of its own, which begins anew with each run.
    source = f"{REPLAY}feed:{Nanos.now()}" if feed.replays else "feed"
    troubled(None)
    try:
        await _publish_all(feed, recorder, ticks, source)
    except FeedError as error:
        troubled(f"The feed has stopped: {error}")
        _log.error("feed stopped", problem=str(error))


async def _publish_all(feed: Feed, recorder: Recorder, ticks: RedisTickStream, source: str) -> None:
    begun: set[str] = set()
    published, looked_at = 0, BEGINNING
    async with aclosing(cast(Any, feed.batches())) as batches:
        async for batch in batches:
            if feed.replays:
                for symbol in {tick.symbol for tick in batch} - begun:
                    begun.add(symbol)
                    recorder.replay(symbol)
            position = await _publish(ticks, batch, source)
            published += 1
            if feed.unpaced and published % _LEAD_BATCHES == 0:
                await ticks.caught_up(looked_at)
                looked_at = position


async def _publish(ticks: RedisTickStream, batch: Sequence[Tick], source: str) -> str:
    return await keep_trying(lambda: ticks.publish(batch, source=source), _log, "feed cannot publish, will retry")
