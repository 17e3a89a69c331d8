"""Tasks that run side by side, and their end."""

import asyncio

import pytest

from domain.kernel.concurrency import end_tasks, run_until_one_ends

SOON = 0.01
LONG = 60.0


class Failed(Exception):
    """What a work of these tests fails with."""


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _deaf_to(cancellations: int) -> None:
    while True:
        try:
            await _for_ever()
        except asyncio.CancelledError:
            if not cancellations:
                raise
            cancellations -= 1


async def _takes_leave(left: list[str]) -> None:
    try:
        await _for_ever()
    finally:
        await asyncio.sleep(SOON)
        left.append("leave")


async def _fails() -> None:
    raise Failed


async def _start(*tasks: "asyncio.Task[None]") -> None:
    """Let the tasks run until they wait."""
    for _ in range(3):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


async def test_tasks_are_ended_whatever_they_end_with() -> None:
    waits, fails = asyncio.create_task(_for_ever()), asyncio.create_task(_fails())
    await asyncio.wait({fails})
    await end_tasks(waits, fails)
    assert waits.cancelled()
    assert isinstance(fails.exception(), Failed)
    await end_tasks()


async def test_a_task_that_missed_its_cancellation_is_cancelled_again() -> None:
    deaf = asyncio.create_task(_deaf_to(2))
    await _start(deaf)
    await end_tasks(deaf, again_seconds=SOON)
    assert deaf.cancelled()


async def test_who_waits_for_an_end_can_be_cancelled_and_leaves_no_task_behind() -> None:
    left: list[str] = []
    leaving, deaf = asyncio.create_task(_takes_leave(left)), asyncio.create_task(_deaf_to(1))
    await _start(leaving, deaf)
    ending = asyncio.create_task(end_tasks(leaving, deaf, again_seconds=LONG))
    await _start(ending)
    ending.cancel()
    await asyncio.wait({ending})
    assert all(task.cancelled() for task in (ending, leaving, deaf))


async def test_the_first_of_several_works_ends_the_others() -> None:
    left: list[str] = []
    await run_until_one_ends(_takes_leave(left), asyncio.sleep(SOON))
    assert left == ["leave"]
    with pytest.raises(Failed):
        await run_until_one_ends(_takes_leave(left), _fails())
    assert left == ["leave", "leave"]


@pytest.mark.parametrize("turns", range(6))
async def test_a_cancellation_that_comes_with_a_failure_is_not_lost(turns: int) -> None:
    fail = asyncio.Event()

    async def fails_when_told() -> None:
        await fail.wait()
        raise Failed

    running = asyncio.create_task(run_until_one_ends(fails_when_told(), _takes_leave([])))
    await _start(running)
    fail.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
