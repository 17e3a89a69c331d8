"""Mutations of instruments, and quotes from clients."""

from typing import Annotated, cast

import strawberry

from api.context import Info
from api.market.calendars import CreateCalendarInput, TradingCalendar, calendar_view
from api.market.inputs import CorporateActionInput, CreateInstrumentInput, PublishQuotesInput, UpdateInstrumentInput
from api.market.types import CorporateAction, Instrument, instrument_view
from domain.kernel.time import utc_now
from domain.market import service
from domain.market.action_service import record_corporate_action
from domain.market.calendar_service import create_calendar
from domain.orders.reading.misfits import report_misfits

_INPUT = strawberry.argument(name="input")


@strawberry.type
class MarketMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(description="Add an instrument. Needs ADMIN.")
    async def create_instrument(self, info: Info, given: Annotated[CreateInstrumentInput, _INPUT]) -> Instrument:
        """It can be traded at once."""
        actor, services = info.context.require_actor(), info.context.services
        return instrument_view(await service.create_instrument(services.bus, services.market, actor, given.to_domain()))

    @strawberry.mutation(
        description=(
            "Change the given fields of an instrument. `unfittingOrders` of the answer are working orders "
            "that no longer fit; they continue to work, and their accounts get a risk event. Needs ADMIN."
        )
    )
    async def update_instrument(self, info: Info, given: Annotated[UpdateInstrumentInput, _INPUT]) -> Instrument:
        """It applies from the next order on."""
        actor, services = info.context.require_actor(), info.context.services
        change = given.to_domain()
        return instrument_view(
            await service.update_instrument(
                services.bus, services.market, actor, given.symbol, change, also=report_misfits
            )
        )

    @strawberry.mutation(description="Create a trading calendar. Needs ADMIN.")
    async def create_calendar(self, info: Info, given: Annotated[CreateCalendarInput, _INPUT]) -> TradingCalendar:
        """Instruments can be created with it at once."""
        actor, services = info.context.require_actor(), info.context.services
        return calendar_view(await create_calendar(services.bus, services.market, actor, given.to_domain()))

    @strawberry.mutation(
        description="Record a corporate action, applied at the day roll of its ex-date. A repeat changes nothing. "
        "Needs ADMIN."
    )
    async def record_corporate_action(
        self, info: Info, given: Annotated[CorporateActionInput, _INPUT]
    ) -> CorporateAction:
        """It takes effect with its day."""
        actor, services = info.context.require_actor(), info.context.services
        roll = services.entry.context.day_roll
        action = await record_corporate_action(services.bus, services.market, roll, actor, given.to_domain(), utc_now())
        return cast(CorporateAction, action)

    @strawberry.mutation(
        description="Publish market data from your own source; returns the number of quotes. Needs ADMIN."
    )
    async def publish_quotes(self, info: Info, given: Annotated[PublishQuotesInput, _INPUT]) -> int:
        """All or none; an order placed afterwards meets them."""
        actor, services = info.context.require_actor(), info.context.services
        quotes = [quote.to_domain() for quote in given.quotes]
        return await service.publish_quotes(services.market, actor, quotes, given.replay, services.access.repeats)
