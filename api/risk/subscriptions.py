"""Risk events as they happen."""

from collections.abc import AsyncIterator
from functools import partial
from typing import cast

import strawberry

from api.context import Info
from api.realtime.streams import RISK_LOG, LogStream, position_of
from api.risk.enums import Severity
from api.risk.types import RiskEvent, risk_event_view
from api.scalars import Cursor
from api.stream_access import Followed, followed_accounts, reads_accounts
from domain.risk.types import RiskEvent as DomainEvent


@strawberry.type
class RiskSubscription:
    """The area's part of the root subscription."""

    @strawberry.subscription(
        description="Risk events after the cursor (or from now on), once and in order: an account's, or all."
    )
    async def risk_events(
        self,
        info: Info,
        account_id: strawberry.ID | None = None,
        min_severity: Severity = Severity.INFO,
        after: Cursor | None = None,
    ) -> AsyncIterator[RiskEvent]:
        """Resumable: no gap and no repeat."""
        wanted = await followed_accounts(info.context.require_actor(), account_id)
        stream = LogStream(
            key=("riskEvents", wanted, account_id is not None, min_severity),
            log=info.context.services.risk_log,
            view=partial(_shown, wanted, _FROM[min_severity], account_id is None),
            permit=reads_accounts(wanted),
            after=position_of(after, RISK_LOG),
        )
        return cast(AsyncIterator[RiskEvent], stream)


# The severities from one upwards.
_FROM = {severity: frozenset(list(Severity)[place:]) for place, severity in enumerate(Severity)}


def _shown(wanted: Followed, severities: frozenset[Severity], platform: bool, event: DomainEvent) -> RiskEvent | None:
    """The event if the subscriber may see it; ``platform`` lets those of no account pass."""
    if event.severity not in severities:
        return None
    if event.account_id is None:
        return risk_event_view(event) if platform else None
    return risk_event_view(event) if wanted is None or event.account_id in wanted else None
