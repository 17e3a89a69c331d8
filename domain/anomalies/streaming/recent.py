"""The recent values of a series, and measures of them."""

import base64
import math
from typing import Self

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class Recent:
    """The last values, oldest first, in one contiguous array: windows of it are slices, not copies."""

    __slots__ = ("_buffer", "_end", "capacity", "count")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.count = 0
        self._buffer = np.zeros(2 * capacity)
        self._end = 0

    def append(self, value: float) -> None:
        """Add the newest value; the oldest goes when there is no room."""
        if self._end == len(self._buffer):
            kept = self.capacity - 1
            self._buffer[:kept] = self._buffer[self._end - kept : self._end]
            self._end = kept
        self._buffer[self._end] = value
        self._end += 1
        self.count = min(self.count + 1, self.capacity)

    def last(self, length: int) -> Values:
        """The newest values, at most ``length``."""
        return self._buffer[self._end - min(length, self.count) : self._end]

    def state(self) -> str:
        """The values, exactly, as text."""
        return base64.b64encode(self.last(self.capacity).astype("<f8").tobytes()).decode("ascii")

    @classmethod
    def from_state(cls, capacity: int, state: str) -> Self:
        """The recent values of a ``state``."""
        recent = cls(capacity)
        values = np.frombuffer(base64.b64decode(state), dtype="<f8")
        recent._buffer[: len(values)] = values
        recent._end = recent.count = len(values)
        return recent


def mean(values: Values) -> float:
    """The mean of some values."""
    return float(np.add.reduce(values)) / len(values)


def spread(values: Values) -> float:
    """The standard deviation of some values around their mean."""
    centred = values - mean(values)
    return math.sqrt(float(centred.dot(centred)) / len(values))


def novelty(values: Values, width: int) -> float:
    """The distance of the newest ``width`` values from the most similar earlier stretch that does not overlap them.

    It is the root of the mean squared difference, in the values' unit; 0 while there is no earlier stretch. This is the
    newest entry of the left matrix profile (Yeh et al., "Matrix Profile I", ICDM 2016) without its normalisation, which
    would hide changes of level.
    """
    stretches = len(values) - 2 * width + 1
    if stretches <= 0:
        return 0.0
    newest = values[-width:]
    squares = np.zeros(stretches)
    for offset in range(width):
        difference = values[offset : offset + stretches] - newest[offset]
        difference *= difference
        squares += difference
    return math.sqrt(float(squares.min()) / width)
