"""Queries about anomalies and their detectors."""

from functools import partial
from typing import cast

import strawberry

from api.anomalies.inputs import AnomalyFilterInput
from api.anomalies.types import Anomaly, AnomalyDetector, anomaly_view
from api.context import Info
from api.objects import find_visible
from api.pages import Connection, connection, listed
from domain.anomalies import service
from domain.anomalies.queries import find_anomalies
from domain.kernel.pages import page_request


@strawberry.type
class AnomaliesQuery:
    """The area's part of the root query."""

    @strawberry.field(description="Anomalies that you may see, newest first.")
    async def anomalies(
        self,
        info: Info,
        filter: AnomalyFilterInput | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Anomaly]:
        """A page of anomalies."""
        actor, wanted = info.context.require_actor(), (filter or AnomalyFilterInput()).to_domain()
        page = await service.list_anomalies(
            actor, wanted, page_request(first, after, last, before, parts=1, of=("anomalies", wanted))
        )
        return connection(page, anomaly_view, partial(service.count_anomalies, actor, wanted))

    @strawberry.field(description="An anomaly; null if the id is unknown or you may not see it.")
    async def anomaly(self, info: Info, id: strawberry.ID) -> Anomaly | None:
        """One anomaly."""
        return cast("Anomaly | None", await find_visible(info, find_anomalies, id))

    @strawberry.field(
        description="All detectors with their settings. Needs RISK_MANAGER or ADMIN. One for each kind of anomaly."
    )
    async def anomaly_detectors(self, info: Info) -> list[AnomalyDetector]:
        """One of each kind."""
        return cast("list[AnomalyDetector]", await service.list_detectors(info.context.require_actor()))

    @strawberry.field(description="Detectors by kind, with their settings. Needs RISK_MANAGER or ADMIN.")
    async def anomaly_detectors_connection(
        self,
        info: Info,
        enabled: bool | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[AnomalyDetector]:
        """A page of detectors."""
        detectors = await service.list_detectors(info.context.require_actor())
        found = [one for one in detectors if enabled in (None, one.enabled)]
        request = page_request(first, after, last, before, parts=1, of=("anomalyDetectors", enabled))
        return listed(request, found, lambda one: (one.kind.value,), lambda one: cast(AnomalyDetector, one))
