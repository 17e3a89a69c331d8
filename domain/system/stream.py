"""Live runs. The bus brings each change at once; lost messages are found by reading every second."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

from domain.kernel.bus import LOST, Bus, Message, next_message
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import Unavailable
from domain.system.events import RUNS, decode_run
from domain.system.queries import read_changed
from domain.system.types import TaskRun

POLL_SECONDS = 1.0
# Transactions may commit in another order than that of their times, and the bus may have been away for a while.
_LOOK_BACK = timedelta(seconds=30)
_MAX_READ = 1_000
_MAX_REMEMBERED = 5_000


async def live_runs(bus: Bus, task: str | None = None) -> AsyncIterator[TaskRun]:
    """Active runs, then each run as it changes, of one task if given. Never an older state after a newer one.

    Raises:
        Unavailable: the bus was closed, or the database is away at the start.
    """
    told: OrderedDict[UUID, int] = OrderedDict()

    def is_news(run: TaskRun) -> bool:
        if run.version <= told.get(run.id, 0):
            return False
        told[run.id] = run.version
        told.move_to_end(run.id)
        if len(told) > _MAX_REMEMBERED:
            told.popitem(last=False)
        return True

    async with bus.listen(RUNS) as messages:
        before = {run.id for run in await read_changed(task, _LOOK_BACK, _MAX_READ)}
        for run in await read_changed(task, None, _MAX_READ):
            if is_news(run):
                yield run
        heard: asyncio.Task[Message] | None = None
        try:
            while True:
                heard = heard or asyncio.ensure_future(next_message(messages))
                done, _ = await asyncio.wait({heard}, timeout=POLL_SECONDS)
                news: list[TaskRun] = []
                if done:
                    message, heard = heard.result(), None
                    if message != LOST:
                        news = [decode_run(message[1])]
                if not news:
                    with suppress(Unavailable):
                        news = await read_changed(task, _LOOK_BACK, _MAX_READ)
                for run in news:
                    # What was over when the stream began is history.
                    is_history = run.id in before and run.id not in told and run.state.is_final
                    if task in (None, run.task) and not is_history and is_news(run):
                        yield run
        finally:
            if heard is not None:
                await end_tasks(heard)
