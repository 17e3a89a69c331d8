"""Time slices of one operation: after each slice, other waiting work of the event loop runs first."""

import asyncio
from time import perf_counter

_SLICE_SECONDS = 0.005


class TimeSlices:
    """The time slices of one operation; each ends after five milliseconds of the event loop's time."""

    __slots__ = ("_ends",)

    def __init__(self) -> None:
        self._ends = perf_counter() + _SLICE_SECONDS

    def is_over(self) -> bool:
        """True if the operation has had the loop for long enough."""
        return perf_counter() > self._ends

    async def next(self) -> None:
        """Let the others go first, and begin another slice."""
        await asyncio.sleep(0)
        self._ends = perf_counter() + _SLICE_SECONDS
