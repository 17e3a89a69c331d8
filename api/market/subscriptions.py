"""Live quotes and bars."""

from collections.abc import AsyncIterator
from functools import partial
from typing import cast

import strawberry

from api.context import Info
from api.intervals import interval_seconds
from api.market.enums import BarInterval
from api.market.types import Bar, Quote
from api.realtime.streams import StateStream, anybody
from domain.kernel.errors import BadInput
from domain.kernel.time import NANOS_PER_SECOND
from domain.market import service
from domain.market.bars import LENGTH_SECONDS
from domain.market.following import follow_bars

_DAY_SECONDS = 86_400


@strawberry.type
class MarketSubscription:
    """The area's part of the root subscription."""

    @strawberry.subscription(
        description="The symbols' quotes, then each one that changes, the newest at most every `intervalMs`."
    )
    async def quotes(self, info: Info, symbols: list[str], interval_ms: int = 0) -> AsyncIterator[Quote]:
        """Conflated per symbol."""
        if not symbols:
            raise BadInput("Name at least one symbol.", field="symbols")
        seconds, market = interval_seconds(interval_ms), info.context.services.market
        await service.check_symbols(market, symbols)
        wanted = tuple(sorted(set(symbols)))
        quotes = partial(market.watch, wanted, seconds)
        stream = StateStream(("quotes", wanted, interval_ms), quotes, anybody, part=lambda quote: quote.symbol)
        return cast(AsyncIterator[Quote], stream)

    @strawberry.subscription(description="The newest bar, then each bar as it grows and closes.")
    async def bars(self, info: Info, symbol: str, interval: BarInterval) -> AsyncIterator[Bar]:
        """Conflated per bar."""
        services = info.context.services
        instrument = await services.market.find(symbol)
        length = LENGTH_SECONDS.get(interval, _DAY_SECONDS) * NANOS_PER_SECOND
        bars = partial(follow_bars, services.bus, instrument, interval)
        # Two parts by turns: what a bar closed at is not lost to the first price of the next.
        stream = StateStream(("bars", symbol, interval), bars, anybody, part=lambda bar: bar.at // length % 2)
        return cast(AsyncIterator[Bar], stream)
