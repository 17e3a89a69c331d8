"""Types of the anomalies area in the schema; their sources are the domain's own values."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry

from api.anomalies.enums import AnomalyKind
from api.anomalies.evidence import evidence_shown
from api.context import Info
from api.graphql.field_flags import SAME_FOR_ALL, same_for_all_reading
from api.node import Node
from api.objects import load_account, visible_executions, visible_orders
from api.realtime.streams import ANOMALY_LOG, cursor_of
from api.risk.enums import RiskAction, Severity
from api.risk.types import RiskEvent
from api.scalars import JSON, Cursor, raw_json
from domain.anomalies import anomaly as values
from domain.risk.event_queries import find_events

if TYPE_CHECKING:
    from api.accounts.types import Account
    from api.orders.types import Execution, Order


@strawberry.type(description="A detector of one kind of anomaly, and its settings.")
class AnomalyDetector:
    """A view of ``domain.anomalies.anomaly.DetectorReport``."""

    kind: AnomalyKind
    description: str
    enabled: bool = strawberry.field(description="False: the detector learns and reports nothing.")
    sensitivity: float = strawberry.field(description="From 0, only the plainest, to 1.")
    warmup: int = strawberry.field(
        description=("Number of values of a subject that it learns before it judges the subject.")
    )
    action: RiskAction = strawberry.field(description="WARN: a risk event. HALT: also a halt of account or symbol.")
    last_run_at: datetime | None
    findings24h: int


@strawberry.type(description="An unusual observation about an account, a symbol or a component.")
class Anomaly(Node):
    """A view of ``domain.anomalies.anomaly.Anomaly``."""

    id: strawberry.ID
    kind: AnomalyKind
    severity: Severity
    account_id: strawberry.ID | None
    symbol: str | None
    score: float = strawberry.field(
        description="Improbability given the past: the negative decimal logarithm of the probability."
    )
    observed: float
    expected: float | None
    threshold: float = strawberry.field(description="The score from which findings were reported.")
    explanation: str
    detected_at: datetime = strawberry.field(description="Time at which it was found.", deprecation_reason="Use `at`.")
    risk_event_id: strawberry.ID | None
    case_id: strawberry.ID | None = strawberry.field(
        description="The case that it opened or joined; null for anomalies of releases without cases."
    )

    @strawberry.field(description="Time at which it was found.", metadata=same_for_all_reading("detected_at"))
    def at(self, anomaly: strawberry.Parent[Any]) -> datetime:
        """As of every event."""
        found: datetime = anomaly.detected_at
        return found

    @strawberry.field(
        description=("Its evidence: ids of accounts, orders, executions and transactions that you may see, or samples.")
    )
    async def evidence(self, anomaly: strawberry.Parent[Any], info: Info) -> JSON:
        """Loaded with what the operation's other anomalies name."""
        return raw_json(await evidence_shown(info, anomaly))

    @strawberry.field(description="The account that it is about; null for none.", metadata=SAME_FOR_ALL)
    async def account(
        self, anomaly: strawberry.Parent[Any], info: Info
    ) -> Annotated["Account", strawberry.lazy("api.accounts.types")] | None:
        """Loaded with the operation's other accounts."""
        return cast("Account | None", await load_account(info, anomaly.account_id))

    @strawberry.field(description="The orders that it rests on, as far as you may see them. At most 500.")
    async def orders(
        self, anomaly: strawberry.Parent[Any], info: Info
    ) -> list[Annotated["Order", strawberry.lazy("api.orders.types")]]:
        """Loaded with the operation's other orders."""
        return cast("list[Order]", await visible_orders(info, values.named_in(anomaly, "orderIds")))

    @strawberry.field(description="The executions that it rests on, as far as you may see them. At most 500.")
    async def executions(
        self, anomaly: strawberry.Parent[Any], info: Info
    ) -> list[Annotated["Execution", strawberry.lazy("api.orders.types")]]:
        """Loaded with the operation's other executions."""
        return cast("list[Execution]", await visible_executions(info, values.named_in(anomaly, "executionIds")))

    @strawberry.field(description="The risk event that it raised; null for none.", metadata=SAME_FOR_ALL)
    async def risk_event(self, anomaly: strawberry.Parent[Any], info: Info) -> RiskEvent | None:
        """Loaded with the operation's other events."""
        event = await info.context.load(find_events, anomaly.risk_event_id) if anomaly.risk_event_id else None
        return cast("RiskEvent | None", event)

    @strawberry.field(description="Resumes the subscription after this anomaly.", metadata=SAME_FOR_ALL)
    def cursor(self, anomaly: strawberry.Parent[Any]) -> Cursor:
        """Its number among all anomalies."""
        return cursor_of(anomaly.sequence, ANOMALY_LOG)


def anomaly_view(value: values.Anomaly) -> Anomaly:
    """The value itself, which fields read from."""
    return cast(Anomaly, value)
