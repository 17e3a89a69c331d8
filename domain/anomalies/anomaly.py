"""Stored anomalies and detector settings."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from domain.anomalies.types import AnomalyKind
from domain.kernel.ids import parse_id
from domain.risk.types import RiskAction, Severity

# Of each kind the most that is shown of what a finding or a case names; detectors remember no more.
MAX_NAMED = 500


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A stored finding: see ``Finding``. ``sequence`` numbers all without gaps, ``evidence`` is JSON text."""

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
    """The setting of the detector of a kind. While it is not ``enabled`` it learns but reports nothing.

    ``action`` is the action of its findings: WARN raises a risk event, HALT also halts the account or symbol.
    """

    kind: AnomalyKind
    description: str
    enabled: bool
    sensitivity: float
    warmup: int
    action: RiskAction


@dataclass(frozen=True, slots=True)
class DetectorReport(DetectorSetting):
    """A setting with the time of the last run and the number of findings in 24 hours."""

    last_run_at: datetime | None = None
    findings24h: int = 0


def named_in(anomaly: Anomaly, key: str) -> tuple[UUID, ...]:
    """The ids that an anomaly's evidence lists under ``key``, each once; the first 500."""
    listed = orjson.loads(anomaly.evidence).get(key, ())
    return tuple(dict.fromkeys(found for each in listed if (found := parse_id(str(each))) is not None))[:MAX_NAMED]


def evidence_naming(anomaly: Anomaly, visible: Collection[UUID]) -> str:
    """The evidence with no other ids than the ``visible`` ones, as JSON text; what are no ids stays as it is."""
    parts = orjson.loads(anomaly.evidence)
    kept = {key: _only(value, visible) if key.endswith("Ids") else value for key, value in parts.items()}
    return orjson.dumps(kept).decode()


def _only(listed: Collection[object], visible: Collection[UUID]) -> list[object]:
    return [each for each in listed if parse_id(str(each)) in visible]
