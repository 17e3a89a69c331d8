"""Results of expensive reads, each kept with the version of the rows that it was made of; never given when stale.

A reader asks the database for the version, which costs a look at the rows that order the changes, and gets the kept
result only if nothing has changed since it was read. So a write of any process counts at once, and no notice of it can
be lost. The version is read before the result: a result may be newer than its version, never older.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from domain.kernel.bounded_cache import WeightedLru

Value = TypeVar("Value")
MAX_RESULTS = 2_000
# In rows, or what else the results are counted by.
MAX_WEIGHT = 200_000


class ReadCache:
    """The kept results of one process; the least recently used make room."""

    def __init__(self, *, max_results: int = MAX_RESULTS, max_weight: int = MAX_WEIGHT) -> None:
        self.hits: Counter[str] = Counter()
        self.misses: Counter[str] = Counter()
        self._kept: WeightedLru[Hashable, tuple[Hashable, Any]] = WeightedLru(
            max_entries=max_results, max_weight=max_weight
        )
        self._reading: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def read(
        self,
        name: str,
        key: Hashable,
        version: Hashable,
        load: Callable[[], Awaitable[Value]],
        weigh: Callable[[Value], int] = lambda _value: 1,
    ) -> Value:
        """The result of ``load`` at ``version`` or newer; callers that want the same at once share one execution.

        ``key`` names all that the result depends on besides the version: arguments, and whose rows may be read.
        """
        place = (name, key)
        lock = self._reading.setdefault(place, asyncio.Lock())
        async with lock:
            kept = self._kept.get(place)
            if kept is not None and kept[0] == version:
                self.hits[name] += 1
                value: Value = kept[1]
                return value
            self.misses[name] += 1
            value = await load()
            self._kept.put(place, (version, value), weigh(value))
            return value
