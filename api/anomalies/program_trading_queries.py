"""The query of the report on programmed trading."""

from typing import Annotated, cast

import strawberry

from api.anomalies.program_trading_types import ProgramTradingReport, ProgramTradingReportInput
from api.context import Info
from api.graphql.field_flags import COSTLY
from api.ids import named
from domain.anomalies import program_trading as values


@strawberry.type
class ProgramTradingQuery:
    """The part of the report in the root query."""

    @strawberry.field(
        description="A day of accounts by the windows in which Chinese exchanges watch programmed trading: messages of"
        " a second, instant cancels, pushed minutes, large takings. Needs RISK_MANAGER or ADMIN.",
        metadata=COSTLY,
    )
    async def program_trading_report(
        self,
        info: Info,
        given: Annotated[
            ProgramTradingReportInput,
            strawberry.argument(name="input", description=("Day of the report, and the thresholds of each behaviour.")),
        ],
    ) -> ProgramTradingReport:
        """One statement."""
        wanted = named(given.account_id) if given.account_id is not None else None
        report = await values.program_trading_report(
            info.context.require_actor(), given.day, given.time_zone, wanted, given.marks()
        )
        return cast(ProgramTradingReport, report)
