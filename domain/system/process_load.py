"""The load of web processes, pure: a window of the last seconds in each process, and the sum over all of them.

Latencies are counted in buckets whose bounds grow by a quarter, so that the buckets of several processes can be added;
a percentile is then exact to an eighth.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any, Self

WINDOW_SECONDS = 10
_GROWTH = 1.25
_STEP = log(_GROWTH)
_SHORTEST_SECONDS = 0.000_1
# Up to four minutes.
_BUCKETS = 67


def bucket_of(seconds: float) -> int:
    """The bucket that counts a duration."""
    if seconds <= _SHORTEST_SECONDS:
        return 0
    return min(_BUCKETS - 1, int(log(seconds / _SHORTEST_SECONDS) / _STEP) + 1)


@dataclass(frozen=True, slots=True)
class ProcessLoad:
    """The last seconds of one process: operations, operations with an error, and durations in buckets."""

    operations: int
    errors: int
    subscriptions: int
    buckets: Sequence[int]

    def to_json(self) -> dict[str, Any]:
        """The form that other processes read."""
        return {
            "operations": self.operations,
            "errors": self.errors,
            "subscriptions": self.subscriptions,
            "buckets": list(self.buckets),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The load of a form of ``to_json``.

        Raises:
            KeyError, TypeError, ValueError: the form is invalid.
        """
        buckets = [int(count) for count in values["buckets"]]
        if len(buckets) != _BUCKETS:
            raise ValueError("another release's buckets")
        return cls(int(values["operations"]), int(values["errors"]), int(values["subscriptions"]), buckets)


class LoadWindow:
    """Counts one process's operations over the last ten full seconds."""

    def __init__(self) -> None:
        self._seconds: dict[int, tuple[list[int], list[int]]] = {}

    def answered(self, now: float, seconds: float, *, failed: bool) -> None:
        """Count one operation that ended at ``now``, in seconds of a monotonic clock."""
        second = int(now)
        counted = self._seconds.get(second)
        if counted is None:
            self._forget(second)
            counted = self._seconds[second] = ([0, 0], [0] * _BUCKETS)
        counts, buckets = counted
        counts[0] += 1
        counts[1] += failed
        buckets[bucket_of(seconds)] += 1

    def load(self, now: float, subscriptions: int) -> ProcessLoad:
        """The counted load; the running second is left out."""
        last = int(now)
        kept = [counted for second, counted in self._seconds.items() if last - WINDOW_SECONDS <= second < last]
        buckets = [sum(column) for column in zip(*(buckets for _, buckets in kept), strict=True)] or [0] * _BUCKETS
        return ProcessLoad(
            sum(counts[0] for counts, _ in kept), sum(counts[1] for counts, _ in kept), subscriptions, buckets
        )

    def _forget(self, second: int) -> None:
        for old in [each for each in self._seconds if each < second - WINDOW_SECONDS]:
            del self._seconds[old]


def combined(loads: Iterable[ProcessLoad]) -> ProcessLoad:
    """The sum of several processes."""
    given = list(loads)
    return ProcessLoad(
        sum(load.operations for load in given),
        sum(load.errors for load in given),
        sum(load.subscriptions for load in given),
        [sum(column) for column in zip(*(load.buckets for load in given), strict=True)] or [0] * _BUCKETS,
    )


def percentile_ms(load: ProcessLoad, share: float) -> float | None:
    """The duration within which this share of operations ended, in milliseconds; None without any."""
    wanted, seen = share * sum(load.buckets), 0
    for bucket, count in enumerate(load.buckets):
        seen += count
        if count and seen >= wanted:
            # The middle of the bucket.
            return _SHORTEST_SECONDS * exp(_STEP * (bucket - 0.5)) * 1_000
    return None
