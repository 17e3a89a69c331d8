"""Group commit: gathers calls that arrive while one batch is in flight and runs them together in the next.

An idle caller waits for nobody. Under load one transaction carries many calls; the queue is bounded, and beyond the
bound callers are refused at once instead of waiting without end.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from domain.kernel.errors import RateLimited

Call = TypeVar("Call")
Result = TypeVar("Result")


class Coalescer(Generic[Call, Result]):
    """Runs ``handle(calls)``, at most ``width`` batches at a time, each of calls that weigh ``max_batch`` together.

    A call that weighs more by itself runs alone.
    ``handle`` answers with one result or one exception per call, in order. An exception that it raises itself goes to
    every call of that batch.
    """

    def __init__(
        self,
        handle: Callable[[Sequence[Call]], Awaitable[Sequence[Result | BaseException]]],
        *,
        weigh: Callable[[Call], int] = lambda _: 1,
        max_batch: int = 256,
        max_waiting: int = 20_000,
        width: int = 1,
    ) -> None:
        self._handle = handle
        self._weigh = weigh
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._width = width
        self._waiting: deque[tuple[Call, asyncio.Future[Result]]] = deque()
        self._draining = 0
        # The loop keeps weak references to tasks only.
        self._running: set[asyncio.Task[None]] = set()

    async def submit(self, call: Call) -> Result:
        """Hand in one call and wait for its own result.

        Raises:
            RateLimited: too many calls are waiting already; nothing was done.
        """
        if len(self._waiting) >= self._max_waiting:
            raise RateLimited("Too many orders are waiting; try again shortly.", retryAfterSeconds=1)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, future))
        if self._draining < self._width:
            self._draining += 1
            # A context of its own: the batch must not inherit the caller's transaction or request.
            task = asyncio.get_running_loop().create_task(self._drain(), context=contextvars.Context())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                # A caller that went away before its batch started wants nothing any more.
                batch = [item for item in self._take() if not item[1].cancelled()]
                if batch:
                    await self._run(batch)
        finally:
            # Not in a callback of the task: a caller that was just answered may submit before that runs.
            self._draining -= 1

    def _take(self) -> list[tuple[Call, asyncio.Future[Result]]]:
        taken = [self._waiting.popleft()]
        weight = self._weigh(taken[0][0])
        while self._waiting and (weight := weight + self._weigh(self._waiting[0][0])) <= self._max_batch:
            taken.append(self._waiting.popleft())
        return taken

    async def _run(self, batch: list[tuple[Call, asyncio.Future[Result]]]) -> None:
        try:
            results: Sequence[Result | BaseException] = await self._handle([call for call, _ in batch])
        except Exception as error:  # noqa: BLE001  whatever went wrong belongs to the callers, not to this loop
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
