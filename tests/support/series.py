"""Made-up series for the streaming detector: what is normal, and one planted departure of each kind."""

from collections.abc import Callable

import numpy as np

from domain.anomalies.streaming.detector import StreamDetector
from domain.anomalies.streaming.types import StreamScore
from domain.kernel.time import NANOS_PER_SECOND, Nanos

FIVE_MINUTES = 300 * NANOS_PER_SECOND
READINGS = 2_000
PLANTED_AT = 1_500


def noise(random: np.random.Generator) -> np.ndarray:
    """White noise around a level."""
    return random.normal(40.0, 2.0, READINGS)


def daily(random: np.random.Generator) -> np.ndarray:
    """A daily wave with noise."""
    return 100 + 30 * np.sin(2 * np.pi * np.arange(READINGS) / 288) + random.normal(0, 2, READINGS)


def counts(random: np.random.Generator) -> np.ndarray:
    """Counts with a heavy tail, as of messages."""
    return random.negative_binomial(3, 3 / (3 + 20), READINGS).astype(float)


def bursts(random: np.random.Generator) -> np.ndarray:
    """Rare bursts of like size over a quiet floor."""
    return np.where(random.random(READINGS) < 0.03, random.uniform(50, 60, READINGS), random.normal(2, 0.1, READINGS))


NORMAL: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "noise": noise,
    "daily": daily,
    "counts": counts,
    "bursts": bursts,
}


def spike(values: np.ndarray, random: np.random.Generator) -> None:
    """One reading far too high."""
    values[PLANTED_AT] = values.max() + 12 * values.std()


def drop(values: np.ndarray, random: np.random.Generator) -> None:
    """Readings far too low."""
    values[PLANTED_AT : PLANTED_AT + 10] = values.min() - 5 * values.std()


def level_shift(values: np.ndarray, random: np.random.Generator) -> None:
    """A step that stays."""
    values[PLANTED_AT:] += 5 * values.std()


def noise_growth(values: np.ndarray, random: np.random.Generator) -> None:
    """The same mean with five times the spread."""
    values[PLANTED_AT:] += random.normal(0, 5 * values.std(), len(values) - PLANTED_AT)


def silence(values: np.ndarray, random: np.random.Generator) -> None:
    """A day without its wave: the values themselves are usual, only not then."""
    values[PLANTED_AT : PLANTED_AT + 144] = values[PLANTED_AT]


def density(values: np.ndarray, random: np.random.Generator) -> None:
    """Bursts of the usual size, far too many."""
    values[PLANTED_AT : PLANTED_AT + 40 : 2] = 55.0


PLANTED: dict[str, tuple[str, Callable[[np.ndarray, np.random.Generator], None]]] = {
    "spike": ("noise", spike),
    "spike in counts": ("counts", spike),
    "drop": ("noise", drop),
    "level shift": ("noise", level_shift),
    "noise growth": ("noise", noise_growth),
    "a day without its wave": ("daily", silence),
    "changed rhythm": ("bursts", density),
}


def normal(kind: str, seed: int) -> np.ndarray:
    """A series with nothing to find."""
    return NORMAL[kind](np.random.default_rng(seed))


def planted(kind: str, seed: int) -> np.ndarray:
    """A series with one departure, at ``PLANTED_AT``."""
    base, plant = PLANTED[kind]
    random = np.random.default_rng(seed)
    values = NORMAL[base](random)
    plant(values, random)
    return values


def at(index: int) -> Nanos:
    """The time of a reading: every five minutes from a midnight on."""
    return Nanos(1_396_310_400 * NANOS_PER_SECOND + index * FIVE_MINUTES)


def score_all(values: np.ndarray, detector: StreamDetector | None = None, start: int = 0) -> list[StreamScore]:
    """The scores of readings five minutes apart."""
    detector = detector or StreamDetector()
    return [detector.update(at(index), value) for index, value in enumerate(values.tolist(), start)]


def alarms(scores: list[StreamScore]) -> list[int]:
    """The indices of the readings that were alarms."""
    return [index for index, score in enumerate(scores) if score.is_alarm]
