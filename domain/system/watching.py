"""Health and load as they change: looked at again and again for whoever watches, once per process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from domain.system.health import SystemHealth
from domain.system.types import SystemMetrics

LOOK_SECONDS = 2.0


class Inspection(Protocol):
    """What a process can see of the platform."""

    async def health(self) -> SystemHealth:
        """How the parts are; whatever fails is a part that is down."""
        ...

    async def metrics(self) -> SystemMetrics:
        """The load of the machine, of all web processes and of trading.

        Raises:
            Unavailable: the database cannot be reached.
        """
        ...


async def watch_health(inspection: Inspection) -> AsyncIterator[SystemHealth]:
    """The health as it is, then whenever a part's state has changed, within a few seconds."""
    told = None
    while True:
        found = await inspection.health()
        if found.signature != told:
            told = found.signature
            yield found
        await asyncio.sleep(LOOK_SECONDS)


async def watch_metrics(inspection: Inspection, interval_seconds: float) -> AsyncIterator[SystemMetrics]:
    """The load every so many seconds.

    Raises:
        Unavailable: the database cannot be reached.
    """
    while True:
        yield await inspection.metrics()
        await asyncio.sleep(interval_seconds)
