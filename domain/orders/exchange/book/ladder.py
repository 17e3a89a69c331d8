"""Price-ordered waiting rooms: whoever waits for a price to be reached is found without looking at the others.

A rising ladder wakes at or above its keys, a falling one at or below them. ``best`` is the key that is reached first,
so that an event which reaches nobody costs one comparison however many wait.
"""

from typing import TYPE_CHECKING, Generic, TypeVar

from sortedcontainers import SortedDict

if TYPE_CHECKING:
    from domain.orders.exchange.book.working import WorkingOrder

Key = TypeVar("Key")


class Room:
    """Counts who waits in a group of ladders, so that a whole group can be passed by."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting = 0


class Ladder(Generic[Key]):
    """Orders by the key they wait for; those of one key in the order in which they came."""

    __slots__ = ("_levels", "_rising", "_room", "best")

    def __init__(self, room: Room, *, rising: bool) -> None:
        self._room = room
        self._rising = rising
        self._levels: SortedDict[Key, dict[int, WorkingOrder]] = SortedDict()
        self.best: Key | None = None

    def add(self, key: Key, order: "WorkingOrder") -> None:
        """Wait for ``key``."""
        self._room.waiting += 1
        level = self._levels.get(key)
        if level is None:
            levels = self._levels
            levels[key] = {order.sequence: order}
            self.best = levels.peekitem(0 if self._rising else -1)[0]
        else:
            level[order.sequence] = order

    def remove(self, key: Key, order: "WorkingOrder") -> None:
        """Wait no more; the order must be waiting for ``key``."""
        self._room.waiting -= 1
        level = self._levels[key]
        del level[order.sequence]
        if not level:
            levels = self._levels
            del levels[key]
            if key == self.best:
                self.best = levels.peekitem(0 if self._rising else -1)[0] if levels else None

    def everyone(self) -> "list[WorkingOrder]":
        """All who wait."""
        return [order for level in self._levels.values() for order in level.values()]

    def reached(self, value: Key) -> "list[WorkingOrder]":
        """Those whose key ``value`` has reached, equal included."""
        return self._collect(value, strictly=False)

    def passed(self, value: Key) -> "list[WorkingOrder]":
        """Those whose key ``value`` has gone beyond."""
        return self._collect(value, strictly=True)

    def _collect(self, value: Key, *, strictly: bool) -> "list[WorkingOrder]":
        best = self.best
        if best is None:
            return []
        if self._rising:
            keys = self._levels.irange(maximum=value, inclusive=(True, not strictly))
        else:
            keys = self._levels.irange(minimum=value, inclusive=(not strictly, True), reverse=True)
        return [order for key in keys for order in self._levels[key].values()]
