"""Live bars: the newest stored bar, then each change of it from the bus.

Lost messages are read again from the database, so a follower always ends with the right state of the newest bars.
"""

from collections.abc import AsyncIterator

from domain.kernel.bus import LOST, Bus
from domain.market.events import bar_channel, read_bar
from domain.market.queries import read_bars
from domain.market.types import Bar, BarInterval, Instrument

# The last bar that may have closed unheard, and the one that grows.
_REREAD = 2


async def follow_bars(bus: Bus, instrument: Instrument, interval: BarInterval) -> AsyncIterator[Bar]:
    """The newest bar, if there is one, then every bar as it changes.

    Raises:
        Unavailable: the database cannot be read.
    """
    told: Bar | None = None
    async with bus.listen(bar_channel(instrument.symbol, interval)) as messages:
        for told in await read_bars(instrument, interval, None, None, 1):
            yield told
        async for message in messages:
            if message == LOST:
                news = await read_bars(instrument, interval, None, None, _REREAD)
            else:
                news = [read_bar(instrument.symbol, interval, message[1])]
            for bar in news:
                # What was under way when the database was read says the same again.
                if bar != told:
                    told = bar
                    yield bar
