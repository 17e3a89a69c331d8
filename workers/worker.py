"""The worker: scheduling, running tasks, detecting anomalies, and sending notifications in one process."""

import asyncio
import signal
from collections.abc import Mapping

import structlog

from adapters.database.clock import following_clock
from adapters.settings.loading import Settings
from adapters.wiring import open_services
from domain.kernel.concurrency import run_until_one_ends
from domain.system.scheduling import Definitions
from domain.system.task_definitions import DEFINITIONS
from workers.detecting import run_detecting
from workers.exporting import Exporting
from workers.heart import Heart
from workers.metrics import WorkerMetrics
from workers.notifying import Notifying
from workers.queue import JobQueue
from workers.runner import Runner
from workers.scheduler import Scheduler
from workers.tasks.context import TaskFunction
from workers.tasks.registry import TASKS

_log = structlog.stdlib.get_logger("worker")


async def run_worker(
    settings: Settings,
    functions: Mapping[str, TaskFunction] = TASKS,
    definitions: Definitions = DEFINITIONS,
) -> None:
    """Work until SIGINT or SIGTERM; active runs are then given back."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_services(settings) as services, following_clock():
        queue = JobQueue(settings.redis_url)
        metrics = WorkerMetrics()
        runner = Runner(services, functions, definitions, metrics.ended)
        scheduler = Scheduler(services.bus, runner.definitions, queue)
        _log.info("worker ready", worker=runner.name)
        try:
            with metrics.told(settings):
                # None of them ends by itself: one that does takes the process with it, which is then started again.
                await run_until_one_ends(
                    scheduler.run(),
                    Heart(runner.name, services.bus, scheduler, queue).run(),
                    queue.take(runner.run),
                    runner.beat(),
                    run_detecting(services.bus, services.market),
                    Notifying(services).run(),
                    Exporting(services).run(),
                    metrics.vital.watch(services.inspection.servers),
                    stop.wait(),
                )
        finally:
            await queue.close()
    _log.info("worker stopped")
