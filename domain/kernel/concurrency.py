"""Tasks of one process that run side by side, and their end.

A task is asked to end by a cancellation. That is asked once, and it can get lost: a ``TaskGroup`` that is ending its
tasks takes a cancellation from outside for its own, and ``asyncio.wait_for`` before Python 3.12 returns a result that
comes at the same moment instead. Code that then waits for the task's end would wait for ever. So whoever waits for the
end of a task that it cancels does so by these functions (decision 0088).
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

# Shorter than the time that a process is given to stop, longer than a task takes to log out of an exchange.
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
    # An exception that nobody retrieves would be reported by asyncio.
    for task in tasks:
        if not task.cancelled():
            task.exception()
    if cancelled is not None:
        raise cancelled


async def run_until_one_ends(*coroutines: Coroutine[Any, Any, object]) -> None:
    """Run coroutines side by side until the first ends, then end the others; raises what the first failed with."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await end_tasks(*tasks)
