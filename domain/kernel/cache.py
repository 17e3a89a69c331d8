"""Process-wide caches of data that rarely changes. A stale value can never decide.

Each topic (instruments, access, limits with halts) has a version in PostgreSQL. A writer raises the version of the
topic in the transaction of its change. A reader that decides compares the versions in its own transaction and calls
``at``. A lost change notice therefore costs one reload and never a wrong decision.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from domain.kernel.topic_queries import raise_version, read_version
from domain.kernel.unit_of_work import UnitOfWork

Value = TypeVar("Value")
CHANNEL = "versions"


async def bump(work: UnitOfWork, topic: str) -> None:
    """Mark ``topic`` as changed by this unit of work and tell every process after the commit."""
    version = await raise_version(work, topic)
    work.publish(CHANNEL, f"{topic} {version}".encode())


class VersionedCache(Generic[Value]):
    """The value of one topic, loaded on first use and whenever the wanted version is newer."""

    def __init__(self, topic: str, load: Callable[[], Awaitable[Value]]) -> None:
        self.topic = topic
        self._load = load
        self._lock = asyncio.Lock()
        self._held: tuple[int, Value] | None = None

    async def current(self) -> Value:
        """The cached value, however old: for uses that the transaction checks again."""
        return (await self.held())[1]

    async def held(self) -> tuple[int, Value]:
        """The cached value, however old, with its version: a transaction must compare the pair that it decided on."""
        while self._held is None:
            await self.refresh()
        return self._held

    async def refresh(self) -> Value:
        """Load again if the database has a newer version."""
        return await self.at(await read_version(self.topic))

    async def at(self, version: int) -> Value:
        """The value at ``version`` or newer."""
        if self._held is not None and self._held[0] >= version:
            return self._held[1]
        async with self._lock:
            if self._held is None or self._held[0] < version:
                # The version was read before the rows: what is loaded is at least that new.
                self._held = (version, await self._load())
            return self._held[1]
