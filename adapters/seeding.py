"""The seed of an installation: demonstration instruments, so that trading can start."""

from adapters.demo import demo_instruments
from domain.access.types import SYSTEM
from domain.kernel.bus import Bus
from domain.kernel.errors import Conflict
from domain.market.market import Market
from domain.market.service import create_instrument


async def seed(bus: Bus, market: Market) -> list[str]:
    """Add the missing demonstration instruments, and return their symbols.

    An existing one stays as it is, also if its terms were changed. Several processes may do this at once.
    """
    known = (await market.refresh()).by_symbol
    added = []
    for demo in demo_instruments():
        symbol = demo.instrument.symbol
        if symbol in known:
            continue
        try:
            await create_instrument(bus, market, SYSTEM, demo.instrument)
        except Conflict:
            continue  # Somebody else has just added it.
        added.append(symbol)
    return added
