"""Queries of cases, dismissals, and replays with other settings."""

from functools import partial
from typing import Annotated, cast

import strawberry

from api.anomalies.case_inputs import AnomalyCaseFilter, ReplayDetectorInput
from api.anomalies.case_types import AnomalyCase, AnomalyDismissal, case_view, dismissal_view
from api.anomalies.replay_types import DetectorReplay
from api.context import Info
from api.graphql.field_flags import COSTLY
from api.ids import named
from api.pages import Connection, connection
from domain.anomalies.cases import reading
from domain.anomalies.replay import replay_detector
from domain.kernel.pages import page_request


@strawberry.type
class CasesQuery:
    """The part of cases in the root query."""

    @strawberry.field(description="Cases that you may see, newest first.")
    async def anomaly_cases(
        self,
        info: Info,
        filter: Annotated[
            AnomalyCaseFilter | None, strawberry.argument(description=("Conditions on the items; null selects all."))
        ] = None,
        first: Annotated[
            int | None, strawberry.argument(description=("Number of items, 1 to 500; 50 by default."))
        ] = None,
        after: Annotated[str | None, strawberry.argument(description="Continue after this cursor of an edge.")] = None,
        last: Annotated[int | None, strawberry.argument(description="Number of items from the end, 1 to 500.")] = None,
        before: Annotated[str | None, strawberry.argument(description="Go back before this cursor of an edge.")] = None,
    ) -> Connection[AnomalyCase]:
        """A page of cases."""
        actor, wanted = info.context.require_actor(), (filter or AnomalyCaseFilter()).to_domain()
        page = await reading.list_cases(
            actor, wanted, page_request(first, after, last, before, parts=1, of=("anomalyCases", wanted))
        )
        return connection(page, case_view, partial(reading.count_cases, actor, wanted))

    @strawberry.field(description="A case; null if the id is unknown or you may not see it.")
    async def anomaly_case(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The case.")]
    ) -> AnomalyCase | None:
        """One case."""
        case = await reading.find_case(info.context.require_actor(), named(id))
        return case_view(case) if case is not None else None

    @strawberry.field(
        description=(
            "Patterns that detectors do not report, newest first; at most 1,000. Needs RISK_MANAGER or ADMIN."
        ),
        deprecation_reason="It has no pages: use `anomalyDismissalsConnection`.",
    )
    async def anomaly_dismissals(
        self,
        info: Info,
        account_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Of this account; null asks for all.")
        ] = None,
    ) -> list[AnomalyDismissal]:
        """Those that are in force."""
        wanted = named(account_id) if account_id is not None else None
        return [dismissal_view(one) for one in await reading.list_dismissals(info.context.require_actor(), wanted)]

    @strawberry.field(description=("Patterns that detectors do not report, newest first. Needs RISK_MANAGER or ADMIN."))
    async def anomaly_dismissals_connection(
        self,
        info: Info,
        account_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Of this account; null asks for all.")
        ] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[AnomalyDismissal]:
        """A page of those that are in force."""
        actor, wanted = info.context.require_actor(), named(account_id) if account_id is not None else None
        request = page_request(first, after, last, before, parts=1, of=("anomalyDismissals", wanted))
        page = await reading.page_dismissals(actor, request, wanted)
        return connection(page, dismissal_view, partial(reading.count_dismissals, actor, wanted))

    @strawberry.field(
        description=(
            "Findings of a detector in the past with other settings; nothing is stored. A process runs one "
            "replay at a time: RATE_LIMITED gives the time of the next try. Needs RISK_MANAGER or ADMIN."
        ),
        metadata=COSTLY,
    )
    async def replay_detector(
        self,
        info: Info,
        given: Annotated[
            ReplayDetectorInput, strawberry.argument(name="input", description=("Settings and range of the replay."))
        ],
    ) -> DetectorReplay:
        """Beside the findings of the settings in force."""
        return cast(DetectorReplay, await replay_detector(info.context.require_actor(), given.to_domain()))
