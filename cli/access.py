"""The access area for commands: opened on the database alone, since a command needs neither hints nor shared counters.

Running processes see a command's changes within a second, by the version that the change left in the database.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.database.connection import database
from adapters.settings.loading import Settings
from domain.access.service import Access, make_access
from domain.access.throttle import MemoryThrottle
from domain.kernel.bus import NullBus


@asynccontextmanager
async def open_access(settings: Settings) -> AsyncIterator[Access]:
    """The area's dependencies, with the database open."""
    async with database(settings.database_url, pool_size=2):
        access = make_access(secret=settings.secret, bus=NullBus(), throttle=MemoryThrottle())
        try:
            yield access
        finally:
            await access.close()
