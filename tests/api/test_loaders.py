"""Loaders gather what is asked for in one turn, load each key once, and pass failures to those who wait."""

import asyncio
from collections.abc import Collection, Mapping

import pytest

from api.loaders import Loader, Loaders


class Source:
    """Squares of numbers; none for those above a hundred."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.failure: Exception | None = None

    async def load(self, keys: Collection[int]) -> Mapping[int, int]:
        self.batches.append(list(keys))
        await asyncio.sleep(0)
        if self.failure:
            raise self.failure
        return {key: key * key for key in keys if key <= 100}


async def test_keys_requested_in_one_turn_are_loaded_together_and_once() -> None:
    source = Source()
    loader = Loader(source.load)
    assert await asyncio.gather(*(loader.load(key) for key in (1, 2, 1, 3))) == [1, 4, 1, 9]
    assert await loader.load(2) == 4
    assert await asyncio.gather(loader.load(4), loader.load(1)) == [16, 1]
    assert source.batches == [[1, 2, 3], [4]]


async def test_a_missing_key_loads_as_null_and_is_not_requested_again() -> None:
    source = Source()
    loader = Loader(source.load)
    assert [await loader.load(101), await loader.load(101)] == [None, None]
    assert source.batches == [[101]]


async def test_keys_requested_during_a_batch_are_in_the_next_one() -> None:
    source = Source()
    loader = Loader(source.load)
    first = asyncio.create_task(loader.load(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert source.batches == [[1]]
    assert await loader.load(2) == 4
    assert await first == 1
    assert source.batches == [[1], [2]]


async def test_a_failure_reaches_all_waiters_and_the_next_request_tries_again() -> None:
    source = Source()
    source.failure = ValueError("down")
    loader = Loader(source.load)
    results = await asyncio.gather(loader.load(1), loader.load(2), return_exceptions=True)
    assert [repr(result) for result in results] == ["ValueError('down')"] * 2
    source.failure = None
    assert await loader.load(1) == 1


async def test_a_cancelled_waiter_does_not_disturb_others_of_the_same_key() -> None:
    loader = Loader(Source().load)
    impatient, patient = asyncio.create_task(loader.load(1)), asyncio.create_task(loader.load(1))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == 1
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_the_size_of_a_batch_is_bounded() -> None:
    source = Source()
    loader = Loader(source.load)
    await asyncio.gather(*(loader.load(key) for key in range(2_500)))
    assert [len(batch) for batch in source.batches] == [1_000, 1_000, 500]


async def test_each_function_has_its_own_loader_per_operation() -> None:
    one, two = Source(), Source()
    loaders = Loaders()
    assert loaders.of(one.load) is loaders.of(one.load)
    assert loaders.of(one.load) is not loaders.of(two.load)
    assert Loaders().of(one.load) is not loaders.of(one.load)
