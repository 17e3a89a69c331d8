"""The job queue: arq, used only to distribute work.

A job offers a run, by its id. arq decides which worker gets it first and how many run at once in one; times, retries,
uniqueness and memory do not rely on it. arq ends when its server goes away: it is started again here, and active runs
continue meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

import orjson
import structlog
from arq.connections import ArqRedis
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func

from adapters.redis.connection import ANSWER_TIMEOUT_SECONDS, REDIS_ERRORS, connection_pool
from domain.kernel.concurrency import end_tasks
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import REDIS
from domain.system.rules import MAX_TIMEOUT_SECONDS

# From an offer to its start; a look costs the server next to nothing.
POLL_SECONDS = 0.1
MAX_JOBS = 10
_HEALTH_SECONDS = 30
# The time limits of tasks are kept by the runner, slice by slice: this one is never to be met.
_JOB_SECONDS = 1_000 * MAX_TIMEOUT_SECONDS
# An offer that nobody took within this time has long been made anew.
_OFFER_EXPIRES_SECONDS = 3_600
# Workers that stop hand their jobs on.
_MAX_TRIES = 1_000
_JOB = "run-task"
_log = structlog.stdlib.get_logger("queue")


class _BoundedWorker(Worker):
    """A worker that ends when its server does not answer in time, instead of waiting for TCP."""

    async def _poll_iteration(self) -> None:
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            await super()._poll_iteration()


class JobQueue:
    """Offers runs to all workers, and takes offers for this one."""

    def __init__(self, redis_url: str) -> None:
        self._redis = ArqRedis(connection_pool(redis_url), job_serializer=orjson.dumps, job_deserializer=orjson.loads)
        # True from a lost connection until the queue has answered again.
        self.is_away = False

    async def offer(self, run_id: UUID, time: str) -> None:
        """Offer a run; the same offer twice is one.

        Raises:
            REDIS_ERRORS: the queue is away.
        """
        await self._redis.enqueue_job(_JOB, str(run_id), _job_id=f"{run_id}:{time}", _expires=_OFFER_EXPIRES_SECONDS)

    async def take(self, run: Callable[[UUID], Awaitable[None]]) -> None:
        """Run offered runs, a bounded number at once, until cancelled; then active ones are cancelled and awaited."""
        jobs: set[asyncio.Task[Any]] = set()
        backoff = Backoff(REDIS)

        async def run_task(_context: dict[str, Any], run_id: str) -> None:
            await run(UUID(run_id))

        try:
            while True:
                try:
                    async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                        await self._redis.ping()
                    worker = self._worker(run_task)
                    if self.is_away:
                        _log.info("the job queue is reachable again")
                    self.is_away = False
                    backoff.succeeded()
                    try:
                        await worker.async_run()
                    finally:
                        jobs = _going_on(jobs | set(worker.tasks.values()))
                except REDIS_ERRORS as error:
                    if not self.is_away:
                        _log.warning("the job queue is unreachable, will retry", error=str(error))
                    self.is_away = True
                await backoff.wait()
        finally:
            await end_tasks(*jobs)

    async def close(self) -> None:
        """Close the connections."""
        with suppress(*REDIS_ERRORS):
            await self._redis.aclose(close_connection_pool=True)

    def _worker(self, run_task: Callable[..., Awaitable[None]]) -> Worker:
        return _BoundedWorker(
            [func(cast(WorkerCoroutine, run_task), name=_JOB)],
            redis_pool=self._redis,
            handle_signals=False,
            max_jobs=MAX_JOBS,
            job_timeout=_JOB_SECONDS,
            max_tries=_MAX_TRIES,
            keep_result=0,
            poll_delay=POLL_SECONDS,
            health_check_interval=_HEALTH_SECONDS,
            job_serializer=orjson.dumps,
            job_deserializer=orjson.loads,
            log_results=False,
        )


def _going_on(jobs: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """The active runs of a worker that has ended; only the queue does not learn of their end."""
    for job in jobs:
        job.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    return {job for job in jobs if not job.done()}
