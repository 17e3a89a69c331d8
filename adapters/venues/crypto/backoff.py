"""How long to wait before an exchange is tried again: longer after each failure in a row, by chance, and bounded."""

import asyncio
import random
from collections.abc import Callable

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0


class Backoff:
    """From half of the delay to all of it, so that those who lost an exchange together do not return together."""

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
        """Begin again with the shortest wait."""
        self._delay = self._first

    def next_seconds(self) -> float:
        """How long to wait now; the next time twice as long."""
        seconds = self._delay * (1 + self._chance()) / 2
        self._delay = min(self._delay * 2, self._longest)
        return seconds

    async def wait(self) -> None:
        """Wait before the next attempt."""
        await asyncio.sleep(self.next_seconds())
