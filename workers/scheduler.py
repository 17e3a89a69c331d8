"""The scheduler: finds due work, in every worker, and offers waiting runs to the shared queue.

PostgreSQL holds the due times and the holders of runs; the queue only distributes runs over the workers. A lost offer
is made again, and a duplicate one is refused because the run is held already.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from adapters.redis.connection import ANSWER_TIMEOUT_SECONDS, REDIS_ERRORS
from domain.kernel.bus import Bus
from domain.kernel.concurrency import end_tasks
from domain.kernel.retry import keep_trying
from domain.kernel.time import utc_now
from domain.system.events import WAKE
from domain.system.scheduling import Definitions, ReadyRun, register_tasks, tick
from workers.queue import JobQueue

# However quiet it is, somebody looks this often.
LOOK_SECONDS = 1.0
_SOONEST_SECONDS = 0.02
# What waits is offered anew this often: the queue may have lost it, or the worker that took it from there have died.
OFFER_SECONDS = 5
_log = structlog.stdlib.get_logger("scheduler")


class Scheduler:
    """The scheduler of one worker."""

    def __init__(self, bus: Bus, definitions: Definitions, queue: JobQueue) -> None:
        self._bus = bus
        self._definitions = definitions
        self._queue = queue
        self._wake = asyncio.Event()
        self._is_queue_away = False
        # The rounds that were done: a sign of life.
        self.rounds = 0

    async def run(self) -> None:
        """Schedule until cancelled."""
        listener = asyncio.create_task(self._listen())
        try:
            await self._register()
            while True:
                self._wake.clear()
                ready, agenda = await keep_trying(
                    lambda: tick(self._bus, self._definitions), _log, "due tasks cannot be read, will retry"
                )
                await self._offer(ready)
                self.rounds += 1
                wait = LOOK_SECONDS if agenda.wait is None else min(LOOK_SECONDS, agenda.wait.total_seconds())
                with suppress(TimeoutError):
                    async with asyncio.timeout(max(wait, _SOONEST_SECONDS)):
                        await self._wake.wait()
        finally:
            await end_tasks(listener)

    async def _register(self) -> None:
        await keep_trying(
            lambda: register_tasks(self._bus, self._definitions), _log, "tasks cannot be registered, will retry"
        )

    async def _listen(self) -> None:
        async with self._bus.listen(WAKE) as messages:
            async for _ in messages:
                self._wake.set()

    async def _offer(self, ready: Sequence[ReadyRun]) -> None:
        if not ready:
            return
        round_ = int(utc_now().timestamp()) // OFFER_SECONDS
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                for run in ready:
                    await self._queue.offer(run.id, f"{run.version}:{round_}")
        except REDIS_ERRORS as error:
            if not self._is_queue_away:
                _log.warning(
                    "tasks wait: the job queue is unreachable", error=str(error), waiting=len(ready), seldom=True
                )
            self._is_queue_away = True
        else:
            if self._is_queue_away:
                _log.info("the job queue is reachable again")
            self._is_queue_away = False
