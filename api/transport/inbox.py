"""The parts of a connection that wait: small, because ten thousands of connections wait most of the time.

An ``asyncio.Queue`` with its event holds four deques, each of three quarters of a kilobyte; an ``asyncio.Event`` one.
"""

import asyncio
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Inbox(Generic[Item]):
    """Items in the order in which they came, for one reader. Unbounded: whoever puts items in stops in time."""

    __slots__ = ("_items", "_reader")

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, item: Item) -> None:
        """Add an item, and wake the reader."""
        self._items.append(item)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def empty(self) -> bool:
        """True if there is none."""
        return not self._items

    async def get(self) -> Item:
        """Take the first item; wait for one."""
        while not self._items:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._items.pop(0)


class Gate:
    """Open at first; has the methods of an ``asyncio.Event``, and makes one only when it is closed."""

    __slots__ = ("_opening",)

    def __init__(self) -> None:
        self._opening: asyncio.Event | None = None

    def clear(self) -> None:
        """Close it."""
        if self._opening is None:
            self._opening = asyncio.Event()

    def set(self) -> None:
        """Open it, and let all pass who wait."""
        if self._opening is not None:
            self._opening.set()
            self._opening = None

    async def wait(self) -> None:
        """Wait until it is open."""
        while self._opening is not None:
            await self._opening.wait()
