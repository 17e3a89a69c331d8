"""Price ladders: orders that wait for a price, found without a look at those that are not reached.

A rising ladder is reached by prices at or above its keys, a falling one by prices at or below them. ``best`` is the key
that is reached first, so an event that reaches no order costs one comparison however many wait.
"""

from typing import Generic, Protocol, TypeVar

from sortedcontainers import SortedDict


class Waiting(Protocol):
    """An order that a ladder holds."""

    @property
    def sequence(self) -> int:
        """Its place in the order of arrival."""
        ...


Key = TypeVar("Key")
Entry = TypeVar("Entry", bound=Waiting)


class Room:
    """The number of waiting orders in a group of ladders, so that an empty group is skipped."""

    __slots__ = ("waiting",)

    def __init__(self) -> None:
        self.waiting = 0


class Ladder(Generic[Key, Entry]):
    """Orders by the key that they wait for; those of one key in the order of arrival."""

    __slots__ = ("_levels", "_rising", "_room", "best")

    def __init__(self, room: Room, *, rising: bool) -> None:
        self._room = room
        self._rising = rising
        self._levels: SortedDict[Key, dict[int, Entry]] = SortedDict()
        self.best: Key | None = None

    def add(self, key: Key, order: Entry) -> None:
        """Add an order that waits for ``key``."""
        self._room.waiting += 1
        level = self._levels.get(key)
        if level is None:
            levels = self._levels
            levels[key] = {order.sequence: order}
            self.best = levels.peekitem(0 if self._rising else -1)[0]
        else:
            level[order.sequence] = order

    def remove(self, key: Key, order: Entry) -> None:
        """Remove an order that waits for ``key``."""
        self._room.waiting -= 1
        level = self._levels[key]
        del level[order.sequence]
        if not level:
            levels = self._levels
            del levels[key]
            if key == self.best:
                self.best = levels.peekitem(0 if self._rising else -1)[0] if levels else None

    def everyone(self) -> list[Entry]:
        """All waiting orders."""
        return [order for level in self._levels.values() for order in level.values()]

    def reached(self, value: Key) -> list[Entry]:
        """The orders whose key ``value`` has reached, equal included."""
        return self._collect(value, strictly=False)

    def passed(self, value: Key) -> list[Entry]:
        """The orders whose key ``value`` has gone beyond."""
        return self._collect(value, strictly=True)

    def _collect(self, value: Key, *, strictly: bool) -> list[Entry]:
        best = self.best
        if best is None:
            return []
        if self._rising:
            keys = self._levels.irange(maximum=value, inclusive=(True, not strictly))
        else:
            keys = self._levels.irange(minimum=value, inclusive=(not strictly, True), reverse=True)
        return [order for key in keys for order in self._levels[key].values()]
