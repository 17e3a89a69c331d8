"""Live health and load: read periodically, once per process for all watchers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from domain.system.health import SystemHealth
from domain.system.types import SystemMetrics

LOOK_SECONDS = 1.0


class Inspection(Protocol):
    """The port that reads the platform's health and load."""

    async def health(self) -> SystemHealth:
        """The state of the components; a component that cannot be read is down."""
        ...

    async def metrics(self) -> SystemMetrics:
        """The load of the machine, of all web processes and of trading.

        Raises:
            Unavailable: the database cannot be reached.
        """
        ...


async def watch_health(inspection: Inspection) -> AsyncIterator[SystemHealth]:
    """The health now, then again within seconds whenever a component's state has changed."""
    told = None
    while True:
        found = await inspection.health()
        if found.signature != told:
            told = found.signature
            yield found
        await asyncio.sleep(LOOK_SECONDS)


async def watch_metrics(inspection: Inspection, interval_seconds: float) -> AsyncIterator[SystemMetrics]:
    """The load, at a fixed interval.

    Raises:
        Unavailable: the database cannot be reached.
    """
    while True:
        yield await inspection.metrics()
        await asyncio.sleep(interval_seconds)
