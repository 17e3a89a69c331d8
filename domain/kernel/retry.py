"""Waiting between tries, and the loop that tries until it succeeds. The waits are those of ``retry_policies``.

Nothing here gives up: the end of a lease, a task or a process ends a retry, and that is a cancellation.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog

from domain.kernel.errors import Unavailable
from domain.kernel.retry_policies import DATABASE, RetryPolicy

Result = TypeVar("Result")


class Backoff:
    """Counts the failures in a row of one thing that is tried again."""

    __slots__ = ("_chance", "_failures", "_policy")

    def __init__(self, policy: RetryPolicy, chance: Callable[[], float] = random.random) -> None:
        self._policy = policy
        self._chance = chance
        self._failures = 0

    def succeeded(self) -> None:
        """Begin again with the shortest wait."""
        self._failures = 0

    def next_seconds(self) -> float:
        """The wait after one more failure."""
        self._failures += 1
        return self._policy.delay_seconds(self._failures, self._chance())

    async def wait(self) -> None:
        """Wait before the next try."""
        await asyncio.sleep(self.next_seconds())


async def keep_trying(
    action: Callable[[], Awaitable[Result]],
    log: structlog.stdlib.BoundLogger,
    event: str,
    *,
    policy: RetryPolicy = DATABASE,
    **said: Any,
) -> Result:
    """The result of ``action``, tried again while the database is away; ``event`` tells the log once a minute."""
    backoff = Backoff(policy)
    while True:
        try:
            return await action()
        except Unavailable as error:
            log.warning(event, error=error.message, seldom=True, **said)
        await backoff.wait()
