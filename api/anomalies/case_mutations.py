"""Mutations of cases."""

from typing import Annotated

import strawberry

from api.anomalies.case_inputs import (
    AssignAnomalyCaseInput,
    CloseAnomalyCaseInput,
    CommentAnomalyCaseInput,
    DecideAnomalyCaseInput,
    ReopenAnomalyCaseInput,
)
from api.anomalies.case_types import AnomalyCase, AnomalyDismissal, case_view, dismissal_view
from api.context import Info
from api.ids import named
from domain.anomalies.cases import service

_INPUT = strawberry.argument(name="input", description="A note on a case.")


@strawberry.type
class CasesMutation:
    """The part of cases in the root mutation."""

    @strawberry.mutation(
        description=(
            "Assign a case to a person or to yourself; repeating it changes nothing. Needs RISK_MANAGER or ADMIN."
        )
    )
    async def assign_anomaly_case(self, info: Info, given: Annotated[AssignAnomalyCaseInput, _INPUT]) -> AnomalyCase:
        """A decision stays."""
        bus, actor = info.context.services.bus, info.context.require_actor()
        return case_view(await service.assign_case(bus, actor, given.step(), given.assignee))

    @strawberry.mutation(description="Add a note to a case. Needs RISK_MANAGER or ADMIN.")
    async def comment_anomaly_case(self, info: Info, given: Annotated[CommentAnomalyCaseInput, _INPUT]) -> AnomalyCase:
        """Add a note to the timeline of a case."""
        bus, actor = info.context.services.bus, info.context.require_actor()
        return case_view(await service.comment_case(bus, actor, given.step(), given.note))

    @strawberry.mutation(
        description="Decide a case, with a reason; repeating it changes nothing. Needs RISK_MANAGER or ADMIN."
    )
    async def decide_anomaly_case(self, info: Info, given: Annotated[DecideAnomalyCaseInput, _INPUT]) -> AnomalyCase:
        """Decide a case; until it is closed, the decision can be changed."""
        bus, actor = info.context.services.bus, info.context.require_actor()
        return case_view(await service.decide_case(bus, actor, given.step(), given.disposition, given.note))

    @strawberry.mutation(
        description="Close a decided case and resolve the risk events of its findings; repeating it changes nothing."
        " The detector learns from a DISMISSED case. Needs RISK_MANAGER or ADMIN."
    )
    async def close_anomaly_case(self, info: Info, given: Annotated[CloseAnomalyCaseInput, _INPUT]) -> AnomalyCase:
        """Without a decision it is refused."""
        bus, actor = info.context.services.bus, info.context.require_actor()
        return case_view(await service.close_case(bus, actor, given.step(), learn=given.learn))

    @strawberry.mutation(
        description=(
            "Reopen a closed case: its decision is withdrawn, and the learnt pattern is deleted. Needs "
            "RISK_MANAGER or ADMIN."
        )
    )
    async def reopen_anomaly_case(self, info: Info, given: Annotated[ReopenAnomalyCaseInput, _INPUT]) -> AnomalyCase:
        """With who did it and why."""
        bus, actor = info.context.services.bus, info.context.require_actor()
        return case_view(await service.reopen_case(bus, actor, given.step(), given.reason))

    @strawberry.mutation(
        description=(
            "Delete a dismissal, so that the detector reports the pattern again; returns it. Needs "
            "RISK_MANAGER or ADMIN."
        )
    )
    async def remove_anomaly_dismissal(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The dismissal.")]
    ) -> AnomalyDismissal:
        """From the next run on."""
        removed = await service.remove_dismissal(info.context.services.bus, info.context.require_actor(), named(id))
        return dismissal_view(removed)
