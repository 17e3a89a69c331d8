"""Calls that come together run together, each gets its own answer, and none is left behind."""

import asyncio
from collections.abc import Sequence

import pytest

from domain.kernel.coalescer import Coalescer
from domain.kernel.errors import RateLimited


async def test_a_caller_that_was_just_answered_may_call_again_at_once() -> None:
    async def double(calls: Sequence[int]) -> list[int | BaseException]:
        await asyncio.sleep(0)
        return [call * 2 for call in calls]

    coalescer = Coalescer(double)
    async with asyncio.timeout(5):
        for number in range(100):
            assert await coalescer.submit(number) == number * 2


async def test_what_waits_is_taken_together_up_to_the_weight() -> None:
    batches: list[list[int]] = []
    gate = asyncio.Event()

    async def note(calls: Sequence[int]) -> list[int | BaseException]:
        batches.append(list(calls))
        await gate.wait()
        return list(calls)

    coalescer = Coalescer(note, weigh=lambda call: call, max_batch=5)
    callers = [asyncio.create_task(coalescer.submit(call)) for call in (1, 2, 3, 9, 1)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*callers) == [1, 2, 3, 9, 1]
    assert batches == [[1, 2], [3], [9], [1]] or batches == [[1], [2, 3], [9], [1]]


async def test_each_caller_gets_its_own_error_or_that_of_the_batch() -> None:
    async def fussy(calls: Sequence[str]) -> list[str | BaseException]:
        if "all" in calls:
            raise RuntimeError("all")
        return [ValueError(call) if call == "bad" else call for call in calls]

    coalescer = Coalescer(fussy)
    results = await asyncio.gather(coalescer.submit("good"), coalescer.submit("bad"), return_exceptions=True)
    assert results[0] == "good"
    assert isinstance(results[1], ValueError)
    with pytest.raises(RuntimeError):
        await coalescer.submit("all")
    assert await coalescer.submit("good") == "good"


async def test_a_caller_that_left_is_not_run_and_too_many_are_refused() -> None:
    seen: list[int] = []
    gate = asyncio.Event()

    async def slow(calls: Sequence[int]) -> list[int | BaseException]:
        await gate.wait()
        seen.extend(calls)
        return list(calls)

    coalescer = Coalescer(slow, max_waiting=2)
    first = asyncio.create_task(coalescer.submit(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second, third = (asyncio.create_task(coalescer.submit(number)) for number in (2, 3))
    await asyncio.sleep(0)
    with pytest.raises(RateLimited):
        await coalescer.submit(4)
    second.cancel()
    gate.set()
    assert await asyncio.gather(first, third) == [1, 3]
    assert seen == [1, 3]


class Gates:
    """Notes batches as they begin and keeps each in flight until it is told to end."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}

    async def handle(self, calls: Sequence[str]) -> list[str | BaseException]:
        name = " ".join(calls)
        self.begun.append(name)
        await self._gates.setdefault(name, asyncio.Event()).wait()
        return list(calls)

    async def end(self, name: str) -> None:
        self._gates.setdefault(name, asyncio.Event()).set()
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_batches_in_flight_share_no_key_and_keep_the_order_of_each() -> None:
    gates = Gates()
    # A call's letters are its keys.
    coalescer = Coalescer(gates.handle, keys=lambda call: set(call[1:]), width=2)
    callers = []
    for call in ("1a", "2b", "3c", "4a", "5ab", "6b", "7c"):
        callers.append(asyncio.create_task(coalescer.submit(call)))
        await settle()
    # The third has to wait for its turn, the fourth for its key; the sixth must not overtake the fifth.
    assert gates.begun == ["1a", "2b"]
    await gates.end("2b")
    assert gates.begun == ["1a", "2b", "3c 7c"]
    await gates.end("1a")
    assert gates.begun == ["1a", "2b", "3c 7c", "4a 5ab 6b"]
    await gates.end("3c 7c")
    await gates.end("4a 5ab 6b")
    assert await asyncio.gather(*callers) == ["1a", "2b", "3c", "4a", "5ab", "6b", "7c"]


async def test_a_call_that_waits_for_a_key_is_run_when_the_key_is_free() -> None:
    gates = Gates()
    coalescer = Coalescer(gates.handle, keys=lambda call: call, width=2)
    first, second = (asyncio.create_task(coalescer.submit("a")) for _ in range(2))
    await settle()
    third = asyncio.create_task(coalescer.submit("a"))
    await settle()
    assert gates.begun == ["a a"]
    await gates.end("a a")
    assert gates.begun == ["a a", "a"]
    await gates.end("a")
    assert await asyncio.gather(first, second, third) == ["a", "a", "a"]


async def test_keys_of_a_batch_that_failed_are_free_again() -> None:
    async def fail(_calls: Sequence[str]) -> list[str | BaseException]:
        raise RuntimeError("no")

    coalescer = Coalescer(fail, keys=lambda call: call)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await coalescer.submit("a")
