"""Inputs about anomalies and detectors."""

from datetime import datetime

import strawberry

from api.anomalies.enums import AnomalyKind
from api.ids import named
from api.risk.enums import RiskAction, Severity
from domain.anomalies.queries import AnomalyFilter
from domain.anomalies.service import UpdateDetector


def severities_from(least: Severity) -> tuple[Severity, ...]:
    """The severities from one upwards."""
    every = tuple(Severity)
    return every[every.index(least) :]


@strawberry.input(description="Changes of a detector; absent fields stay unchanged.")
class UpdateAnomalyDetectorInput:
    """See ``domain.anomalies.service.UpdateDetector``."""

    kind: AnomalyKind
    enabled: bool | None = None
    sensitivity: float | None = None
    warmup: int | None = None
    action: RiskAction | None = None

    def to_domain(self) -> UpdateDetector:
        """The command."""
        return UpdateDetector(self.kind, self.enabled, self.sensitivity, self.warmup, self.action)


@strawberry.input(
    name="AnomalyFilter", description=("Conditions that select anomalies, in `from` <= detectedAt < `to`.")
)
class AnomalyFilterInput:
    """All given conditions must hold."""

    kinds: list[AnomalyKind] | None = None
    account_id: strawberry.ID | None = None
    min_severity: Severity | None = None
    since: datetime | None = strawberry.field(name="from", default=None)
    until: datetime | None = strawberry.field(name="to", default=None)
    case_id: strawberry.ID | None = strawberry.field(
        description="Only the findings of this case; null for all.", default=None
    )

    def to_domain(self) -> AnomalyFilter:
        """The filter."""
        return AnomalyFilter(
            account_id=named(self.account_id) if self.account_id is not None else None,
            kinds=tuple(self.kinds) if self.kinds is not None else None,
            severities=severities_from(self.min_severity) if self.min_severity is not None else None,
            since=self.since,
            until=self.until,
            case_id=named(self.case_id) if self.case_id is not None else None,
        )
