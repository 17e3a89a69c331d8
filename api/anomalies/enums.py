"""The enums of the area, registered once with their names in the schema."""

import strawberry

from domain.anomalies.cases.evidence import SeriesKind
from domain.anomalies.cases.types import CaseEventKind, CaseStatus, Disposition
from domain.anomalies.program_trading import WatchedBehaviour
from domain.anomalies.types import AnomalyKind

__all__ = ["AnomalyKind", "CaseEventKind", "CaseStatus", "Disposition", "SeriesKind", "WatchedBehaviour"]

strawberry.enum(AnomalyKind, description="Kind of anomaly that a detector finds.")
strawberry.enum(CaseStatus, name="AnomalyCaseStatus", description="Status of a case.")
strawberry.enum(Disposition, name="AnomalyDisposition", description="Decision of a person on a case.")
strawberry.enum(CaseEventKind, name="AnomalyCaseEventKind", description="Kind of a step of a case.")
strawberry.enum(
    SeriesKind,
    name="AnomalyCaseSeriesKind",
    description="Kind of the points of a series: each has a value, and a size where it applies.",
)
strawberry.enum(WatchedBehaviour, description="The four behaviours of programmed trading that Chinese exchanges watch.")
