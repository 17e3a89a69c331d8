"""A finding that was told, and how detectors are set, as the platform stores them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.anomalies.types import AnomalyKind
from domain.risk.types import RiskAction, Severity


@dataclass(frozen=True, slots=True)
class Anomaly:
    """See ``Finding``. ``sequence`` numbers all without gaps, ``evidence`` is JSON text."""

    id: UUID
    sequence: int
    kind: AnomalyKind
    severity: Severity
    account_id: UUID | None
    symbol: str | None
    component: str | None
    score: float
    observed: float
    expected: float | None
    threshold: float
    explanation: str
    evidence: str
    fingerprint: str
    detected_at: datetime
    risk_event_id: UUID | None
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DetectorSetting:
    """How the detector of a kind is set. It goes on learning while it is not ``enabled``, and tells nothing.

    ``action`` is what its findings lead to: WARN raises a risk event, HALT also halts the account or symbol.
    """

    kind: AnomalyKind
    description: str
    enabled: bool
    sensitivity: float
    warmup: int
    action: RiskAction


@dataclass(frozen=True, slots=True)
class DetectorReport(DetectorSetting):
    """A setting, and what became of it: when detectors last ran, and how many findings there were in 24 hours."""

    last_run_at: datetime | None = None
    findings24h: int = 0
