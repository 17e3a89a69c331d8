"""The arq worker: what runs by schedule, and how the queue treats it.

Jobs are thin: each calls one domain service, which is idempotent and resumable, so that a worker killed in mid-job
costs nothing but time. Cron jobs are unique per tick over all workers.
"""

from typing import Any, ClassVar, cast

import orjson
import structlog
from arq import cron
from arq.connections import RedisSettings
from arq.typing import WorkerCoroutine

from adapters.settings import Settings
from adapters.wiring import open_services
from domain.kernel.time import utc_now
from domain.system.definitions import BOOK_PROOF, DAY_ROLL
from workers.tasks.context import TaskContext, Unfinished
from workers.tasks.registry import TASKS

# A killed worker's job is taken up again after the longest time limit of all: keep it short.
TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.5
_log = structlog.stdlib.get_logger("worker")
Context = dict[str, Any]


def _job(name: str) -> WorkerCoroutine:
    async def run(context: Context) -> None:
        task = TaskContext(context["services"], utc_now())
        while isinstance(answer := await TASKS[name](task), Unfinished):
            task = TaskContext(context["services"], task.due, progress=answer.progress)

    run.__qualname__ = name
    # arq's type asks for arguments that a function need not have.
    return cast(WorkerCoroutine, run)


async def _startup(context: Context) -> None:
    context["opened"] = open_services(context["settings"])
    context["services"] = await context["opened"].__aenter__()
    _log.info("worker ready")


async def _shutdown(context: Context) -> None:
    await context["opened"].__aexit__(None, None, None)


class WorkerSettings:
    """What arq reads; ``worker_settings`` adds what is only known at the start."""

    cron_jobs: ClassVar = [
        cron(_job(DAY_ROLL), second=0, run_at_startup=True, keep_result=0),
        cron(_job(BOOK_PROOF), minute=7, second=30, keep_result=0),
    ]
    on_startup = _startup
    on_shutdown = _shutdown
    job_timeout = TIMEOUT_SECONDS
    poll_delay = POLL_SECONDS
    health_check_interval = 30
    keep_result = 0
    job_serializer = orjson.dumps
    job_deserializer = orjson.loads


def worker_options(settings: Settings) -> dict[str, Any]:
    """Keywords of ``arq.run_worker`` beside ``WorkerSettings``."""
    return {"redis_settings": RedisSettings.from_dsn(settings.redis_url), "ctx": {"settings": settings}}
