"""Batched loading of nested objects: keys asked for in one turn of the event loop are loaded together, each once.

Loaders live as long as one operation, or one event of a subscription, so no stale object is served.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Any, Generic, TypeVar

from domain.kernel.supervision import HandedTo

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
Batch = Callable[[Collection[Key]], Awaitable[Mapping[Key, Value]]]

_MAX_BATCH = 1_000
_HANDED_AT_ONCE = 100


class Loader(Generic[Key, Value]):
    """Loads through one batch function and caches its results."""

    __slots__ = ("_batch", "_loaded", "_task", "_waiting")

    def __init__(self, batch: Batch[Key, Value]) -> None:
        self._batch = batch
        self._loaded: dict[Key, Value | None] = {}
        self._waiting: dict[Key, list[asyncio.Future[Value | None]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def load(self, key: Key) -> Value | None:
        """The object of ``key``, or None when the batch function did not return it."""
        if key in self._loaded:
            return self._loaded[key]
        # A future for each caller: the cancellation of one must not reach another that waits for the same key.
        future: asyncio.Future[Value | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(future)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                taken, self._waiting = self._waiting, {}
                keys = list(taken)
                for start in range(0, len(keys), _MAX_BATCH):
                    part = keys[start : start + _MAX_BATCH]
                    await self._fill({key: taken[key] for key in part})
        finally:
            self._task = None

    async def _fill(self, wanted: dict[Key, list[asyncio.Future[Value | None]]]) -> None:
        def fail(error: Exception) -> None:
            for futures in wanted.values():
                for future in futures:
                    if not future.done():
                        future.set_exception(error)

        found: Mapping[Key, Value] | None = None
        with HandedTo(fail):
            found = await self._batch(wanted.keys())
        if found is None:
            return
        handed = 0
        for key, futures in wanted.items():
            value = self._loaded[key] = found.get(key)
            for future in futures:
                if not future.done():
                    future.set_result(value)
            handed += len(futures)
            if handed > _HANDED_AT_ONCE:
                # Each of those who waited goes on in the loop's next turn; others are served between them.
                handed = 0
                await asyncio.sleep(0)


class Loaders:
    """One loader per batch function, made on first use."""

    __slots__ = ("_loaders",)

    def __init__(self) -> None:
        self._loaders: dict[Any, Loader[Any, Any]] = {}

    def of(self, batch: Batch[Key, Value]) -> Loader[Key, Value]:
        """The loader of ``batch``, a function or bound method (not a lambda: each evaluation would be another one)."""
        loader = self._loaders.get(batch)
        if loader is None:
            loader = self._loaders[batch] = Loader(batch)
        return loader
