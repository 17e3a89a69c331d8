"""The port that counts attempts, and a counter within one process."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Protocol

MAX_KEYS = 20_000


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``amount`` attempts in any ``window_seconds``, for each key of the limit's name."""

    name: str
    amount: int
    window_seconds: int


class Throttle(Protocol):
    """Counts attempts per limit and key in a moving window.

    Never fails: without its server it counts in the process.
    """

    async def wait_seconds(self, limit: Limit, key: str) -> int:
        """Whole seconds until another attempt is allowed, 0 when it is allowed now."""
        ...

    async def count(self, limit: Limit, key: str) -> None:
        """Count one attempt."""
        ...


class MemoryThrottle:
    """Counts in this process alone, for at most ``MAX_KEYS`` keys.

    Beyond them the least recently seen are forgotten.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._attempts: dict[tuple[Limit, str], deque[float]] = {}

    async def wait_seconds(self, limit: Limit, key: str) -> int:
        """Whole seconds until another attempt is allowed, 0 when it is allowed now."""
        attempts = self._attempts.get((limit, key))
        if attempts is None or len(attempts) < limit.amount:
            return 0
        return max(0, ceil(attempts[-limit.amount] + limit.window_seconds - self._clock()))

    async def count(self, limit: Limit, key: str) -> None:
        """Count one attempt."""
        # Put at the end: the dictionary is ordered by when a key was last seen.
        attempts = self._attempts.pop((limit, key), None) or deque(maxlen=limit.amount)
        attempts.append(self._clock())
        self._attempts[limit, key] = attempts
        if len(self._attempts) > MAX_KEYS:
            del self._attempts[next(iter(self._attempts))]
