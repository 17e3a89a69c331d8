"""How surprising a measure's newest value is, given all that it was before.

A tail keeps a histogram with geometric bins, so that its memory is bounded, it needs no scale, and a burst of large
values does not drag it along as it drags running estimates. Beyond the 95th percentile the excess is modelled by a
generalised Pareto distribution ("peaks over threshold": Pickands 1975; for streams Siffer et al., "Anomaly Detection in
Streams with Extreme Value Theory", KDD 2017) with a fixed, slightly heavy shape and the mean excess for its scale.
"""

import math
from typing import Any, Self

QUANTILE = 0.95
# Shape of the excess: 0 is exponential; tails of measured systems are heavier.
SHAPE = 0.2
# Beyond this the model says nothing more, and no single measure shall outweigh all others.
MAX_SURPRISE = 6.0
# The scale of the excess is never less than these parts of the measure's spread and of its threshold.
MIN_SPREAD_PART, MIN_THRESHOLD_PART = 0.05, 1e-6
GROWTH = 1.05
REFRESH_VALUES = 20
# With fewer values nothing can be said.
MIN_VALUES = 100
# Older values fade: when so many are held, each counts half.
MAX_VALUES = 10_000

_LOG_GROWTH = math.log(GROWTH)
_BASE_SURPRISE = -math.log10(1 - QUANTILE)
_TINY = 1e-12


class Tail:
    """The distribution of one non-negative measure."""

    __slots__ = ("_bins", "_count", "_refresh_in", "_scale", "_square_sum", "_sum", "_zeros", "threshold")

    def __init__(self) -> None:
        self._bins: dict[int, list[float]] = {}
        self._zeros = 0.0
        self._count = 0.0
        self._sum = 0.0
        self._square_sum = 0.0
        self._refresh_in = 0
        self._scale = _TINY
        self.threshold = 0.0

    def surprise(self, value: float, resolution: float) -> float:
        """How improbable a value at least as large is: -log10 of its probability.

        It is 0 below the threshold, and while too little is known.
        ``resolution`` is the smallest difference that means anything, in the measure's unit.
        """
        excess = value - self.threshold
        if excess <= 0 or self._count < MIN_VALUES:
            return 0.0
        ratio = excess / max(self._scale, resolution)
        return min(_BASE_SURPRISE + math.log10(1 + SHAPE * ratio) / SHAPE, MAX_SURPRISE)

    def learn(self, value: float) -> None:
        """Add a value to the past."""
        if value > _TINY:
            key = math.floor(math.log(value) / _LOG_GROWTH)
            held = self._bins.get(key)
            if held is None:
                self._bins[key] = [1.0, value]
            else:
                held[0] += 1.0
                held[1] += value
            self._sum += value
            self._square_sum += value * value
        else:
            self._zeros += 1.0
        self._count += 1.0
        if self._count > MAX_VALUES:
            self._fade()
        self._refresh_in -= 1
        if self._refresh_in <= 0:
            self.refresh()

    def refresh(self) -> None:
        """Bring threshold and scale up to date with all values so far."""
        self._refresh_in = REFRESH_VALUES
        above = self._count * (1 - QUANTILE)
        self.threshold, mean_excess = self._cut(above)
        mean = self._sum / self._count
        spread = math.sqrt(max(0.0, self._square_sum / self._count - mean * mean))
        self._scale = max(mean_excess, MIN_SPREAD_PART * spread, MIN_THRESHOLD_PART * self.threshold, _TINY)

    def _cut(self, above: float) -> tuple[float, float]:
        """The value that ``above`` values exceed, and by how much they do on average; values spread evenly in a bin."""
        count = total = 0.0
        for key in sorted(self._bins, reverse=True):
            held, held_sum = self._bins[key]
            if count + held >= above:
                low = math.exp(key * _LOG_GROWTH)
                part = (above - count) / held
                high = low * GROWTH
                threshold = high - part * (high - low)
                total += (above - count) * (threshold + high) / 2
                return threshold, total / above - threshold
            count += held
            total += held_sum
        return 0.0, total / count if count else 0.0

    def _fade(self) -> None:
        for held in self._bins.values():
            held[0] /= 2
            held[1] /= 2
        self._bins = {key: held for key, held in self._bins.items() if held[0] > 1 / 1_024}
        self._zeros /= 2
        self._count = self._zeros + math.fsum(held[0] for held in self._bins.values())
        self._sum /= 2
        self._square_sum /= 2

    def state(self) -> dict[str, Any]:
        """All of it, as JSON."""
        return {
            "bins": [[key, *held] for key, held in self._bins.items()],
            "zeros": self._zeros,
            "count": self._count,
            "sum": self._sum,
            "square_sum": self._square_sum,
            "refresh_in": self._refresh_in,
            "scale": self._scale,
            "threshold": self.threshold,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The tail that ``state`` was taken of."""
        tail = cls()
        tail._bins = {key: [count, total] for key, count, total in state["bins"]}
        tail._zeros = state["zeros"]
        tail._count = state["count"]
        tail._sum = state["sum"]
        tail._square_sum = state["square_sum"]
        tail._refresh_in = state["refresh_in"]
        tail._scale = state["scale"]
        tail.threshold = state["threshold"]
        return tail
