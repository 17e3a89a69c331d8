"""Usual values: the size of orders, and the hours of a session. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

# A usual size moves by this part at least with each order, and by less with each of the first ones.
SLOWEST_RATE, FEW_ORDERS = 0.02, 3
# Nobody trades at both ends of every session: they are where one day in five trades later, or earlier.
LATE_QUANTILE, MIN_DAYS = 0.8, 3
DAY_SECONDS = 86_400
# Whoever looks at a market more seldom than this does not see when it opens or closes.
SEEN_SECONDS = 300.0


def next_usual(usual: float, size: float, orders: int) -> float:
    """The usual size after one more of so many orders: a running median.

    However large an order is, it moves it by a small step: a stack of large ones does not make itself usual.
    """
    if not usual:
        return size
    rate = max(1 / (orders + FEW_ORDERS), SLOWEST_RATE)
    return usual * (1 + rate) if size > usual else usual / (1 + rate) if size < usual else usual


def usual_end(last: Collection[float]) -> float | None:
    """The end of a session by the times of the last trades of some days; None before there are enough."""
    return sorted(last)[int(LATE_QUANTILE * (len(last) - 1))] if len(last) >= MIN_DAYS else None


def usual_begin(first: Collection[float]) -> float | None:
    """The beginning of a session by the times of the first trades of some days."""
    end = usual_end([-at for at in first])
    return -end if end is not None else None


@dataclass(slots=True)
class SessionHours:
    """The times of the day, in seconds, at which a market was last seen to open and to close."""

    at: float = 0.0
    is_open: bool = False
    begins: float | None = None
    ends: float | None = None

    def check(self, now: float, is_open: bool) -> None:
        """Record a check of the market: open or closed."""
        if self.at and is_open != self.is_open and 0 < now - self.at <= SEEN_SECONDS:
            second = now % DAY_SECONDS
            if is_open:
                self.begins = second
            else:
                self.ends = second
        self.at, self.is_open = now, is_open

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {"at": self.at, "is_open": self.is_open, "begins": self.begins, "ends": self.ends}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The hours of a ``state``."""
        return cls(**state)
