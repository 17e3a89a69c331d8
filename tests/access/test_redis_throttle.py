"""The throttle that all processes share, with Redis up, emptied and away."""

import asyncio

import redis

from adapters.redis.throttle import RedisThrottle
from domain.access.throttle import Limit
from tests.support.waiting import PATIENCE_SECONDS

LIMIT = Limit("login", 3, 60)
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


async def use_up(throttle: RedisThrottle, key: str) -> None:
    for _ in range(LIMIT.amount):
        assert await throttle.wait_seconds(LIMIT, key) == 0
        await throttle.count(LIMIT, key)


async def test_attempts_of_one_process_count_in_the_other(redis_url: str) -> None:
    async with RedisThrottle(redis_url) as first, RedisThrottle(redis_url) as second:
        await use_up(first, "ann")
        assert 1 <= await first.wait_seconds(LIMIT, "ann") <= 60
        assert 1 <= await second.wait_seconds(LIMIT, "ann") <= 60
        assert await second.wait_seconds(LIMIT, "bob") == 0
        assert await second.wait_seconds(Limit("other", 3, 60), "ann") == 0


async def test_an_emptied_redis_does_not_reset_attempts_that_this_process_saw(redis_url: str) -> None:
    async with RedisThrottle(redis_url) as throttle:
        await use_up(throttle, "ann")
        with redis.Redis.from_url(redis_url) as client:
            client.flushall()
        assert await throttle.wait_seconds(LIMIT, "ann") >= 1


async def test_a_process_throttles_alone_and_quickly_without_redis() -> None:
    async with RedisThrottle(NOBODY_LISTENS) as throttle, asyncio.timeout(PATIENCE_SECONDS):
        await use_up(throttle, "ann")
        assert 1 <= await throttle.wait_seconds(LIMIT, "ann") <= 60
        assert await throttle.wait_seconds(LIMIT, "bob") == 0


async def test_a_redis_that_never_answers_delays_one_caller_only() -> None:
    connections = 0

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await released.wait()
        writer.close()

    released = asyncio.Event()
    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with RedisThrottle(f"redis://127.0.0.1:{port}/0") as throttle, asyncio.timeout(PATIENCE_SECONDS):
        assert await throttle.wait_seconds(LIMIT, "ann") == 0
        await use_up(throttle, "bob")
        assert await throttle.wait_seconds(LIMIT, "bob") >= 1
        # A caller that gave up has closed its connection, so whoever asked the server again made another.
        assert connections == 1
    released.set()
    server.close()
    await server.wait_closed()
