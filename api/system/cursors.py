"""Present ends of the platform's logs in the schema, from which streams go on."""

import strawberry

from api.context import Info
from api.realtime.streams import ANOMALY_LOG, CASE_LOG, RISK_LOG, cursor_of
from api.scalars import Cursor


@strawberry.type(
    description="Present ends of the platform's logs. Who reads a list after its cursor, and then subscribes after the "
    "cursor, misses nothing. `Account.eventCursor` is that of an account."
)
class StreamCursors:
    """Each end is read when it is asked for."""

    @strawberry.field(description="For the subscription `riskEvents`.")
    async def risk_events(self, info: Info) -> Cursor:
        """The end of the log of risk events."""
        return cursor_of(await info.context.services.risk_log.read_head(), RISK_LOG)

    @strawberry.field(description="For the subscription `anomalies`.")
    async def anomalies(self, info: Info) -> Cursor:
        """The end of the log of anomalies."""
        return cursor_of(await info.context.services.anomaly_log.read_head(), ANOMALY_LOG)

    @strawberry.field(description="For the subscription `anomalyCases`.")
    async def anomaly_cases(self, info: Info) -> Cursor:
        """The end of the log of cases."""
        return cursor_of(await info.context.services.case_log.read_head(), CASE_LOG)
