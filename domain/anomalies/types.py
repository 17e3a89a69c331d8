"""Words and values of the anomalies area: what is looked for, how it is set, and what is found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.risk.types import Severity


class AnomalyKind(StrEnum):
    """What a detector looks for."""

    TRADE_FREQUENCY = "TRADE_FREQUENCY"
    ORDER_SIZE = "ORDER_SIZE"
    PRICE_DEVIATION = "PRICE_DEVIATION"
    LOSS_PATTERN = "LOSS_PATTERN"
    ACCOUNT_BALANCE = "ACCOUNT_BALANCE"
    SYSTEM_PERFORMANCE = "SYSTEM_PERFORMANCE"
    CANCEL_RATIO = "CANCEL_RATIO"
    WASH_TRADE = "WASH_TRADE"
    LAYERING = "LAYERING"
    RAMPING = "RAMPING"
    STALE_MARKET_DATA = "STALE_MARKET_DATA"
    QUOTE_STUFFING = "QUOTE_STUFFING"
    STRUCTURING = "STRUCTURING"
    MARKING_THE_CLOSE = "MARKING_THE_CLOSE"
    MOMENTUM_IGNITION = "MOMENTUM_IGNITION"
    CROSS_MARKET = "CROSS_MARKET"
    FRONT_RUNNING = "FRONT_RUNNING"


MIN_SENSITIVITY, DEFAULT_SENSITIVITY, MAX_SENSITIVITY = 0.0, 0.5, 1.0
# The surprise (negative decimal logarithm of a probability) that makes a finding, at the largest and at the smallest
# sensitivity. Between them, by default, it is 5: one chance in a hundred thousand.
LEAST_THRESHOLD, GREATEST_THRESHOLD = 2.5, 7.5
# So far beyond the threshold, a finding is a WARNING, and then CRITICAL.
WARNING_FACTOR, CRITICAL_FACTOR = 1.25, 2.0


@dataclass(frozen=True, slots=True)
class Tuning:
    """How one detector is set: ``sensitivity`` from 0 (only the plainest) to 1, ``warmup``: values before it speaks."""

    sensitivity: float = DEFAULT_SENSITIVITY
    warmup: int = 50

    def __post_init__(self) -> None:
        """Refuse what makes no sense.

        Raises:
            ValueError: a setting is out of its range.
        """
        if not MIN_SENSITIVITY <= self.sensitivity <= MAX_SENSITIVITY:
            raise ValueError(f"sensitivity must be between {MIN_SENSITIVITY:g} and {MAX_SENSITIVITY:g}")
        if self.warmup < 1:
            raise ValueError("warmup must be at least 1")

    @property
    def threshold(self) -> float:
        """The surprise from which on something is a finding."""
        return GREATEST_THRESHOLD - (GREATEST_THRESHOLD - LEAST_THRESHOLD) * self.sensitivity


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose behaviour it is: an account, a symbol, an account's trading in a symbol, or a component's measure."""

    account_id: str | None = None
    symbol: str | None = None
    component: str | None = None

    @property
    def key(self) -> str:
        """The subject as one text."""
        return "|".join(part or "" for part in (self.account_id, self.symbol, self.component))


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure from the normal. ``score`` is its surprise, comparable with ``threshold``.

    ``observed`` and ``expected`` are in the unit that ``explanation`` names; ``evidence`` is what it rests on, by ids.
    """

    kind: AnomalyKind
    subject: Subject
    at: datetime
    score: float
    threshold: float
    observed: float
    expected: float | None
    explanation: str
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """By how far the surprise is beyond the threshold."""
        if self.score >= CRITICAL_FACTOR * self.threshold:
            return Severity.CRITICAL
        return Severity.WARNING if self.score >= WARNING_FACTOR * self.threshold else Severity.INFO

    @property
    def fingerprint(self) -> str:
        """The same for findings that tell of the same thing: kind, subject and the day in UTC."""
        return f"{self.kind}|{self.subject.key}|{self.at:%Y-%m-%d}"
