"""Kept results of reads: given only at the version that they were read at, once for all who ask, within bounds."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.read_cache import ReadCache


def giving(value: int) -> Callable[[], Awaitable[int]]:
    async def load() -> int:
        return value

    return load


async def test_a_result_is_kept_until_its_version_changes() -> None:
    cache = ReadCache()
    assert await cache.read("sums", "ann", 1, giving(10)) == 10
    assert await cache.read("sums", "ann", 1, giving(11)) == 10
    assert await cache.read("sums", "ann", 2, giving(12)) == 12
    # Neither somebody else's, nor of another read.
    assert await cache.read("sums", "bob", 2, giving(13)) == 13
    assert await cache.read("other", "ann", 2, giving(14)) == 14
    assert (cache.hits, cache.misses) == ({"sums": 1}, {"sums": 3, "other": 1})


@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=60))
async def test_a_cached_result_is_never_older_than_the_last_write(steps: Sequence[tuple[str, bool]]) -> None:
    stored, caches = 0, {"a": ReadCache(max_results=2), "b": ReadCache(max_results=2)}
    for process, writes in steps:
        stored += writes
        assert await caches[process].read("sums", "ann", stored, giving(stored)) == stored


async def test_concurrent_readers_share_one_read() -> None:
    cache, gate, readings = ReadCache(), asyncio.Event(), 0

    async def load() -> int:
        nonlocal readings
        readings += 1
        await gate.wait()
        return 7

    asking = [asyncio.create_task(cache.read("sums", "ann", 1, load)) for _ in range(5)]
    while not readings:
        await asyncio.sleep(0)
    # One who gives up takes the answer from nobody.
    asking[0].cancel()
    gate.set()
    assert await asyncio.gather(*asking[1:]) == [7, 7, 7, 7]
    with pytest.raises(asyncio.CancelledError):
        await asking[0]
    assert readings == 2


async def test_a_failed_read_is_not_cached() -> None:
    cache = ReadCache()

    async def fail() -> int:
        raise ValueError("away")

    with pytest.raises(ValueError, match="away"):
        await cache.read("sums", "ann", 1, fail)
    assert await cache.read("sums", "ann", 1, giving(3)) == 3


async def test_the_number_of_cached_results_is_bounded() -> None:
    cache = ReadCache(max_results=10, max_weight=100)
    for number in range(20):
        await cache.read("sums", number, 1, giving(number), lambda _: 40)
    assert await cache.read("sums", 19, 1, giving(-1), lambda _: 40) == 19
    assert await cache.read("sums", 17, 1, giving(-1), lambda _: 40) == -1
    # One that is too large is given, and not kept.
    assert await cache.read("sums", "large", 1, giving(5), lambda _: 101) == 5
    assert await cache.read("sums", "large", 1, giving(6), lambda _: 101) == 6
