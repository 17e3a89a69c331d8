"""Baselines: the normal range of one quantity of one subject, by robust statistics, by the hour of the day.

The middle is a median. The spread is that of the upper side, because high values are looked for: the distance to the
upper quartile, or to the 90th percentile where that is wider, as in a mix of a few busy and many quiet times. Quiet
times among busy ones do not widen it, and a few anomalies in the past do not move it. An hour with enough data is
judged by itself and its neighbours, else by the whole past.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from statistics import median
from typing import Any, Generic, Self, TypeVar

HOURS = 24
# Of each hour so many values are kept, the newest.
HOUR_VALUES = 60
MIN_HOUR_VALUES = 30
# Where these quantiles of a normal distribution are, in standard deviations above its middle.
UPPER_QUANTILES = ((0.75, 0.6745), (0.9, 1.2816))
# Behaviour has heavier tails than a normal distribution: Student's t with so many degrees of freedom (an even number).
DEGREES_OF_FREEDOM = 16
NEAR_DEVIATIONS, SERIES_PRECISION = 4.0, 1e-12
MAX_SURPRISE = 300.0
# Of so many subjects a detector remembers what is normal; the one that was quiet for longest is forgotten first.
MAX_SUBJECTS = 10_000

Memory = TypeVar("Memory")


class Baseline:
    """The past of one quantity."""

    __slots__ = ("_floor", "_hours", "count")

    def __init__(self, floor: float) -> None:
        """``floor`` is the smallest spread that is used, in the quantity's unit."""
        self._floor = floor
        self._hours: list[deque[float]] = [deque(maxlen=HOUR_VALUES) for _ in range(HOURS)]
        self.count = 0

    def learn(self, at: datetime, value: float) -> None:
        """Add a value."""
        self._hours[at.hour].append(value)
        self.count += 1

    def usual(self, at: datetime) -> tuple[float, float]:
        """The middle and the spread (as a standard deviation) at this hour; (0, floor) before there is data."""
        values = sorted(self._near(at.hour))
        if not values:
            return 0.0, self._floor
        middle = median(values)
        spreads = [
            (values[int(quantile * (len(values) - 1))] - middle) / deviations
            for quantile, deviations in UPPER_QUANTILES
        ]
        return middle, max(*spreads, self._floor)

    def surprise(self, at: datetime, value: float) -> float:
        """The improbability of a value this high; 0 for a value at or below the middle."""
        middle, spread = self.usual(at)
        return surprise_of(upper_tail((value - middle) / spread)) if value > middle else 0.0

    def _near(self, hour: int) -> Sequence[float]:
        near = [value for other in (hour - 1, hour, (hour + 1) % HOURS) for value in self._hours[other]]
        if len(near) >= MIN_HOUR_VALUES and len(self._hours[hour]) >= MIN_HOUR_VALUES // 3:
            return near
        return [value for values in self._hours for value in values]

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {"floor": self._floor, "count": self.count, "hours": [list(values) for values in self._hours]}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The baseline of a ``state``."""
        baseline = cls(state["floor"])
        baseline.count = state["count"]
        for values, kept in zip(baseline._hours, state["hours"], strict=True):
            values.extend(kept)
        return baseline


class Subjects(Generic[Memory]):
    """The memory of each subject, by its key, for a bounded number of subjects."""

    __slots__ = ("_held", "_limit", "_make")

    def __init__(self, make: Callable[[], Memory], limit: int) -> None:
        self._make = make
        self._limit = limit
        self._held: OrderedDict[str, Memory] = OrderedDict()

    def __getitem__(self, key: str) -> Memory:
        """The memory of a subject, created on first use."""
        memory = self._held.get(key)
        if memory is None:
            memory = self._held[key] = self._make()
            if len(self._held) > self._limit:
                self._held.popitem(last=False)
        self._held.move_to_end(key)
        return memory

    def __len__(self) -> int:
        return len(self._held)

    def items(self) -> Iterator[tuple[str, Memory]]:
        """All subjects, the one that was quiet for longest first."""
        return iter(self._held.items())

    def restore(self, key: str, memory: Memory) -> None:
        """Restore memories, in the order of ``items``."""
        self._held[key] = memory


def surprise_of(probability: float) -> float:
    """The negative decimal logarithm of a probability, at most ``MAX_SURPRISE``."""
    return min(-math.log10(probability), MAX_SURPRISE) if probability > 0 else MAX_SURPRISE


def upper_tail(deviations: float, degrees: int = DEGREES_OF_FREEDOM) -> float:
    """The probability that Student's t exceeds a positive number; ``degrees`` of freedom are even.

    Near the middle it is an elementary sum (Abramowitz & Stegun 26.7.4). That cancels further out, where the series of
    the incomplete beta function has positive terms only (DLMF 8.17.7).
    """
    part = degrees / (degrees + deviations * deviations)
    if deviations < NEAR_DEVIATIONS:
        term = total = 1.0
        for index in range(1, degrees // 2):
            term *= (2 * index - 1) / (2 * index) * part
            total += term
        return 0.5 * (1 - math.sqrt(1 - part) * total)
    half = degrees / 2
    term, total, index = 1.0, 1.0 / half, 0
    while term > SERIES_PRECISION:
        index += 1
        term *= (index - 0.5) / index * part
        total += term / (half + index)
    beta = math.lgamma(half) + math.lgamma(0.5) - math.lgamma(half + 0.5)
    return 0.5 * math.exp(half * math.log(part) - beta) * total


def binomial_upper_tail(hits: int, trials: int, rate: float) -> float:
    """The probability of at least ``hits`` in ``trials`` independent ones that hit at ``rate`` (above 0, below 1)."""
    return math.fsum(
        math.comb(trials, count) * rate**count * (1 - rate) ** (trials - count) for count in range(hits, trials + 1)
    )
