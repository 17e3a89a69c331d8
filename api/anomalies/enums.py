"""The enums of the area, registered once with the words that the schema shows."""

import strawberry

from domain.anomalies.cases.evidence import SeriesKind
from domain.anomalies.cases.types import CaseEventKind, CaseStatus, Disposition
from domain.anomalies.program_trading import WatchedBehaviour
from domain.anomalies.types import AnomalyKind

__all__ = ["AnomalyKind", "CaseEventKind", "CaseStatus", "Disposition", "SeriesKind", "WatchedBehaviour"]

strawberry.enum(AnomalyKind, description="What a detector looks for.")
strawberry.enum(CaseStatus, name="AnomalyCaseStatus", description="How far a case is.")
strawberry.enum(Disposition, name="AnomalyDisposition", description="What a person decided that a case is.")
strawberry.enum(CaseEventKind, name="AnomalyCaseEventKind", description="What happened to a case.")
strawberry.enum(
    SeriesKind,
    name="AnomalyCaseSeriesKind",
    description="What the points of a series are: their value, and their size where they have one.",
)
strawberry.enum(WatchedBehaviour, description="The four behaviours of programmed trading that Chinese exchanges watch.")
