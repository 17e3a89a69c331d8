"""The back-off of an exchange: longer after each failure in a row, with jitter, and bounded."""

import asyncio
import random
from collections.abc import Callable

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0


class Backoff:
    """Waits between half of the delay and all of it.

    Clients that lost an exchange together then do not return together.
    """

    def __init__(
        self,
        first_seconds: float = FIRST_SECONDS,
        longest_seconds: float = LONGEST_SECONDS,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first = self._delay = first_seconds
        self._longest = longest_seconds
        self._chance = chance

    def succeeded(self) -> None:
        """Reset to the shortest wait."""
        self._delay = self._first

    def next_seconds(self) -> float:
        """The wait for now; the next one is twice as long."""
        seconds = self._delay * (1 + self._chance()) / 2
        self._delay = min(self._delay * 2, self._longest)
        return seconds

    async def wait(self) -> None:
        """Wait before the next attempt."""
        await asyncio.sleep(self.next_seconds())
