"""Groups of equal subscriptions: a group follows the source, executes each event once and shares the bytes.

A group ends with its last member. A source that cannot be reached is asked again from the last position; any other
failure ends the group and is passed to its members.
"""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import aclosing
from typing import Any, Protocol, cast

from api.context import Context
from api.errors import masked
from api.graphql.encoding import encode
from api.graphql.execution import OperationExecutor
from api.graphql.runner import run
from api.metrics import ApiMetrics
from api.realtime.client_queue import EventQueue, StateQueue
from api.realtime.streams import LogStream, StateStream
from domain.kernel.errors import Unavailable
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import SUBSCRIPTION
from domain.kernel.supervision import HandedTo


class PayloadExecutor:
    """Turns events into payloads; each event has its own context."""

    __slots__ = ("_context", "_executor", "_metrics", "_name")

    def __init__(self, executor: OperationExecutor, context: Context, name: str | None, metrics: ApiMetrics) -> None:
        self._executor = executor
        self._context = context
        self._name = name
        self._metrics = metrics

    async def payload(self, event: Any) -> bytes:
        """The encoded result for one event. Never raises: errors are part of it."""
        self._metrics.events.inc()
        context = self._context.fresh()
        try:
            answer = await run(self._executor.for_event(event, context), self._name, serially=False)
            return encode(answer.content)
        except Exception as error:  # noqa: BLE001  the last line of defence: masked, logged and sent
            return encode({"errors": [masked(error, context, operation_name=self._name)]})


class LogMember(Protocol):
    """A subscription to a log, as its group sees it."""

    queue: EventQueue

    def fall_behind(self, position: int) -> None:
        """The member has all events up to ``position`` and is no longer part of the group."""
        ...

    def fail(self, error: Exception) -> None:
        """The group has ended."""
        ...


class LogGroup:
    """Equal subscriptions to the same log. ``position`` is the number of the last shared event."""

    def __init__(
        self, stream: LogStream[Any, Any], execution: PayloadExecutor, metrics: ApiMetrics, ended: Callable[[], None]
    ) -> None:
        self.position: int | None = None
        # Everybody, also those who are still catching up and only keep the group alive.
        self.members: set[LogMember] = set()
        self._stream = stream
        self._execution = execution
        self._metrics = metrics
        self._ended = ended
        self._live: dict[LogMember, EventQueue] = {}
        # Those who have read further than the group has come.
        self._ahead: dict[LogMember, int] = {}
        self._started = asyncio.Event()
        # A context of its own: nothing of the first subscriber may leak into it.
        self._task = asyncio.get_running_loop().create_task(self._run(), context=contextvars.Context())

    async def started(self) -> None:
        """Wait until the group knows its first position."""
        await self._started.wait()

    def join(self, member: LogMember, position: int | None) -> bool:
        """Join at exactly ``position`` (None: now); False when the group is past it: read the log and try again."""
        assert self.position is not None
        if position is None or position == self.position:
            self._live[member] = member.queue
        elif position > self.position:
            self._ahead[member] = position
        else:
            return False
        return True

    def position_of(self, member: LogMember) -> int | None:
        """The position of a member; None while it is catching up."""
        return self.position if member in self._live else self._ahead.get(member)

    def leave(self, member: LogMember) -> None:
        """Remove a member; the last one ends the group."""
        self.members.discard(member)
        self._live.pop(member, None)
        self._ahead.pop(member, None)
        if not self.members:
            self._task.cancel()
            self._ended()

    async def _run(self) -> None:
        backoff = Backoff(SUBSCRIPTION)
        with HandedTo(self._fail):
            while True:
                try:
                    if self.position is None:
                        self.position = await self._stream.log.head()
                        self._started.set()
                    await self._follow(self.position, backoff)
                except Unavailable:
                    await backoff.wait()

    async def _follow(self, position: int, backoff: Backoff) -> None:
        following = cast("Any", self._stream.log.follow(position))
        async with aclosing(following):
            async for events in following:
                backoff.succeeded()
                for number, event in events:
                    # A repeat is dropped, whoever is to blame.
                    if self.position is not None and number > self.position:
                        await self._deliver(number, event)
        raise RuntimeError("the log ended, which logs do not")

    async def _deliver(self, number: int, event: Any) -> None:
        shown = self._stream.view(event)
        payload = None if shown is None else await self._execution.payload(shown)
        assert self.position is not None
        previous, self.position = self.position, number
        self._promote(number - 1)
        if payload is not None:
            self._metrics.deliveries.inc(len(self._live))
            behind = [member for member, queue in self._live.items() if not queue.offer(payload)]
            for member in behind:
                del self._live[member]
                self._metrics.lagging.inc()
                member.fall_behind(previous)

    def _promote(self, position: int) -> None:
        """Add members that have read up to ``position`` themselves."""
        for member, at in list(self._ahead.items()):
            if at <= position:
                del self._ahead[member]
                self._live[member] = member.queue

    def _fail(self, error: Exception) -> None:
        self._ended()
        members, self.members = self.members, set()
        self._live.clear()
        self._ahead.clear()
        for member in members:
            member.fail(error)
        self._started.set()


class StateMember(Protocol):
    """A subscription to a state, as its group sees it."""

    queue: StateQueue

    def fail(self, error: Exception | None) -> None:
        """The group has ended; without an error when its source has."""
        ...


class StateGroup:
    """Equal subscriptions to the same state; keeps the newest value of each part for later members."""

    def __init__(
        self,
        stream: StateStream[Any],
        execution: PayloadExecutor,
        metrics: ApiMetrics,
        max_parts: int,
        ended: Callable[[], None],
    ) -> None:
        self.members: set[StateMember] = set()
        self._stream = stream
        self._execution = execution
        self._metrics = metrics
        self._max_parts = max_parts
        self._ended = ended
        self._newest: dict[Hashable, bytes] = {}
        self._task = asyncio.get_running_loop().create_task(self._run(), context=contextvars.Context())

    def join(self, member: StateMember) -> None:
        """Give the member the present state, and then its changes."""
        self.members.add(member)
        for part, payload in self._newest.items():
            member.queue.offer(part, payload)

    def leave(self, member: StateMember) -> None:
        """Remove a member; the last one ends the group."""
        self.members.discard(member)
        if not self.members:
            self._task.cancel()
            self._ended()

    async def _run(self) -> None:
        backoff = Backoff(SUBSCRIPTION)
        failures: list[Exception] = []
        with HandedTo(failures.append):
            while True:
                try:
                    await self._follow(backoff)
                    break
                except Unavailable:
                    await backoff.wait()
        self._ended()
        members, self.members = self.members, set()
        for member in members:
            member.fail(failures[0] if failures else None)

    async def _follow(self, backoff: Backoff) -> None:
        values: AsyncIterator[Any] = self._stream.open()
        async with aclosing(cast("Any", values)):
            async for value in values:
                backoff.succeeded()
                self._spread(self._stream.part(value), await self._execution.payload(value))

    def _spread(self, part: Hashable, payload: bytes) -> None:
        self._newest.pop(part, None)
        self._newest[part] = payload
        if len(self._newest) > self._max_parts:
            del self._newest[next(iter(self._newest))]
        self._metrics.deliveries.inc(len(self.members))
        for member in self.members:
            member.queue.offer(part, payload)
