"""Questions about anomalies and detectors, and changes of detectors."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, cast

import strawberry

from api.anomalies.enums import AnomalyKind
from api.anomalies.inputs import AnomalyFilterInput, UpdateAnomalyDetectorInput, severities_from
from api.anomalies.types import Anomaly, AnomalyDetector
from api.context import Info
from api.pages import Connection, connection
from api.permits import Followed, followed_accounts, reads_accounts
from api.realtime.streams import LogStream, position_of
from api.risk.enums import Severity
from api.scalars import Cursor
from domain.anomalies import service
from domain.anomalies.anomaly import Anomaly as DomainAnomaly
from domain.anomalies.running import run_on_request
from domain.kernel.pages import page_request

_INPUT = strawberry.argument(name="input")


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
    ) -> Connection[Anomaly]:
        """A page of anomalies."""
        actor, wanted = info.context.require_actor(), (filter or AnomalyFilterInput()).to_domain()
        page = await service.list_anomalies(actor, wanted, page_request(first, after, parts=1))
        return connection(page, _anomaly, partial(service.count_anomalies, actor, wanted))

    @strawberry.field(description="All detectors and how they are set. Needs RISK_MANAGER or ADMIN.")
    async def anomaly_detectors(self, info: Info) -> list[AnomalyDetector]:
        """One of each kind."""
        return cast("list[AnomalyDetector]", await service.list_detectors(info.context.require_actor()))


@strawberry.type
class AnomaliesMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(description="Set a detector, from its next run on. Needs RISK_MANAGER or ADMIN.")
    async def update_anomaly_detector(
        self, info: Info, given: Annotated[UpdateAnomalyDetectorInput, _INPUT]
    ) -> AnomalyDetector:
        """What is left out stays."""
        context = info.context
        report = await service.update_detector(context.services.bus, context.require_actor(), given.to_domain())
        return cast(AnomalyDetector, report)

    @strawberry.mutation(
        description="Let the detectors read what accounts have done since their last run; what they found of `kinds`."
        " Needs RISK_MANAGER or ADMIN."
    )
    async def run_anomaly_detection(self, info: Info, kinds: list[AnomalyKind] | None = None) -> list[Anomaly]:
        """All detectors run: `kinds` chooses what is answered."""
        context = info.context
        found = await run_on_request(context.services.bus, context.require_actor(), kinds)
        return cast("list[Anomaly]", found)


@strawberry.type
class AnomaliesSubscription:
    """The area's part of the root subscription."""

    @strawberry.subscription(
        description="Anomalies after the cursor (or from now on), once and in order: an account's, or all."
    )
    async def anomalies(
        self,
        info: Info,
        account_id: strawberry.ID | None = None,
        min_severity: Severity = Severity.INFO,
        after: Cursor | None = None,
    ) -> AsyncIterator[Anomaly]:
        """Resumable: no gap and no repeat."""
        wanted = followed_accounts(info.context.require_actor(), account_id)
        stream = LogStream(
            key=("anomalies", wanted, min_severity),
            log=info.context.services.anomaly_log,
            view=partial(_shown, wanted, frozenset(severities_from(min_severity))),
            permit=reads_accounts(wanted),
            after=position_of(after),
        )
        return cast(AsyncIterator[Anomaly], stream)


def _anomaly(anomaly: DomainAnomaly) -> Anomaly:
    return cast(Anomaly, anomaly)


def _shown(wanted: Followed, severities: frozenset[Severity], anomaly: DomainAnomaly) -> Anomaly | None:
    """The anomaly if it is to be seen; ``wanted`` None sees those of every account and of none."""
    if anomaly.severity not in severities or (wanted is not None and anomaly.account_id not in wanted):
        return None
    return _anomaly(anomaly)
