"""Tasks of one process that run side by side, and their end.

A task is told to end by a cancellation. That is said once, and it can get lost: while a ``TaskGroup`` ends its tasks,
it takes a cancellation from outside for its own, and until Python 3.12 ``asyncio.wait_for`` gives a result that comes
in the same moment instead. Whoever then waits for the task's end waits for ever. So every end is waited for here.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

# Below the time that a process is given to stop, above what a task needs to take leave of an exchange.
_AGAIN_SECONDS = 5.0


async def end_tasks(*tasks: "asyncio.Task[Any]", again_seconds: float = _AGAIN_SECONDS) -> None:
    """Cancel tasks and wait until all have ended, whatever they end with; those that go on are cancelled again.

    A cancellation of the caller is passed on to them, and raised when they have ended.
    """
    waiting, cancelled = set(tasks), None
    while waiting:
        for task in waiting:
            task.cancel()
        try:
            _, waiting = await asyncio.wait(waiting, timeout=again_seconds)
        except asyncio.CancelledError as error:
            cancelled = error
            waiting = {task for task in waiting if not task.done()}
    # Looked at, so that asyncio does not report a failure that nobody asks for.
    for task in tasks:
        if not task.cancelled():
            task.exception()
    if cancelled is not None:
        raise cancelled


async def run_until_one_ends(*works: Coroutine[Any, Any, object]) -> None:
    """Do works side by side until the first ends, and end the others; raises what the first failed with."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end_tasks(*tasks)
