"""Group commit: gathers calls that arrive while a batch is in flight and runs them together in the next.

An idle caller waits for nobody. Under load one transaction carries many calls; the queue is bounded, and beyond the
bound callers are refused at once instead of waiting without end. Batches that are in flight at the same time never have
a key in common, so that none waits for the locks of another, and calls of a key run in the order in which they came.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.kernel.errors import RateLimited

Call = TypeVar("Call")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Call, Result]):
    call: Call
    keys: frozenset[Hashable]
    future: "asyncio.Future[Result]"


# How far into the queue a batch looks for calls whose keys are free.
_MAX_LOOK = 1_000


class Coalescer(Generic[Call, Result]):
    """Runs ``handle(calls)``, at most ``width`` batches at a time, each of calls that weigh ``max_batch`` together.

    ``keys`` names what a call locks. A call that weighs more than ``max_batch`` by itself runs alone.
    ``handle`` answers with one result or one exception per call, in order. An exception that it raises itself goes to
    every call of that batch.
    """

    def __init__(
        self,
        handle: Callable[[Sequence[Call]], Awaitable[Sequence[Result | BaseException]]],
        *,
        weigh: Callable[[Call], int] = lambda _: 1,
        keys: Callable[[Call], Collection[Hashable]] = lambda _: (),
        max_batch: int = 256,
        max_waiting: int = 20_000,
        width: int = 1,
    ) -> None:
        self._handle = handle
        self._weigh = weigh
        self._keys = keys
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._width = width
        self._waiting: deque[_Waiting[Call, Result]] = deque()
        self._busy: set[Hashable] = set()
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
        waiting = _Waiting(call, frozenset(self._keys(call)), future)
        self._waiting.append(waiting)
        # Whoever frees a key looks for calls that wait for it.
        if self._draining < self._width and self._busy.isdisjoint(waiting.keys):
            self._draining += 1
            # A context of its own: the batch must not inherit the caller's transaction or request.
            task = asyncio.get_running_loop().create_task(self._drain(), context=contextvars.Context())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    async def _drain(self) -> None:
        try:
            while taken := self._take():
                # A caller that went away before its batch started wants nothing any more.
                batch = [item for item in taken if not item.future.cancelled()]
                keys = frozenset[Hashable]().union(*(item.keys for item in batch))
                self._busy |= keys
                try:
                    if batch:
                        await self._run(batch)
                finally:
                    self._busy -= keys
        finally:
            # Not in a callback of the task: a caller that was just answered may submit before that runs.
            self._draining -= 1

    def _take(self) -> list[_Waiting[Call, Result]]:
        """The next calls whose keys are free, and not wanted by a call before them that has to wait."""
        taken: list[_Waiting[Call, Result]] = []
        passed: list[_Waiting[Call, Result]] = []
        wanted: set[Hashable] = set()
        weight = 0
        while self._waiting and len(passed) < _MAX_LOOK:
            item = self._waiting[0]
            if not (self._busy.isdisjoint(item.keys) and wanted.isdisjoint(item.keys)):
                wanted |= item.keys
                passed.append(self._waiting.popleft())
                continue
            weight += self._weigh(item.call)
            if taken and weight > self._max_batch:
                break
            taken.append(self._waiting.popleft())
        self._waiting.extendleft(reversed(passed))
        return taken

    async def _run(self, batch: list[_Waiting[Call, Result]]) -> None:
        try:
            results: Sequence[Result | BaseException] = await self._handle([item.call for item in batch])
        except Exception as error:  # noqa: BLE001  whatever went wrong belongs to the callers, not to this loop
            results = [error] * len(batch)
        for item, result in zip(batch, results, strict=True):
            if item.future.done():
                continue
            if isinstance(result, BaseException):
                item.future.set_exception(result)
            else:
                item.future.set_result(result)
