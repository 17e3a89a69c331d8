"""Tails: the surprise of a measure's newest value, given all its earlier values.

A tail keeps a histogram with geometric bins: its memory is bounded, it needs no scale, and a burst of large values does
not shift it as it shifts running estimates. Beyond the 80th percentile the excess is modelled by a generalised Pareto
distribution ("peaks over threshold": Pickands 1975; for streams Siffer et al., "Anomaly Detection in Streams with
Extreme Value Theory", KDD 2017) with a fixed, slightly heavy shape and the mean excess as its scale.
"""

import base64
import math
from typing import Any, Self

import numpy as np

# Departures may be as many as one reading in five: what they are measured by has to lie below them.
QUANTILE = 0.8
# Shape of the excess: 0 is exponential; tails of measured systems are heavier.
SHAPE = 0.2
# Beyond this the model says nothing more, and no single measure shall outweigh all others.
MAX_SURPRISE = 6.0
# The scale of the excess is never less than these parts of the way from the median to the threshold, and of that.
MIN_SPREAD_PART, MIN_THRESHOLD_PART = 0.1, 1e-6
GROWTH = 1.05
REFRESH_VALUES, EARLY_REFRESH_VALUES, EARLY_VALUES = 20, 5, 200
# With fewer values nothing can be said.
MIN_VALUES = 100
# Older values fade: when so many are held, each counts half.
MAX_VALUES = 3_000

_LOG_GROWTH = math.log(GROWTH)
_BASE_SURPRISE = -math.log10(1 - QUANTILE)
_TINY = 1e-12
# A bin is held for as long as it counts for more than this: such counts need no more than 24 bits.
_LEAST_COUNT = 1 / 1_024
# As a state has it: its key, its count and the sum of its values.
_BIN = np.dtype([("key", "<i2"), ("count", "<f4"), ("sum", "<f8")])


class Tail:
    """The distribution of one non-negative measure."""

    __slots__ = ("_bins", "_count", "_refresh_in", "_scale", "_zeros", "threshold")

    def __init__(self) -> None:
        self._bins: dict[int, list[float]] = {}
        self._zeros = 0.0
        self._count = 0.0
        self._refresh_in = 0
        self._scale = _TINY
        self.threshold = 0.0

    def surprise(self, value: float, resolution: float) -> float:
        """The improbability of a value at least this large: -log10 of its probability.

        It is 0 below the threshold, and while there is too little data. ``resolution`` is the smallest meaningful
        difference, in the measure's unit.
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
        else:
            self._zeros += 1.0
        self._count += 1.0
        if self._count > MAX_VALUES:
            self._fade()
        self._refresh_in -= 1
        if self._refresh_in <= 0:
            self.refresh()

    def refresh(self) -> None:
        """Recompute threshold and scale from all values so far."""
        self._refresh_in = REFRESH_VALUES if self._count > EARLY_VALUES else EARLY_REFRESH_VALUES
        self.threshold, mean_excess, median = self._cut(self._count * (1 - QUANTILE))
        self._scale = max(
            mean_excess, MIN_SPREAD_PART * (self.threshold - median), MIN_THRESHOLD_PART * self.threshold, _TINY
        )

    def _cut(self, above: float) -> tuple[float, float, float]:
        """The value that ``above`` values exceed, their mean excess, and about the median.

        Values are taken to be spread evenly in a bin.
        """
        threshold, mean_excess = -1.0, 0.0
        count = total = 0.0
        for key in sorted(self._bins, reverse=True):
            held, held_sum = self._bins[key]
            low = math.exp(key * _LOG_GROWTH)
            if threshold < 0 and count + held >= above:
                high = low * GROWTH
                threshold = high - (above - count) / held * (high - low)
                mean_excess = (total + (above - count) * (threshold + high) / 2) / above - threshold
            if count + held >= self._count / 2:
                return threshold, mean_excess, low
            count += held
            total += held_sum
        if threshold < 0:
            return 0.0, total / count if count else 0.0, 0.0
        return threshold, mean_excess, 0.0

    def _fade(self) -> None:
        for held in self._bins.values():
            held[0] /= 2
            held[1] /= 2
        self._bins = {key: held for key, held in self._bins.items() if held[0] > _LEAST_COUNT}
        self._zeros /= 2
        self._count = self._zeros + math.fsum(held[0] for held in self._bins.values())

    def state(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {
            "bins": _packed(self._bins),
            "zeros": self._zeros,
            "count": self._count,
            "refresh_in": self._refresh_in,
            "scale": self._scale,
            "threshold": self.threshold,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The tail of a ``state``."""
        tail = cls()
        tail._bins = _unpacked(state["bins"])
        tail._zeros = state["zeros"]
        tail._count = state["count"]
        tail._refresh_in = state["refresh_in"]
        tail._scale = state["scale"]
        tail.threshold = state["threshold"]
        return tail


def _packed(bins: dict[int, list[float]]) -> str:
    rows = np.array([(key, count, total) for key, (count, total) in bins.items()], dtype=_BIN)
    return base64.b64encode(rows.tobytes()).decode("ascii")


def _unpacked(packed: str) -> dict[int, list[float]]:
    rows = np.frombuffer(base64.b64decode(packed), dtype=_BIN)
    return {int(key): [float(count), float(total)] for key, count, total in rows}
