"""Mutations of detector settings, and runs on request."""

from typing import Annotated, cast

import strawberry

from api.anomalies.enums import AnomalyKind
from api.anomalies.inputs import UpdateAnomalyDetectorInput
from api.anomalies.types import Anomaly, AnomalyDetector
from api.context import Info
from domain.anomalies import service
from domain.anomalies.running import run_on_request

_INPUT = strawberry.argument(name="input")


@strawberry.type
class AnomaliesMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(description="Set a detector, from its next run on. Needs RISK_MANAGER or ADMIN.")
    async def update_anomaly_detector(
        self, info: Info, given: Annotated[UpdateAnomalyDetectorInput, _INPUT]
    ) -> AnomalyDetector:
        """Omitted fields stay."""
        context = info.context
        report = await service.update_detector(context.services.bus, context.require_actor(), given.to_domain())
        return cast(AnomalyDetector, report)

    @strawberry.mutation(
        description=(
            "Run the detectors on the events since their last run; returns their findings of `kinds`, at most "
            "2,000. Needs RISK_MANAGER or ADMIN."
        )
    )
    async def run_anomaly_detection(self, info: Info, kinds: list[AnomalyKind] | None = None) -> list[Anomaly]:
        """All detectors run; `kinds` filters the answer."""
        context = info.context
        found = await run_on_request(context.services.bus, context.require_actor(), kinds)
        return cast("list[Anomaly]", found)
