"""The heartbeat of a worker: once a second a row in the database, as long as its scheduler makes progress.

A worker whose event loop or scheduler hangs sends none. The platform's health is computed from heartbeats.
"""

import asyncio
from contextlib import suppress

from adapters.database.connection import process_name
from domain.kernel.bus import Bus
from domain.kernel.errors import Unavailable
from domain.kernel.unit_of_work import unit_of_work
from domain.system.health_queries import forget_worker, write_worker_beat
from workers.queue import JobQueue
from workers.scheduler import Scheduler

_BEAT_SECONDS = 1.0
_ANSWER_SECONDS = 5.0
_FAREWELL_SECONDS = 2.0
_QUEUE_AWAY = "Redis does not answer a worker, so no task starts."


class Heart:
    """The heartbeat of the worker ``name``."""

    def __init__(self, name: str, bus: Bus, scheduler: Scheduler, queue: JobQueue) -> None:
        self._name = name
        self._bus = bus
        self._scheduler = scheduler
        self._queue = queue
        self._said = -1

    async def run(self) -> None:
        """Beat until cancelled; a worker that stops in order is forgotten at once."""
        try:
            while True:
                rounds = self._scheduler.rounds
                if rounds != self._said:
                    with suppress(Unavailable, TimeoutError):
                        await self._beat()
                        self._said = rounds
                await asyncio.sleep(_BEAT_SECONDS)
        finally:
            with suppress(Unavailable, TimeoutError):
                await self._stop()

    async def _beat(self) -> None:
        trouble = _QUEUE_AWAY if self._queue.is_away else None
        async with asyncio.timeout(_ANSWER_SECONDS), unit_of_work(self._bus) as work:
            await write_worker_beat(work, self._name, process_name(), trouble)

    async def _stop(self) -> None:
        async with asyncio.timeout(_FAREWELL_SECONDS), unit_of_work(self._bus) as work:
            await forget_worker(work, self._name)
