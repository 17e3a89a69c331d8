"""Large queries of one user run one after the other, and keep nobody else waiting."""

import asyncio
import time
from itertools import pairwise

from api.graphql.turns import Turns
from tests.support.waiting import eventually


async def test_one_owner_is_at_it_once_at_a_time_in_order_and_others_meanwhile() -> None:
    turns, log = Turns(), list[str]()

    async def work(owner: str, name: str) -> None:
        async with turns.of(owner):
            log.append(f"{name} begins")
            await asyncio.sleep(0)
            log.append(f"{name} ends")

    await asyncio.gather(work("ann", "a1"), work("ann", "a2"), work("bob", "b1"), work("ann", "a3"))
    assert [line for line in log if line[0] == "a"] == [
        f"a{n} {what}" for n in (1, 2, 3) for what in ("begins", "ends")
    ]
    assert log.index("b1 ends") < log.index("a2 begins")
    await eventually(lambda: len(turns) == 0)


async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    turns, gate = Turns(), asyncio.Event()

    async def work() -> None:
        async with turns.of("ann"):
            await gate.wait()

    first, second, third = (asyncio.create_task(work()) for _ in range(3))
    await asyncio.sleep(0)
    second.cancel()
    gate.set()
    await asyncio.gather(first, third)
    await asyncio.gather(second, return_exceptions=True)
    assert second.cancelled()
    await eventually(lambda: len(turns) == 0)


async def test_the_next_one_waits_for_as_long_as_the_last_one_took() -> None:
    turns, loop = Turns(), asyncio.get_running_loop()
    times: list[tuple[float, float]] = []

    async def work() -> None:
        async with turns.of("ann"):
            began = loop.time()
            # It holds the loop, as reading a large answer does.
            time.sleep(0.02)
            times.append((began, loop.time()))

    await asyncio.gather(work(), work(), work())
    for (began, ended), (next_began, _) in pairwise(times):
        assert next_began - ended >= min(ended - began, 0.1) * 0.99
    await eventually(lambda: len(turns) == 0)
