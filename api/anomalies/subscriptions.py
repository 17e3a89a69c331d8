"""Anomalies as they are found, and cases as they are worked."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated, cast

import strawberry

from api.anomalies.case_types import AnomalyCaseEvent, case_event_view
from api.anomalies.inputs import severities_from
from api.anomalies.types import Anomaly, anomaly_view
from api.context import Info
from api.realtime.streams import ANOMALY_LOG, CASE_LOG, LogStream, position_of
from api.risk.enums import Severity
from api.scalars import Cursor
from api.stream_access import Followed, followed_accounts, reads_accounts
from domain.access.types import Actor
from domain.anomalies.anomaly import Anomaly as DomainAnomaly
from domain.anomalies.cases.reading import step_shown_to
from domain.anomalies.cases.types import CaseEvent


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
        wanted = await followed_accounts(info.context.require_actor(), account_id)
        stream = LogStream(
            key=("anomalies", wanted, min_severity),
            log=info.context.services.anomaly_log,
            view=partial(_shown, wanted, frozenset(severities_from(min_severity))),
            permit=reads_accounts(wanted),
            after=position_of(after, ANOMALY_LOG),
        )
        return cast(AsyncIterator[Anomaly], stream)

    @strawberry.subscription(
        description="Steps of cases after the cursor (or from now on), once and in order: an account's, or all."
    )
    async def anomaly_cases(
        self,
        info: Info,
        account_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Of cases about this account; null follows all that you may see."),
        ] = None,
        after: Annotated[
            Cursor | None, strawberry.argument(description="Continue after this step; null begins now.")
        ] = None,
    ) -> AsyncIterator[AnomalyCaseEvent]:
        """Resumable: no gap and no repeat."""
        actor = info.context.require_actor()
        wanted, seen = await followed_accounts(actor, account_id), await followed_accounts(actor, None)
        stream = LogStream(
            key=("anomaly-cases", wanted, seen),
            log=info.context.services.case_log,
            view=partial(_step_shown, actor, wanted),
            permit=partial(_permit_both, reads_accounts(wanted), reads_accounts(seen)),
            after=position_of(after, CASE_LOG),
        )
        return cast(AsyncIterator[AnomalyCaseEvent], stream)


def _step_shown(actor: Actor, wanted: Followed, event: CaseEvent) -> AnomalyCaseEvent | None:
    """The step as the actor, and subscribers with the same rights, may see it; None if they may not."""
    if wanted is not None and wanted.isdisjoint(event.case.account_ids):
        return None
    shown = step_shown_to(actor, event)
    return case_event_view(shown) if shown is not None else None


def _permit_both(first: Callable[[Actor], None], second: Callable[[Actor], None], actor: Actor) -> None:
    first(actor)
    second(actor)


def _shown(wanted: Followed, severities: frozenset[Severity], anomaly: DomainAnomaly) -> Anomaly | None:
    """The anomaly if the subscriber may see it; ``wanted`` None passes those of every account and of none."""
    if anomaly.severity not in severities or (wanted is not None and anomaly.account_id not in wanted):
        return None
    return anomaly_view(anomaly)
