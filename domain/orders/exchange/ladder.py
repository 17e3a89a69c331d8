"""Price-ordered waiting rooms: whoever waits for a price to be reached is found without looking at the others.

A rising ladder wakes at or above its keys, a falling one at or below them. ``best`` is the key that is reached first,
so that an event which reaches nobody costs one comparison however many wait.
"""

from typing import Generic, TypeVar

from sortedcontainers import SortedDict

from domain.orders.exchange.working import WorkingOrder

Key = TypeVar("Key")


class Ladder(Generic[Key]):
    """Orders by the key they wait for; those of one key in the order in which they came."""

    __slots__ = ("_levels", "_rising", "best")

    def __init__(self, *, rising: bool) -> None:
        self._rising = rising
        self._levels: SortedDict[Key, dict[int, WorkingOrder]] = SortedDict()
        self.best: Key | None = None

    def __bool__(self) -> bool:
        return bool(self._levels)

    def add(self, key: Key, order: WorkingOrder) -> None:
        """Wait for ``key``."""
        level = self._levels.get(key)
        if level is None:
            self._levels[key] = {order.sequence: order}
            self._find_best()
        else:
            level[order.sequence] = order

    def remove(self, key: Key, order: WorkingOrder) -> None:
        """Wait no more; the order must be waiting for ``key``."""
        level = self._levels[key]
        del level[order.sequence]
        if not level:
            del self._levels[key]
            self._find_best()

    def reached(self, value: Key) -> list[WorkingOrder]:
        """Those whose key ``value`` has reached, equal included."""
        return self._collect(value, strictly=False)

    def passed(self, value: Key) -> list[WorkingOrder]:
        """Those whose key ``value`` has gone beyond."""
        return self._collect(value, strictly=True)

    def _collect(self, value: Key, *, strictly: bool) -> list[WorkingOrder]:
        if self._rising:
            keys = self._levels.irange(maximum=value, inclusive=(True, not strictly))
        else:
            keys = self._levels.irange(minimum=value, inclusive=(not strictly, True), reverse=True)
        return [order for key in keys for order in self._levels[key].values()]

    def _find_best(self) -> None:
        levels = self._levels
        self.best = levels.peekitem(0 if self._rising else -1)[0] if levels else None
