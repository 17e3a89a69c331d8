"""Prediction of the next value from the last few ones."""

import base64
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

LAGS = 6
# Older readings count less: about the last thousand matter.
FORGETTING = 0.999
# An outlier teaches no more than a departure of so many usual ones.
MAX_ERROR = 3.0
SLOWEST_MEAN_RATE, SLOWEST_SCALE_RATE = 0.002, 0.005
FIRST_UNCERTAINTY, MAX_UNCERTAINTY = 1e3, 1e6
_TINY = 1e-12


class Predictor:
    """A linear prediction learnt by recursive least squares (Haykin, "Adaptive Filter Theory", chapter 10)."""

    __slots__ = ("_count", "_covariance", "_mean", "_scale", "_weights")

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0
        self._scale = 1e-9
        self._weights: NDArray[np.float64] = np.zeros(LAGS + 1)
        self._weights[0] = 1.0
        self._covariance: NDArray[np.float64] = FIRST_UNCERTAINTY * np.eye(LAGS + 1)

    def error(self, before: NDArray[np.float64], value: float) -> float:
        """The absolute distance of a value from its prediction; then the value is learnt.

        ``before`` are the values before it, oldest first; with fewer than ``LAGS`` there is no prediction and no error.
        """
        found = self._correct(before, value) if len(before) >= LAGS else 0.0
        if not self._count:
            self._mean = value
        self._count += 1
        self._mean += max(SLOWEST_MEAN_RATE, 1 / self._count) * (value - self._mean)
        self._scale += max(SLOWEST_SCALE_RATE, 1 / self._count) * (abs(value - self._mean) - self._scale)
        return found

    def _correct(self, before: NDArray[np.float64], value: float) -> float:
        scale = max(self._scale, _TINY)
        known = np.empty(LAGS + 1)
        known[:LAGS] = before[: -LAGS - 1 : -1]
        known[:LAGS] -= self._mean
        known[:LAGS] /= scale
        known[LAGS] = 1.0
        error = (value - self._mean) / scale - float(self._weights.dot(known))
        spread = self._covariance.dot(known)
        gain = spread / (FORGETTING + float(known.dot(spread)))
        self._weights += gain * max(-MAX_ERROR, min(MAX_ERROR, error))
        self._covariance -= gain[:, None] * spread
        self._covariance /= FORGETTING
        uncertainty = float(self._covariance.trace())
        if uncertainty > MAX_UNCERTAINTY:
            self._covariance *= MAX_UNCERTAINTY / uncertainty
        return abs(error) * scale

    def state(self) -> dict[str, Any]:
        """The state, exactly, as JSON."""
        numbers = np.concatenate([self._weights, self._covariance.ravel()])
        return {
            "count": self._count,
            "mean": self._mean,
            "scale": self._scale,
            "numbers": base64.b64encode(numbers.astype("<f8").tobytes()).decode("ascii"),
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The predictor of a ``state``."""
        predictor = cls()
        predictor._count, predictor._mean, predictor._scale = state["count"], state["mean"], state["scale"]
        numbers = np.frombuffer(base64.b64decode(state["numbers"]), dtype="<f8")
        predictor._weights = numbers[: LAGS + 1].copy()
        predictor._covariance = numbers[LAGS + 1 :].reshape(LAGS + 1, LAGS + 1).copy()
        return predictor
