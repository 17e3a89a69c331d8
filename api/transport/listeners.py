"""Open connections of one kind in a process: their number per user, and the validity of their credentials."""

import asyncio
from collections import Counter
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from api.errors import masked
from api.graphql.runner import Caller, OperationRunner
from domain.kernel.supervision import HandedTo

_REVIEWED_AT_ONCE = 50


class Listener(Protocol):
    """A listening socket."""

    @property
    def caller(self) -> Caller | None:
        """The caller who listens; None before sign-in."""

    def own(self, owner: Hashable) -> None:
        """Count the bytes that wait for the client for this user."""

    async def review(self) -> None:
        """Rights may have changed: check the credential again."""


Kind = TypeVar("Kind", bound=Listener)


class Listeners(Generic[Kind]):
    """The open connections; at most ``most`` of one user."""

    def __init__(self, runner: OperationRunner, most: int) -> None:
        self._runner = runner
        self._most = most
        self._open: set[Kind] = set()
        self._owners: dict[Kind, UUID] = {}
        self._per_user: Counter[UUID] = Counter()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, listener: Kind) -> None:
        """A connection has opened."""
        self._open.add(listener)

    def admit(self, listener: Kind, caller: Caller) -> bool:
        """Count the listener for its user; False if the user has too many."""
        assert caller.actor is not None
        user_id = caller.actor.user_id
        if self._per_user[user_id] >= self._most:
            return False
        self._per_user[user_id] += 1
        self._owners[listener] = user_id
        listener.own(user_id)
        return True

    def leave(self, listener: Kind) -> None:
        """A connection has closed."""
        self._open.discard(listener)
        user_id = self._owners.pop(listener, None)
        if user_id is not None:
            self._per_user[user_id] -= 1
            if not self._per_user[user_id]:
                del self._per_user[user_id]

    def rights_changed(self) -> None:
        """Rights may have changed: review all connections soon."""
        self._changed.set()

    async def watch(self) -> None:
        """Review all connections whenever rights may have changed, and periodically. Never ends."""
        while True:
            try:
                async with asyncio.timeout(self._runner.limits.access_check_seconds):
                    await self._changed.wait()
            except TimeoutError:
                pass
            self._changed.clear()
            for count, listener in enumerate(list(self._open)):
                await self._review(listener)
                if count % _REVIEWED_AT_ONCE == 0:
                    # What is remembered is answered without waiting, so nobody else would have a turn.
                    await asyncio.sleep(0)

    async def _review(self, listener: Kind) -> None:
        def log(error: Exception) -> None:
            masked(error, self._runner.context(listener.caller or Caller("")))

        # The trouble of one listener must not keep the others from being looked at.
        with HandedTo(log):
            await listener.review()
