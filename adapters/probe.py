"""Probes of servers that may hang: a caller waits for a bounded time, and a hanging probe is not repeated.

A hanging server has one open probe at a time; the next caller waits for the same one.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from domain.kernel.concurrency import end_tasks

Answer = TypeVar("Answer")


class Probe(Generic[Answer]):
    """A question that is asked again and again. ``ask`` must turn failures into answers."""

    def __init__(self, ask: Callable[[], Awaitable[Answer]], patience_seconds: float) -> None:
        self._ask = ask
        self._patience_seconds = patience_seconds
        self._asking: asyncio.Task[Answer] | None = None

    async def __call__(self) -> Answer | None:
        """The answer; None when it does not come in time."""
        if self._asking is None:
            # A context of its own: it must not inherit the request of whoever asks first.
            self._asking = asyncio.get_running_loop().create_task(self._answer(), context=contextvars.Context())
        asking = self._asking
        await asyncio.wait({asking}, timeout=self._patience_seconds)
        if not asking.done():
            return None
        if self._asking is asking:
            self._asking = None
        return asking.result()

    async def close(self) -> None:
        """Give up a question that is not answered."""
        if self._asking is not None:
            await end_tasks(self._asking)
            self._asking = None

    async def _answer(self) -> Answer:
        return await self._ask()
