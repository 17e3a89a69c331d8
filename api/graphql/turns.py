"""Turns of large queries: one of each user runs at a time, so that others are answered between them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


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
            async with lock:
                yield
                # Whoever came meanwhile, of any owner, is looked at before the next large query of this one.
                await asyncio.sleep(0)
        finally:
            self._wanted[owner] -= 1
            if not self._wanted[owner]:
                del self._wanted[owner], self._locks[owner]
