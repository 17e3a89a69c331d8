"""Types of the anomalies area: kinds, tuning, subjects and findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.risk.types import Severity


class AnomalyKind(StrEnum):
    """The kind of an anomaly."""

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
    AUCTION_SPOOFING = "AUCTION_SPOOFING"


MIN_SENSITIVITY, DEFAULT_SENSITIVITY, MAX_SENSITIVITY = 0.0, 0.5, 1.0
# The surprise (negative decimal logarithm of a probability) that makes a finding, at the largest and at the smallest
# sensitivity. Between them, by default, it is 5: one chance in a hundred thousand.
LEAST_THRESHOLD, GREATEST_THRESHOLD = 2.5, 7.5
# So far beyond the threshold, a finding is a WARNING, and then CRITICAL.
WARNING_FACTOR, CRITICAL_FACTOR = 1.25, 2.0
# The same kind and subject is told again in the next part of the day, of so many hours, or when it is more severe.
TOLD_HOURS = 6


@dataclass(frozen=True, slots=True)
class Tuning:
    """The tuning of a detector.

    ``sensitivity`` goes from 0 (only the plainest findings) to 1; ``warmup`` is the number of values before it reports.
    """

    sensitivity: float = DEFAULT_SENSITIVITY
    warmup: int = 50

    def __post_init__(self) -> None:
        """Refuse invalid settings.

        Raises:
            ValueError: a setting is out of its range.
        """
        if not MIN_SENSITIVITY <= self.sensitivity <= MAX_SENSITIVITY:
            raise ValueError(f"sensitivity must be between {MIN_SENSITIVITY:g} and {MAX_SENSITIVITY:g}")
        if self.warmup < 1:
            raise ValueError("warmup must be at least 1")

    @property
    def threshold(self) -> float:
        """The smallest surprise of a finding."""
        return GREATEST_THRESHOLD - (GREATEST_THRESHOLD - LEAST_THRESHOLD) * self.sensitivity


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a behaviour: an account, a symbol, an account's trading in a symbol, or a component's measure."""

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

    ``observed`` and ``expected`` are in the unit that ``explanation`` names; ``evidence`` lists the ids that it is
    based on.
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
        """The severity, by the distance of the surprise beyond the threshold."""
        if self.score >= CRITICAL_FACTOR * self.threshold:
            return Severity.CRITICAL
        return Severity.WARNING if self.score >= WARNING_FACTOR * self.threshold else Severity.INFO

    @property
    def fingerprint(self) -> str:
        """The identity of a finding's cause: kind, subject and the quarter of the day in UTC."""
        return f"{self.kind}|{self.subject.key}|{self.at:%Y-%m-%d}.{self.at.hour // TOLD_HOURS}"
