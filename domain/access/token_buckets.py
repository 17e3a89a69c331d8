"""Token buckets of many keys in one process, pure: they decide at once and are reconciled with shared ones afterwards.

A bucket holds ``burst`` tokens and gets ``per_second`` of them back. Each request takes one. What was taken here is
reported to the shared buckets a few times a second, and their levels, which know what other processes took, replace the
estimates. A shared level may be negative: what processes took together before they knew of each other is paid back, so
that over time no more than the rate is allowed. Without shared buckets each process allows the whole rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from domain.kernel.values import unguarded

MAX_KEYS = 50_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests per second in the long run, and how many may come at once. The rate ``0`` means no limit."""

    per_second: float
    burst: int

    @property
    def window_seconds(self) -> int:
        """The time in which an empty bucket fills."""
        return max(1, ceil(self.burst / self.per_second))


@unguarded
@dataclass(frozen=True, slots=True)
class Allowance:
    """The answer to one request: the requests that remain, when the bucket is full again, and how long to wait.

    ``wait_seconds`` is 0 when the request is allowed.
    """

    rate: Rate
    remaining: int
    reset_seconds: int
    wait_seconds: int = 0


class _Bucket:
    __slots__ = ("at", "level", "unreported")

    def __init__(self, level: float, at: float) -> None:
        self.level = level
        self.at = at
        self.unreported = 0


class TokenBuckets:
    """The buckets of one rate; at most ``max_keys`` of them, beyond which the longest unused are forgotten."""

    def __init__(self, rate: Rate, max_keys: int = MAX_KEYS) -> None:
        self.rate = rate
        self._max_keys = max_keys
        self._buckets: dict[str, _Bucket] = {}
        self._taken: dict[str, _Bucket] = {}

    def take(self, key: str, now: float) -> Allowance:
        """Take a token for one request at ``now``, in seconds of a monotonic clock, if there is one."""
        rate = self.rate
        # Put at the end: the dictionary is ordered by when a key was last used.
        bucket = self._buckets.pop(key, None) or _Bucket(rate.burst, now)
        self._buckets[key] = bucket
        if len(self._buckets) > self._max_keys:
            del self._buckets[next(iter(self._buckets))]
        level = min(rate.burst, bucket.level + (now - bucket.at) * rate.per_second)
        bucket.at = now
        if level < 1:
            bucket.level = level
            wait = max(1, ceil((1 - level) / rate.per_second))
            return Allowance(rate, 0, ceil((rate.burst - level) / rate.per_second), wait)
        bucket.level = level - 1
        bucket.unreported += 1
        self._taken[key] = bucket
        return Allowance(rate, int(bucket.level), ceil((rate.burst - bucket.level) / rate.per_second))

    def report(self) -> dict[str, int]:
        """The tokens that were taken since the last report, by key."""
        taken = {key: bucket.unreported for key, bucket in self._taken.items()}
        for bucket in self._taken.values():
            bucket.unreported = 0
        self._taken.clear()
        return taken

    def reconcile(self, levels: Mapping[str, float], now: float) -> None:
        """Replace estimates by the levels of shared buckets that have taken the last report into account."""
        for key, level in levels.items():
            bucket = self._buckets.get(key)
            if bucket is not None:
                bucket.level = min(self.rate.burst, level) - bucket.unreported
                bucket.at = now
