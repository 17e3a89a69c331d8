"""Shapes of replays in the schema; their sources are the domain's own values."""

from datetime import datetime
from typing import cast

import orjson
import strawberry

from api.anomalies.enums import AnomalyKind
from api.risk.enums import Severity
from api.scalars import JSON, raw_json
from domain.anomalies import replay as values


@strawberry.type(description="A finding of a replay. It is not stored.")
class ReplayedFinding:
    """A view of ``domain.anomalies.replay.ReplayedFinding``."""

    is_found_now: bool = strawberry.field(description="True if the settings in force find it, too.")

    @strawberry.field(description="Time at which it would have been detected.")
    def detected_at(self, replayed: strawberry.Parent[values.ReplayedFinding]) -> datetime:
        """The time of its last fact."""
        return replayed.finding.at

    @strawberry.field(description="Its distance from the threshold as a severity.")
    def severity(self, replayed: strawberry.Parent[values.ReplayedFinding]) -> Severity:
        """The severity that the finding would have had."""
        return replayed.finding.severity

    @strawberry.field(description="The account that it is about; null where it is about none.")
    def account_id(self, replayed: strawberry.Parent[values.ReplayedFinding]) -> strawberry.ID | None:
        """Of its subject."""
        return cast("strawberry.ID | None", replayed.finding.subject.account_id)

    @strawberry.field(description="The symbol that it is about; null where it is about none.")
    def symbol(self, replayed: strawberry.Parent[values.ReplayedFinding]) -> str | None:
        """Of its subject."""
        return replayed.finding.subject.symbol

    @strawberry.field(description="See `Anomaly.score`.")
    def score(self, replayed: strawberry.Parent[values.ReplayedFinding]) -> float:
        """Its surprise."""
        return replayed.finding.score

    @strawberry.field(description="In the unit that the explanation names.")
    def observed(self, replayed: strawberry.Parent[values.ReplayedFinding]) -> float:
        """The observed value."""
        return replayed.finding.observed

    @strawberry.field(description="Usual value in the same unit; null if none is known.")
    def expected(self, replayed: strawberry.Parent[values.ReplayedFinding]) -> float | None:
        """The usual value."""
        return replayed.finding.expected

    @strawberry.field(description=("Explanation for people: the observation, the usual value and the possible cause."))
    def explanation(self, replayed: strawberry.Parent[values.ReplayedFinding]) -> str:
        """One sentence."""
        return replayed.finding.explanation

    @strawberry.field(description="Its evidence: ids of orders, executions and transactions.")
    def evidence(self, replayed: strawberry.Parent[values.ReplayedFinding]) -> JSON:
        """As an anomaly's."""
        return raw_json(orjson.dumps(replayed.finding.evidence))


@strawberry.type(description="Findings of a detector in the past with other settings. Nothing is stored.")
class DetectorReplay:
    """A view of ``domain.anomalies.replay.Replay``."""

    kind: AnomalyKind = strawberry.field(description="The detector.")
    since: datetime = strawberry.field(name="from", description="Start of the range.")
    until: datetime = strawberry.field(name="to", description="End of the range, exclusive.")
    sensitivity: float = strawberry.field(description="The one that was replayed.")
    warmup: int = strawberry.field(description="The one that was replayed.")
    threshold: float = strawberry.field(description=("The score from which findings are reported at this sensitivity."))
    events: int = strawberry.field(
        description=("Number of events that were read, including those of the learning period.")
    )
    is_complete: bool = strawberry.field(
        description="False where the bound of 200,000 events or 25 seconds was met before the end of the range."
    )
    reached_at: datetime = strawberry.field(description="Time up to which events were read.")
    count: int = strawberry.field(description="Number of findings with these settings.")
    count_now: int = strawberry.field(
        description=("Number of findings with the settings in force, computed in the same way.")
    )
    findings: list[ReplayedFinding] = strawberry.field(description="The first 500 of them, oldest first.")
