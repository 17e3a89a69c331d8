"""Shapes of the anomalies area in the schema; their sources are the domain's own values."""

from datetime import datetime
from typing import Any, cast

import strawberry

from api.anomalies.enums import AnomalyKind
from api.graphql.field_flags import SAME_FOR_ALL
from api.realtime.streams import cursor_of
from api.risk.enums import RiskAction, Severity
from api.scalars import JSON, Cursor, raw_json
from domain.anomalies import anomaly as values


@strawberry.type(description="What looks for one kind of anomaly, and how it is set.")
class AnomalyDetector:
    """A view of ``domain.anomalies.anomaly.DetectorReport``."""

    kind: AnomalyKind
    description: str
    enabled: bool = strawberry.field(description="Disabled, it goes on learning and tells nothing.")
    sensitivity: float = strawberry.field(description="From 0, only the plainest, to 1.")
    warmup: int = strawberry.field(description="How many values of a subject are learnt before it is judged.")
    action: RiskAction = strawberry.field(description="WARN: a risk event. HALT: also a halt of account or symbol.")
    last_run_at: datetime | None
    findings24h: int


@strawberry.type(description="A departure from what is normal for an account, a symbol or a component.")
class Anomaly:
    """A view of ``domain.anomalies.anomaly.Anomaly``."""

    id: strawberry.ID
    kind: AnomalyKind
    severity: Severity
    account_id: strawberry.ID | None
    symbol: str | None
    score: float = strawberry.field(
        description="How improbable it is given the past: the negative decimal logarithm of the probability."
    )
    observed: float
    expected: float | None
    threshold: float = strawberry.field(description="The score from which on it was told.")
    explanation: str
    detected_at: datetime
    risk_event_id: strawberry.ID | None
    case_id: strawberry.ID | None = strawberry.field(
        description="The case that it opened or joined; null of those that were told before there were cases."
    )

    @strawberry.field(description="What it rests on: ids of orders, executions, transactions, or samples.")
    def evidence(self, anomaly: strawberry.Parent[Any]) -> JSON:
        """Stored as JSON already."""
        return raw_json(anomaly.evidence)

    @strawberry.field(description="Resumes the subscription after this anomaly.", metadata=SAME_FOR_ALL)
    def cursor(self, anomaly: strawberry.Parent[Any]) -> Cursor:
        """Its number among all anomalies."""
        return cursor_of(anomaly.sequence)


def anomaly_view(value: values.Anomaly) -> Anomaly:
    """The value itself, which fields read from."""
    return cast(Anomaly, value)
