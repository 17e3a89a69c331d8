"""Liveness and readiness of a process that serves no API: an engine or a worker.

Its pages are answered by a thread of their own, so liveness is a sign of life of the event loop, not of that thread.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

Check = Callable[[], Awaitable[Mapping[str, bool]]]
BEAT_SECONDS = 1.0
# The loop is never busy for so long with one thing, except while it is stuck.
STUCK_SECONDS = 15.0


class Vital:
    """The newest sign of life of an event loop, and the newest answers of the servers that the process needs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beat_at = clock()
        self._checks: Mapping[str, bool] = {}

    @property
    def is_alive(self) -> bool:
        """True while the event loop runs."""
        return self._clock() - self._beat_at < STUCK_SECONDS

    def readiness(self) -> Mapping[str, bool]:
        """True for each server that answers, and for the process itself."""
        return {"process": self.is_alive and bool(self._checks), **self._checks}

    async def watch(self, check: Check) -> None:
        """Give signs of life and ask the servers, until cancelled."""
        while True:
            self._beat_at = self._clock()
            self._checks = await check()
            await asyncio.sleep(BEAT_SECONDS)
