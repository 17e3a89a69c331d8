"""The arq worker: what runs by schedule, and how the queue treats it.

Jobs are thin: each calls one domain service, which is idempotent and resumable, so that a worker killed in mid-job
costs nothing but time. Cron jobs are unique per tick over all workers.
"""

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, cast

import orjson
import structlog
from arq import cron
from arq.connections import RedisSettings
from arq.typing import WorkerCoroutine

from adapters.settings import Settings
from adapters.wiring import Services, open_services
from domain.kernel.time import utc_now
from domain.orders.proof import prove_all
from domain.positions.day_roll import roll_accounts

# A killed worker's job is taken up again after the longest time limit of all: keep it short.
TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.5
_log = structlog.stdlib.get_logger("worker")
Context = dict[str, Any]


async def roll_day(context: Context) -> int:
    """Roll the accounts that the platform's last day roll has not reached; how many."""
    services: Services = context["services"]
    rolled = await roll_accounts(services.bus, services.market, services.settings.day_roll, utc_now())
    if rolled:
        _log.info("day rolled", accounts=rolled)
    return rolled


async def prove_books(context: Context) -> int:
    """Prove the books of all accounts; how many do not prove."""
    services: Services = context["services"]
    catalog = await services.market.refresh()
    broken = 0
    async for proof in prove_all(catalog.by_id):
        if not proof.intact:
            broken += 1
            _log.error("books do not prove", account_id=str(proof.account_id), breaks=len(proof.breaks))
    return broken


async def _startup(context: Context) -> None:
    context["opened"] = open_services(context["settings"])
    context["services"] = await context["opened"].__aenter__()
    _log.info("worker ready")


async def _shutdown(context: Context) -> None:
    await context["opened"].__aexit__(None, None, None)


def _job(function: Callable[[Context], Awaitable[int]]) -> WorkerCoroutine:
    # arq's type asks for arguments that a function need not have.
    return cast(WorkerCoroutine, function)


class WorkerSettings:
    """What arq reads; ``worker_settings`` adds what is only known at the start."""

    functions: ClassVar = [roll_day, prove_books]
    cron_jobs: ClassVar = [
        cron(_job(roll_day), second=0, run_at_startup=True, keep_result=0),
        cron(_job(prove_books), minute=7, second=30, keep_result=0),
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
