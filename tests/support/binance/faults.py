"""Faults between an exchange and its clients, on demand: a fault waits for the next matching request."""

from collections import deque
from enum import Enum


class Fault(Enum):
    """Faults of a REST request; a request that is TAKEN has its effect before the answer is lost."""

    UNAVAILABLE = "503 before anything was done"
    UNAVAILABLE_TAKEN = "503 after it was done"
    HANG = "no answer, nothing was done"
    HANG_TAKEN = "no answer, after it was done"
    DROPPED = "the connection is cut before anything was done"
    DROPPED_TAKEN = "the connection is cut after it was done"
    RATE_LIMITED = "429, nothing was done"
    BANNED = "418 for a minute, nothing was done"
    ECHOED = "refused, with the request and its credentials in the answer"
    GARBLED_TAKEN = "an answer that is no JSON, after it was done"

    @property
    def is_taken(self) -> bool:
        return self.name.endswith("_TAKEN")


class Faults:
    """Faults by method and path, each for one request, and faults of the user's stream."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], deque[Fault]] = {}
        self._next: deque[Fault] = deque()
        # Events of the user's stream: never sent, sent twice, or kept until they are released.
        self.losing = False
        self.doubling = False
        self.holding = False
        self.refusing_sockets = False
        # New connections do not answer pings, as if nobody were there.
        self.ignoring_pings = False

    def add(self, method: str, path: str, fault: Fault, times: int = 1) -> None:
        """Add a fault for the next requests of a kind."""
        self._waiting.setdefault((method, path), deque()).extend([fault] * times)

    def add_to_next(self, fault: Fault) -> None:
        """Add a fault for the next request that changes an order."""
        self._next.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that is due for a request, once."""
        if self._next and method != "GET":
            return self._next.popleft()
        waiting = self._waiting.get((method, path))
        return waiting.popleft() if waiting else None

    @property
    def pending(self) -> int:
        """The number of faults that no request has met yet."""
        return sum(len(waiting) for waiting in self._waiting.values())

    def clear(self) -> None:
        """Remove all faults."""
        self._waiting.clear()
        self.losing = self.doubling = self.holding = self.refusing_sockets = self.ignoring_pings = False
