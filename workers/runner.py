"""The runner: runs tasks under leases, within their time limits, in slices.

A lease is renewed by this process's heartbeat. When it expires, or another worker takes it, the task is cancelled here.
Its transactions are fenced too, so a process that was frozen and continues changes nothing. A run that is interrupted
by this process's stop is given back.
"""

import asyncio
import os
import random
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

from adapters.logs.masking import scrub_text
from adapters.wiring import ProcessServices
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import DomainError, Unavailable
from domain.kernel.ids import new_id
from domain.kernel.lease_queries import LeaseLost
from domain.kernel.retry_policies import DATABASE
from domain.kernel.unit_of_work import fenced
from domain.system import attempts
from domain.system.attempt_queries import lease_role
from domain.system.attempts import Attempt
from domain.system.scheduling import Definitions
from domain.system.task_definitions import DEFINITIONS
from domain.system.types import Result, TaskRun
from workers.tasks.context import TaskContext, TaskFailure, TaskFunction, Unfinished

# The heart beats so often within a lease: a beat or two may fail.
_BEATS_PER_LEASE = 4
# One that goes on without end must not hold its place for ever.
MAX_SLICES = 100_000
_log = structlog.stdlib.get_logger("tasks")


@dataclass(slots=True, eq=False)
class _Held:
    """A run that this process holds until ``until``, in the loop's time."""

    attempt: Attempt
    until: float
    body: "asyncio.Task[Result]"
    is_lost: bool = field(default=False)

    def lose(self) -> None:
        self.is_lost = True
        self.body.cancel()


class _TimeLimit(Exception):
    """A slice exceeded its time limit."""


class Runner:
    """Runs that this process holds. ``beat`` must run beside it."""

    def __init__(
        self,
        services: ProcessServices,
        functions: Mapping[str, TaskFunction],
        definitions: Definitions = DEFINITIONS,
        ended: Callable[[str, str], None] = lambda _task, _state: None,
    ) -> None:
        self._services = services
        self._functions = functions
        # Told of each attempt that ended here: its task, and the state of its run.
        self._ended = ended
        self._definitions = {name: each for name, each in definitions.items() if name in functions}
        self._lease_seconds = float(services.settings.task_lease_seconds)
        self._lease = timedelta(seconds=self._lease_seconds)
        self._held: dict[UUID, _Held] = {}
        self.name = f"{socket.gethostname()[:60]}:{os.getpid()}:{new_id().hex[-6:]}"

    @property
    def definitions(self) -> Definitions:
        """The tasks that can be run here."""
        return self._definitions

    async def run(self, run_id: UUID) -> None:
        """Take a run and do it, if it is still to be done; its outcome is always stored."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._lease_seconds
        try:
            attempt = await attempts.take_run(self._services.bus, self._definitions, run_id, self.name, self._lease)
        except Unavailable as error:
            # It stays what it is: it is offered again, or when it was taken after all, its lease ends.
            _log.warning("a run cannot be taken", run=str(run_id), error=error.message)
            return
        if attempt is None:
            return
        held = _Held(attempt, until, asyncio.create_task(self._work(attempt)))
        self._held[run_id] = held
        try:
            await self._end(held)
        except asyncio.CancelledError:
            await end_tasks(held.body)
            await asyncio.shield(self._give_back(attempt))
            raise
        finally:
            self._held.pop(run_id, None)

    async def beat(self) -> None:
        """Renew the leases of active runs, until cancelled."""
        while True:
            await asyncio.sleep(self._lease_seconds / _BEATS_PER_LEASE)
            if self._held:
                await self._renew()

    async def _renew(self) -> None:
        loop = asyncio.get_running_loop()
        begun, asked = loop.time(), list(self._held.values())
        try:
            async with asyncio.timeout(self._lease_seconds / _BEATS_PER_LEASE):
                kept = await attempts.renew_runs(self._services.bus, [each.attempt for each in asked], self._lease)
        except (Unavailable, TimeoutError) as error:
            _log.warning("leases of tasks cannot be renewed", error=str(error), seldom=True)
            for held in asked:
                if loop.time() >= held.until:
                    held.lose()
            return
        for held in asked:
            if held.attempt.run.id in kept:
                held.until = begun + self._lease_seconds
            elif held.attempt.run.id in self._held:
                held.lose()

    async def _work(self, attempt: Attempt) -> Result:
        """Run all remaining slices; returns the result of the last."""
        run, progress = attempt.run, attempt.progress
        for _ in range(MAX_SLICES):
            context = TaskContext(self._services, run.due_at, run.attempt, progress)
            answer = await self._slice(attempt, context)
            if not isinstance(answer, Unfinished):
                return answer
            progress = answer.progress
            if not await attempts.note_progress(self._services.bus, attempt, progress):
                raise LeaseLost(run.task)
        raise TaskFailure(f"It was not finished after {MAX_SLICES} slices.", {})

    async def _slice(self, attempt: Attempt, context: TaskContext) -> Result | Unfinished:
        limit = asyncio.timeout(attempt.timeout_seconds)
        try:
            with fenced(attempt.fence):
                async with limit:
                    return await self._functions[attempt.run.task](context)
        except TimeoutError:
            # It may as well be one of the task's own.
            if limit.expired():
                raise _TimeLimit from None
            raise

    async def _end(self, held: _Held) -> None:
        """Wait for the end of the work and store it, while the lease lasts."""
        attempt = held.attempt
        await asyncio.wait({held.body})
        error = asyncio.CancelledError() if held.body.cancelled() else held.body.exception()
        if held.is_lost or (isinstance(error, LeaseLost) and error.args == (lease_role(attempt.run.task),)):
            self._say(attempt, None)
            return
        result = held.body.result() if error is None else {}
        while not held.is_lost:
            try:
                run = await self._store(attempt, result, error)
            except Unavailable as problem:
                # Whoever takes the run over does it again.
                _log.warning("the end of a task cannot be stored", task=attempt.run.task, error=problem.message)
                if asyncio.get_running_loop().time() >= held.until:
                    return
                await asyncio.sleep(DATABASE.first_seconds)
            else:
                self._say(attempt, run)
                return

    async def _store(self, attempt: Attempt, result: Result, error: BaseException | None) -> TaskRun | None:
        bus = self._services.bus
        if error is None:
            try:
                return await attempts.succeed(bus, attempt, result)
            except ValueError as problem:
                error = problem
        if isinstance(error, TaskFailure):
            return await attempts.fail_for_good(bus, attempt, error.message, error.result)
        chance = random.random()  # noqa: S311  spreads retries, keeps no secret
        if isinstance(error, _TimeLimit):
            text = f"It took longer than {attempt.timeout_seconds} seconds."
            return await attempts.fail(bus, attempt, text, chance, timed_out=True)
        if not isinstance(error, DomainError):
            _log.error("task failed", task=attempt.run.task, attempt=attempt.run.attempt, exc_info=error)
        return await attempts.fail(bus, attempt, _described(error), chance)

    def _say(self, attempt: Attempt, run: TaskRun | None) -> None:
        if run is not None:
            self._ended(run.task, run.state.value)
        if run is None:
            _log.warning("task was taken over", task=attempt.run.task, attempt=attempt.run.attempt)
        elif run.error is not None:
            _log.warning("task ended", task=run.task, state=run.state.value, attempt=run.attempt, error=run.error)
        else:
            _log.debug("task ended", task=run.task, state=run.state.value, duration_ms=run.duration_ms)

    async def _give_back(self, attempt: Attempt) -> None:
        # Nobody waits for it: when it cannot be given back, the end of its lease does the same.
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(self._lease_seconds):
                await attempts.give_back(self._services.bus, attempt)


def _described(error: BaseException) -> str:
    """The text of an exception for operators; credentials in it are masked."""
    if isinstance(error, DomainError):
        return error.message
    return scrub_text(f"{type(error).__name__}: {error}")
