"""The tick stream against a real server: order, no loss over a lost connection, bounds, flush and restart."""

import asyncio
from contextlib import aclosing
from decimal import Decimal

import pytest
from redis.asyncio import Redis

from adapters.embedded import EmbeddedServices
from adapters.redis.tick_stream import MAX_TICKS_PER_ENTRY, RedisTickStream
from domain.kernel.errors import Unavailable
from domain.kernel.time import Nanos
from domain.market.stream import BEGINNING, PositionedTick, received_at
from domain.market.types import Tick, TradeTick
from tests.support.waiting import PATIENCE_SECONDS


def trades(*numbers: int) -> list[Tick]:
    """One trade per number, which is its time and price."""
    return [TradeTick("A", Nanos(number), Decimal(number), Decimal(1)) for number in numbers]


async def read_until(stream: RedisTickStream, after: str, count: int) -> list[PositionedTick]:
    """The first ``count`` ticks after a position."""
    read: list[PositionedTick] = []
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(stream.read(after)) as batches:
        async for batch in batches:
            read += batch
            if len(read) >= count:
                break
    return read


async def test_ticks_arrive_in_order_of_publication(redis_url: str) -> None:
    async with RedisTickStream(redis_url) as stream:
        assert await stream.last_position() == BEGINNING
        first = await stream.publish(trades(1, 2))
        second = await stream.publish(trades(3))
        expected = [(first, tick) for tick in trades(1, 2)] + [(second, tick) for tick in trades(3)]
        assert await read_until(stream, BEGINNING, 3) == expected
        assert await stream.drain(BEGINNING) == expected
        assert await stream.drain(first) == expected[2:]
        assert await stream.drain(second) == []
        assert await stream.last_position() == await stream.publish([]) == second
        assert abs(received_at(second) - Nanos.now()) < 60 * 10**9


async def test_a_reader_waits_for_the_next_tick(redis_url: str) -> None:
    async with RedisTickStream(redis_url) as stream:
        reading = asyncio.create_task(read_until(stream, await stream.last_position(), 1))
        await asyncio.sleep(0)
        position = await stream.publish(trades(1))
        assert await reading == [(position, trades(1)[0])]


async def test_a_long_batch_is_kept_together_and_in_order(redis_url: str) -> None:
    batch = trades(*range(3 * MAX_TICKS_PER_ENTRY + 1))
    async with RedisTickStream(redis_url) as stream:
        position = await stream.publish(batch)
        read = await read_until(stream, BEGINNING, len(batch))
        assert [tick for _, tick in read] == batch
        assert read[-1][0] == position


async def test_the_length_of_the_stream_is_bounded(redis_url: str) -> None:
    async with RedisTickStream(redis_url, max_entries=100) as stream, Redis.from_url(redis_url) as client:
        for number in range(400):
            await stream.publish(trades(number))
        # Whole nodes of a hundred entries are cut off, so the bound is met to within one.
        assert await client.xlen("ticks") <= 200
        kept = [tick for _, tick in await stream.drain(BEGINNING)]
        assert kept == trades(*range(400 - len(kept), 400))


async def test_a_reader_misses_nothing_after_a_lost_connection(redis_url: str) -> None:
    async with RedisTickStream(redis_url) as stream, Redis.from_url(redis_url) as client:
        read: list[Tick] = []
        async with asyncio.timeout(PATIENCE_SECONDS), aclosing(stream.read(BEGINNING)) as batches:
            for number in range(5):
                await stream.publish(trades(2 * number))
                read += [tick for _, tick in await anext(batches)]
                await client.client_kill_filter(_type="normal", skipme=True)
                await stream.publish(trades(2 * number + 1))
                read += [tick for _, tick in await anext(batches)]
        assert read == trades(*range(10))


async def test_a_reader_continues_after_the_stream_was_flushed(redis_url: str) -> None:
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        RedisTickStream(redis_url) as stream,
        Redis.from_url(redis_url) as client,
        aclosing(stream.read(BEGINNING)) as batches,
    ):
        await stream.publish(trades(1))
        assert [tick for _, tick in await anext(batches)] == trades(1)
        await client.flushall()
        # Positions begin with the server's milliseconds: one of the same would be the position that was read.
        await asyncio.sleep(0.01)
        await stream.publish(trades(2))
        assert [tick for _, tick in await anext(batches)] == trades(2)


async def test_a_reader_reconnects_to_a_restarted_server(redis_url: str, services: EmbeddedServices) -> None:
    async with (
        asyncio.timeout(PATIENCE_SECONDS),
        RedisTickStream(redis_url) as stream,
        aclosing(stream.read(BEGINNING)) as batches,
    ):
        await stream.publish(trades(1))
        assert [tick for _, tick in await anext(batches)] == trades(1)
        waiting = asyncio.ensure_future(anext(batches))
        await asyncio.to_thread(services.valkey.kill)
        try:
            with pytest.raises(Unavailable):
                await stream.publish(trades(2))
            assert await stream.drain(BEGINNING) == []
            assert await stream.last_position() == BEGINNING
        finally:
            await asyncio.to_thread(services.valkey.start)
        await stream.publish(trades(3))
        assert [tick for _, tick in await waiting] == trades(3)
        assert [tick for _, tick in await stream.drain(BEGINNING)] == trades(3)


async def test_a_drain_that_is_given_up_leaves_its_reply_to_nobody(redis_url: str) -> None:
    async with RedisTickStream(redis_url) as stream:
        first = await stream.publish(trades(1))
        await stream.publish(trades(2, 3))
        for turns in range(12):
            given_up = asyncio.create_task(stream.drain(BEGINNING))
            behind = asyncio.create_task(stream.drain(first))
            for _ in range(turns):
                await asyncio.sleep(0)
            given_up.cancel()
            await asyncio.wait([given_up])
            assert [tick for _, tick in await behind] == trades(2, 3)


async def test_a_reader_restarts_from_a_position_beyond_the_end(redis_url: str) -> None:
    async with RedisTickStream(redis_url) as stream:
        position = await stream.publish(trades(1))
        future = f"{received_at(position) // 1_000_000 + 3_600_000}-0"
        assert await read_until(stream, future, 1) == [(position, trades(1)[0])]


async def test_an_unreadable_entry_is_skipped(redis_url: str) -> None:
    async with RedisTickStream(redis_url) as stream, Redis.from_url(redis_url) as client:
        await client.xadd("ticks", {"d": "nonsense"})
        await client.xadd("ticks", {"other": "field"})
        await stream.publish(trades(1))
        assert [tick for _, tick in await read_until(stream, BEGINNING, 1)] == trades(1)
        assert [tick for _, tick in await stream.drain(BEGINNING)] == trades(1)


async def test_a_source_waits_for_its_named_consumers_only(redis_url: str) -> None:
    async with RedisTickStream(redis_url) as stream:
        position = await stream.publish(trades(1))
        # Nobody reads: nobody is waited for.
        await stream.caught_up(position)
        async with asyncio.timeout(PATIENCE_SECONDS), aclosing(stream.read(BEGINNING, consumer="books")) as batches:
            await anext(batches)
            waiting = asyncio.create_task(stream.caught_up(position, patience_seconds=60))
            done, _ = await asyncio.wait([waiting], timeout=0.1)
            assert not done  # The batch has been handed out, but the consumer has not come back for the next one.
            following = asyncio.ensure_future(anext(batches))
            await waiting
            await stream.publish(trades(2))
            await following


async def test_a_source_waits_for_a_dead_consumer_once_only(redis_url: str) -> None:
    async with RedisTickStream(redis_url) as stream, Redis.from_url(redis_url) as client:
        await client.hset("ticks:consumers", "gone", BEGINNING)
        position = await stream.publish(trades(1))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await stream.caught_up(position, patience_seconds=0.05)
        assert await client.hgetall("ticks:consumers") == {}
