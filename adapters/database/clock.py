"""The clock of a process follows the database's, which all processes share.

At the start it is set at once; later only when it differs by more than a second at three looks in a row. So neither a
jump of the machine's clock nor a short one of the database's moves the time by which orders expire and days end.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog

from domain.kernel.clock_queries import read_clock
from domain.kernel.concurrency import end_tasks
from domain.kernel.supervision import Guarded
from domain.kernel.time import set_clock, utc_now

_LOOK_SECONDS = 2.0
_LOOKS = 3
_ALLOWED = timedelta(seconds=1)
_log = structlog.stdlib.get_logger("clock")

ReadClock = Callable[[], Awaitable[datetime]]


class ClockFollower:
    """Compares the clocks, and sets that of the process."""

    def __init__(self, read: ReadClock = read_clock) -> None:
        self._read = read
        self._differed = 0

    async def look(self, *, needed: int = _LOOKS) -> bool:
        """Compare once; set the clock and return True if it has differed ``needed`` times in a row."""
        before = utc_now()
        theirs = await self._read()
        after = utc_now()
        # The answer was made at some moment between the two; only what lies outside is a difference.
        difference = max(theirs - after, timedelta(0)) or min(theirs - before, timedelta(0))
        self._differed = self._differed + 1 if abs(difference) > _ALLOWED else 0
        if self._differed < needed or not self._differed:
            return False
        self._differed = 0
        set_clock(theirs - (before + (after - before) / 2))
        _log.warning("the clock was set to the database's", difference_seconds=difference.total_seconds())
        return True

    async def run(self) -> None:
        """Look again and again. Never ends."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with Guarded(_log, "the database's clock cannot be read"):
                await self.look()


@asynccontextmanager
async def following_clock() -> AsyncIterator[None]:
    """Follow the database's clock while the context lasts."""
    follower = ClockFollower()
    with Guarded(_log, "the database's clock cannot be read"):
        await follower.look(needed=1)
    task = asyncio.create_task(follower.run())
    try:
        yield
    finally:
        await end_tasks(task)
