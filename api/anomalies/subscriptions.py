"""Anomalies as they are found."""

from collections.abc import AsyncIterator
from functools import partial
from typing import cast

import strawberry

from api.anomalies.inputs import severities_from
from api.anomalies.types import Anomaly, anomaly_view
from api.context import Info
from api.realtime.streams import LogStream, position_of
from api.risk.enums import Severity
from api.scalars import Cursor
from api.stream_access import Followed, followed_accounts, reads_accounts
from domain.anomalies.anomaly import Anomaly as DomainAnomaly


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
            after=position_of(after),
        )
        return cast(AsyncIterator[Anomaly], stream)


def _shown(wanted: Followed, severities: frozenset[Severity], anomaly: DomainAnomaly) -> Anomaly | None:
    """The anomaly if it is to be seen; ``wanted`` None sees those of every account and of none."""
    if anomaly.severity not in severities or (wanted is not None and anomaly.account_id not in wanted):
        return None
    return anomaly_view(anomaly)
