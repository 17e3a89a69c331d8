"""Shapes of cases in the schema; their sources are the domain's own values."""

from datetime import datetime
from functools import partial
from typing import Annotated, cast

import strawberry

from api.accounts.types import AccountTransaction, transaction_view
from api.anomalies.enums import AnomalyKind, CaseEventKind, CaseStatus, Disposition, SeriesKind
from api.anomalies.types import Anomaly, anomaly_view
from api.context import Info
from api.graphql.field_flags import SAME_FOR_ALL
from api.node import Node
from api.orders.types import Execution, Order, execution_view, order_view
from api.pages import Connection, owned
from api.realtime.streams import CASE_LOG, cursor_of
from api.risk.enums import Severity
from api.scalars import Cursor
from domain.access.types import Actor
from domain.anomalies.cases import evidence as found
from domain.anomalies.cases import types as values
from domain.anomalies.cases.part_queries import FINDINGS, STEPS, visible_accounts
from domain.anomalies.cases.queries import read_findings_of, read_steps_of
from domain.anomalies.cases.reading import (
    evidence_shown_to,
    findings_shown_to,
    read_material,
    step_shown_to,
)
from domain.kernel.owned_page_queries import OwnedPage
from domain.kernel.pages import page_request

_First = Annotated[int, strawberry.argument(description="Number of items from the beginning: 1 to 500.")]
_Last = Annotated[int, strawberry.argument(description="Number of items from the end: 1 to 500.")]


@strawberry.type(description="A reading of a component's measure.")
class AnomalySample:
    """A view of ``domain.anomalies.cases.evidence.Sample``."""

    at: datetime = strawberry.field(description="Time at which it was read, in UTC.")
    value: float = strawberry.field(description="In the measure's own unit.")


@strawberry.type(description="A point of a case's chart.")
class AnomalyCasePoint:
    """A view of ``domain.anomalies.cases.evidence.SeriesPoint``."""

    at: datetime = strawberry.field(description="Time at which it happened, in UTC.")
    value: float = strawberry.field(description=("Value of its series: a price, an amount, a reading or a score."))
    size: float | None = strawberry.field(description="A quantity; null where the series has none.")
    id: strawberry.ID | None = strawberry.field(
        description="The execution, order, transaction or anomaly of the point; null for readings."
    )


@strawberry.type(description="Points of one kind, oldest first.")
class AnomalyCaseSeries:
    """A view of ``domain.anomalies.cases.evidence.Series``."""

    kind: SeriesKind = strawberry.field(description="Kind of its points.")
    points: list[AnomalyCasePoint] = strawberry.field(description="At most 1,000.")


@strawberry.type(
    description=("Evidence of a case, of the accounts that you may see: everything that its findings name.")
)
class AnomalyCaseEvidence:
    """A view of ``domain.anomalies.cases.evidence.CaseEvidence``."""

    samples: list[AnomalySample] = strawberry.field(
        description="Readings of the component, oldest first. At most 1,000."
    )
    chart: list[AnomalyCaseSeries] = strawberry.field(
        description="The same as points over time; empty series are left out. At most one of each kind."
    )
    is_complete: bool = strawberry.field(
        description="False where the findings name more than 500 orders, executions or transactions."
    )

    @strawberry.field(description="The orders that are named, and those of the executions, oldest first. At most 500.")
    def orders(self, evidence: strawberry.Parent[found.CaseEvidence], first: _First = 100) -> list[Order]:
        """The first of them."""
        return [order_view(order) for order in evidence.orders[: page_request(first, parts=1).size]]

    @strawberry.field(description="The executions that are named, oldest first. At most 500.")
    def executions(self, evidence: strawberry.Parent[found.CaseEvidence], first: _First = 100) -> list[Execution]:
        """The first of them."""
        return [execution_view(fill) for fill in evidence.executions[: page_request(first, parts=1).size]]

    @strawberry.field(description="The money movements that are named, oldest first. At most 500.")
    def transactions(
        self, evidence: strawberry.Parent[found.CaseEvidence], first: _First = 100
    ) -> list[AccountTransaction]:
        """The first of them."""
        return [transaction_view(row) for row in evidence.transactions[: page_request(first, parts=1).size]]


@strawberry.type(description="Findings that belong together, worked by people until it is closed.")
class AnomalyCase(Node):
    """A view of ``domain.anomalies.cases.types.Case``."""

    id: strawberry.ID = strawberry.field(description="Names the case.")
    number: int = strawberry.field(description="Number of the case, counted over all cases.")
    kind: AnomalyKind = strawberry.field(description="The kind of all its findings.")
    symbol: str | None = strawberry.field(description="The symbol of its findings; null where they are about none.")
    component: str | None = strawberry.field(
        description="The component and measure of its findings, such as `database.latencyMs`; null of accounts."
    )
    account_ids: list[strawberry.ID] = strawberry.field(
        description="The accounts that its findings are about, those that you may see."
    )
    severity: Severity = strawberry.field(description="The highest of its findings, of those that you may see.")
    score: float = strawberry.field(description="The highest of its findings that you may see; see `Anomaly.score`.")
    finding_count: int = strawberry.field(description="Number of its findings that you may see.")
    status: CaseStatus = strawberry.field(description="Its status.")
    assignee: str | None = strawberry.field(
        description=(
            "Email of the person who works on it; null if it has no assignee, and for those who do not work cases."
        )
    )
    disposition: Disposition | None = strawberry.field(description="Null until it is decided.")
    note: str | None = strawberry.field(
        description="Reason of the decision; null before it, and for those who do not work cases."
    )
    opened_at: datetime = strawberry.field(description="Time at which its first finding was reported.")
    found_at: datetime = strawberry.field(
        description="Time of the event behind its newest finding, of those that you may see."
    )
    updated_at: datetime = strawberry.field(description="Time at which it was changed last.")
    closed_at: datetime | None = strawberry.field(description="Null while it is open.")
    version: int = strawberry.field(description="Grows with each change; see `expectedVersion` of the mutations.")

    @strawberry.field(description="Its findings that you may see, newest first. A case has at most 500.")
    async def findings(self, case: strawberry.Parent[values.Case], info: Info, first: _First = 50) -> list[Anomaly]:
        """Loaded with those of the operation's other cases."""
        size, actor = page_request(first, parts=1).size, info.context.require_actor()
        loaded = await info.context.load(read_findings_of, case.id) or []
        return [anomaly_view(one) for one in findings_shown_to(actor, loaded)[:size]]

    @strawberry.field(description="Its findings that you may see, newest first, in pages.")
    async def findings_connection(
        self,
        case: strawberry.Parent[values.Case],
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Anomaly]:
        """A page of them, loaded with those of the operation's other cases."""
        request = page_request(first, after, last, before, parts=1, of=("AnomalyCase.findings", case.id))
        wanted = OwnedPage(case.id, request, visible_accounts(info.context.require_actor()))
        return await owned(info, FINDINGS, wanted, anomaly_view)

    @strawberry.field(
        description=(
            "Its newest steps, oldest first, without those of findings that you may not see. Notes are shown "
            "to those who work cases. In pages: `timelineConnection`."
        )
    )
    async def timeline(
        self, case: strawberry.Parent[values.Case], info: Info, last: _Last = 100
    ) -> list["AnomalyCaseEvent"]:
        """Loaded with those of the operation's other cases."""
        size, actor = page_request(last=last, parts=1).size, info.context.require_actor()
        loaded = await info.context.load(read_steps_of, case.id) or []
        shown = [step for event in loaded if (step := step_shown_to(actor, event)) is not None]
        return [case_event_view(step) for step in shown[-size:]]

    @strawberry.field(
        description=(
            "All its steps, oldest first, in pages, without those of findings that you may not see. Notes are shown "
            "to those who work cases."
        )
    )
    async def timeline_connection(
        self,
        case: strawberry.Parent[values.Case],
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Annotated["AnomalyCaseEvent", strawberry.lazy("api.anomalies.case_types")]]:
        """A page of them, loaded with those of the operation's other cases."""
        actor = info.context.require_actor()
        request = page_request(first, after, last, before, parts=1, of=("AnomalyCase.timeline", case.id))
        wanted = OwnedPage(case.id, request, visible_accounts(actor))
        return await owned(info, STEPS, wanted, partial(_shown_step, actor))

    @strawberry.field(description="Its evidence.")
    async def evidence(self, case: strawberry.Parent[values.Case], info: Info) -> AnomalyCaseEvidence:
        """Loaded with that of the operation's other cases."""
        material = await info.context.load(read_material, case.id)
        assert material is not None, "there is one of every case"
        return cast(AnomalyCaseEvidence, evidence_shown_to(info.context.require_actor(), case, material))


@strawberry.type(description="A step of a case.")
class AnomalyCaseEvent:
    """A view of ``domain.anomalies.cases.types.CaseEvent``."""

    kind: CaseEventKind = strawberry.field(description="Kind of the event.")
    at: datetime = strawberry.field(description="Time at which it happened, in UTC.")
    by: str = strawberry.field(description="Its author: an email, or `anomaly detection`.")
    note: str | None = strawberry.field(
        description="Its note; null if there is none, and for those who do not work cases."
    )
    anomaly_id: strawberry.ID | None = strawberry.field(
        description="The finding that opened the case or joined it; null of other steps."
    )
    case: AnomalyCase = strawberry.field(description="The case right after the step.")

    @strawberry.field(description="Resumes the subscription after this step.", metadata=SAME_FOR_ALL)
    def cursor(self, event: strawberry.Parent[values.CaseEvent]) -> Cursor:
        """Its number among the steps of all cases."""
        return cursor_of(event.sequence, CASE_LOG)


@strawberry.type(description="A pattern that people dismissed: similar findings are counted and not reported.")
class AnomalyDismissal(Node):
    """A view of ``domain.anomalies.cases.types.Dismissal``."""

    id: strawberry.ID = strawberry.field(description="Id of the dismissal, for its removal.")
    kind: AnomalyKind = strawberry.field(description="The detector that learnt it.")
    account_id: strawberry.ID | None = strawberry.field(
        description=("Account of the findings; null for findings about symbols and components.")
    )
    symbol: str | None = strawberry.field(description="Symbol of the findings; null if they name none.")
    component: str | None = strawberry.field(description="Component and measure of the findings; null for accounts.")
    max_score: float = strawberry.field(
        description=("Findings up to this score are covered; findings above it are reported.")
    )
    case_id: strawberry.ID = strawberry.field(description="The case that was dismissed.")
    by: str = strawberry.field(description="Email of the person who closed the case.")
    note: str = strawberry.field(description="Reason of the dismissal.")
    at: datetime = strawberry.field(description="Time at which it was dismissed.")
    suppressed: int = strawberry.field(description="Number of findings that were not reported because of it.")
    last_suppressed_at: datetime | None = strawberry.field(
        description=("Time at which the last of them came; null if none did.")
    )


def case_view(value: values.Case) -> AnomalyCase:
    """The value itself, which fields read from."""
    return cast(AnomalyCase, value)


def case_event_view(value: values.CaseEvent) -> AnomalyCaseEvent:
    """The value itself, which fields read from."""
    return cast(AnomalyCaseEvent, value)


def _shown_step(actor: Actor, event: values.CaseEvent) -> AnomalyCaseEvent:
    step = step_shown_to(actor, event)
    assert step is not None, "only steps that the actor may see are read"
    return case_event_view(step)


def dismissal_view(value: values.Dismissal) -> AnomalyDismissal:
    """The value itself, which fields read from."""
    return cast(AnomalyDismissal, value)
