"""Walking through all accounts in slices that fit a time limit, however many there are."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast
from uuid import UUID

from domain.accounts.queries import read_ids_after
from workers.tasks.context import TaskContext

# Well below the shortest time limit that a task can be given; what is under way then is still finished.
SLICE_SECONDS = 2.0
_READ = 100
_AFTER = "after"


class AccountWalk:
    """Accounts from the end of the last slice until the time limit; afterwards ``progress`` is the new position.

    Each slice has at least one batch, so the walk always ends. ``progress`` is empty once all accounts were seen. An
    account that is opened meanwhile comes last.
    """

    def __init__(self, run: TaskContext, batch: int = 1) -> None:
        after = run.progress.get(_AFTER)
        self._after = UUID(cast("str", after)) if after is not None else None
        self._batch = batch
        self._is_over = False

    @property
    def progress(self) -> dict[str, str]:
        """The start of the next slice, empty when there is none."""
        return {} if self._is_over or self._after is None else {_AFTER: str(self._after)}

    async def __aiter__(self) -> AsyncIterator[list[UUID]]:
        loop = asyncio.get_running_loop()
        ends = loop.time() + SLICE_SECONDS
        while ids := await read_ids_after(self._after, _READ):
            for start in range(0, len(ids), self._batch):
                yield ids[start : start + self._batch]
                self._after = ids[min(start + self._batch, len(ids)) - 1]
                if loop.time() >= ends:
                    return
        self._is_over = True
