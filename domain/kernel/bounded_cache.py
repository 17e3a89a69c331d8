"""A cache bounded in entries and in weight; at the bound the least recently used entry is dropped."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class WeightedLru(Generic[Key, Value]):
    """Least recently used entries make room; an entry heavier than the whole cache is not kept."""

    __slots__ = ("_entries", "_max_entries", "_max_weight", "_weight")

    def __init__(self, *, max_entries: int, max_weight: int) -> None:
        self._entries: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._max_entries = max_entries
        self._max_weight = max_weight
        self._weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def weight(self) -> int:
        """The weight of all entries."""
        return self._weight

    def get(self, key: Key) -> Value | None:
        """The value of ``key``, which becomes the most recently used."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: Key, value: Value, weight: int) -> None:
        """Store ``value``, dropping others if there is no room."""
        old = self._entries.pop(key, None)
        if old is not None:
            self._weight -= old[1]
        if weight > self._max_weight:
            return
        self._entries[key] = (value, weight)
        self._weight += weight
        while self._weight > self._max_weight or len(self._entries) > self._max_entries:
            _, (_, freed) = self._entries.popitem(last=False)
            self._weight -= freed
