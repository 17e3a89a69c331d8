"""Waiting for a condition with a deadline, instead of sleeping for luck."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

Answer = TypeVar("Answer")
Item = TypeVar("Item")

# A wait is over when its condition holds; this bound is for what never comes, on a machine that is very busy.
PATIENCE_SECONDS = 60.0


async def eventually(condition: Callable[[], bool], timeout_seconds: float = PATIENCE_SECONDS) -> None:
    """Return as soon as ``condition`` holds.

    Raises:
        TimeoutError: it did not in time.
    """
    async with asyncio.timeout(timeout_seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def take(items: AsyncIterator[Item], count: int, timeout_seconds: float = PATIENCE_SECONDS) -> list[Item]:
    """The next ``count`` items.

    Raises:
        TimeoutError: they did not come in time.
    """
    async with asyncio.timeout(timeout_seconds):
        return [await anext(items) for _ in range(count)]


async def until(question: Callable[[], Awaitable[Answer | None]], timeout_seconds: float = PATIENCE_SECONDS) -> Answer:
    """The first answer of ``question`` that is neither None nor False.

    Raises:
        TimeoutError: there was none in time.
    """
    async with asyncio.timeout(timeout_seconds):
        while not (answer := await question()):
            await asyncio.sleep(0.01)
        return answer
