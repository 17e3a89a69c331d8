"""Inputs about cases and replays."""

from datetime import datetime

import strawberry

from api.anomalies.enums import AnomalyKind, CaseStatus, Disposition
from api.anomalies.inputs import severities_from
from api.ids import named
from api.risk.enums import Severity
from domain.anomalies.cases.queries import CaseFilter
from domain.anomalies.cases.service import CaseStep
from domain.anomalies.replay import DEFAULT_LEARNING_DAYS, ReplayDetector

_ID = "The case."
_VERSION = "Refuse with CONFLICT unless the case is at this version; null accepts any version."


@strawberry.input(
    description=("Conditions that select cases, opened at `from` <= openedAt < `to`. All given conditions must hold.")
)
class AnomalyCaseFilter:
    """All given conditions must hold."""

    kinds: list[AnomalyKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    statuses: list[CaseStatus] | None = strawberry.field(default=None, description="In one of these statuses.")
    dispositions: list[Disposition] | None = strawberry.field(default=None, description="Decided as one of these.")
    account_id: strawberry.ID | None = strawberry.field(default=None, description="With a finding about this account.")
    assignee: str | None = strawberry.field(
        default=None, description="Email of the assignee. Needs ADMIN or RISK_MANAGER."
    )
    min_severity: Severity | None = strawberry.field(default=None, description="Of this severity or a higher one.")
    since: datetime | None = strawberry.field(name="from", default=None, description="Opened then or later.")
    until: datetime | None = strawberry.field(name="to", default=None, description="Opened before.")

    def to_domain(self) -> CaseFilter:
        """The filter."""
        return CaseFilter(
            account_id=named(self.account_id) if self.account_id is not None else None,
            kinds=tuple(self.kinds) if self.kinds is not None else None,
            statuses=tuple(self.statuses) if self.statuses is not None else None,
            severities=severities_from(self.min_severity) if self.min_severity is not None else None,
            dispositions=tuple(self.dispositions) if self.dispositions is not None else None,
            assignee=self.assignee,
            since=self.since,
            until=self.until,
        )


@strawberry.input(description="Assignment of a case to a person.")
class AssignAnomalyCaseInput:
    """See ``domain.anomalies.cases.service.assign_case``."""

    id: strawberry.ID = strawberry.field(description=_ID)
    assignee: str | None = strawberry.field(
        default=None, description="The email of a RISK_MANAGER or ADMIN; null assigns it to yourself."
    )
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)

    def step(self) -> CaseStep:
        """Identifier of the case."""
        return CaseStep(named(self.id), self.expected_version)


@strawberry.input(description="A note about a case.")
class CommentAnomalyCaseInput:
    """See ``domain.anomalies.cases.service.comment_case``."""

    id: strawberry.ID = strawberry.field(description=_ID)
    note: str = strawberry.field(description="1 to 2,000 characters.")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)

    def step(self) -> CaseStep:
        """Identifier of the case."""
        return CaseStep(named(self.id), self.expected_version)


@strawberry.input(description="Decision on the case.")
class DecideAnomalyCaseInput:
    """See ``domain.anomalies.cases.service.decide_case``."""

    id: strawberry.ID = strawberry.field(description=_ID)
    disposition: Disposition = strawberry.field(description="Its kind.")
    note: str = strawberry.field(description="Reason, in 1 to 2,000 characters.")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)

    def step(self) -> CaseStep:
        """Identifier of the case."""
        return CaseStep(named(self.id), self.expected_version)


@strawberry.input(description="The end of a decided case.")
class CloseAnomalyCaseInput:
    """See ``domain.anomalies.cases.service.close_case``."""

    id: strawberry.ID = strawberry.field(description=_ID)
    learn: bool = strawberry.field(
        default=True, description=("True if the detector learns from a DISMISSED case; of others it learns nothing.")
    )
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)

    def step(self) -> CaseStep:
        """Identifier of the case."""
        return CaseStep(named(self.id), self.expected_version)


@strawberry.input(description="Reason for reopening a closed case.")
class ReopenAnomalyCaseInput:
    """See ``domain.anomalies.cases.service.reopen_case``."""

    id: strawberry.ID = strawberry.field(description=_ID)
    reason: str = strawberry.field(description="1 to 2,000 characters.")
    expected_version: int | None = strawberry.field(default=None, description=_VERSION)

    def step(self) -> CaseStep:
        """Identifier of the case."""
        return CaseStep(named(self.id), self.expected_version)


@strawberry.input(description="Detector and settings of a replay over `from` <= time < `to`: at most 31 days.")
class ReplayDetectorInput:
    """See ``domain.anomalies.replay.ReplayDetector``."""

    kind: AnomalyKind = strawberry.field(description="One that reads orders, executions or money movements.")
    since: datetime = strawberry.field(name="from", description="Findings from then on.")
    until: datetime = strawberry.field(name="to", description="Findings before then.")
    sensitivity: float | None = strawberry.field(default=None, description="0 to 1; null takes that in force.")
    warmup: int | None = strawberry.field(default=None, description="1 to 1,000,000 values; null takes that in force.")
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Read this account alone; null reads all. Alone, an account has no peers."
    )
    learning_days: int = strawberry.field(
        default=DEFAULT_LEARNING_DAYS, description=("Number of days before `from` that are read for learning, 0 to 60.")
    )

    def to_domain(self) -> ReplayDetector:
        """The command."""
        return ReplayDetector(
            self.kind,
            self.since,
            self.until,
            self.sensitivity,
            self.warmup,
            named(self.account_id) if self.account_id is not None else None,
            self.learning_days,
        )
