"""Turns of large queries: one of each user runs at a time, and others are answered between them.

After a large query, the user's next waiting one starts only after a pause of the same length. So however many are
waiting, they leave half of the loop's time to others, whose answers take several turns of the loop.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

# A query that waits for the database takes long without taking the loop's time.
_MAX_PAUSE_SECONDS = 0.1


class Turns:
    """The queue of turns; those of one owner go one after the other, in the order of arrival."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._wanted: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        return len(self._locks)

    @asynccontextmanager
    async def of(self, owner: Hashable) -> AsyncIterator[None]:
        """The owner's turn."""
        lock = self._locks.setdefault(owner, asyncio.Lock())
        self._wanted[owner] += 1
        try:
            await lock.acquire()
        except BaseException:
            self._leave(owner)
            raise
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            yield
        finally:
            # The answer goes out now, and whoever comes with it is seen to wait; only the next turn is delayed.
            loop.call_soon(self._end, owner, lock, loop.time() - began)

    def _end(self, owner: Hashable, lock: asyncio.Lock, seconds: float) -> None:
        if self._wanted[owner] > 1:
            asyncio.get_running_loop().call_later(min(seconds, _MAX_PAUSE_SECONDS), self._pass_on, owner, lock)
        else:
            self._pass_on(owner, lock)

    def _pass_on(self, owner: Hashable, lock: asyncio.Lock) -> None:
        lock.release()
        self._leave(owner)

    def _leave(self, owner: Hashable) -> None:
        self._wanted[owner] -= 1
        if not self._wanted[owner]:
            del self._wanted[owner], self._locks[owner]
