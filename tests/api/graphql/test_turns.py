"""Large queries of one user run one after the other, and keep nobody else waiting."""

import asyncio
import time
from itertools import pairwise

from api.graphql.turns import Turns
from tests.support.waiting import eventually


async def test_large_queries_of_one_user_run_in_order_while_other_users_run() -> None:
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


async def test_a_cancelled_waiter_delays_nobody() -> None:
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


async def test_the_next_query_of_a_user_waits_as_long_as_the_last_one_ran() -> None:
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
