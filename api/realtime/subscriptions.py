"""One subscription to a stream: it catches up, joins a group, falls behind, loses its right, and ends."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from api.context import Context
from api.errors import errors_of
from api.graphql.documents import Operation
from api.graphql.runner import Caller, OperationRunner
from api.realtime.client_queue import ClientQueue, EventQueue, StateQueue
from api.realtime.groups import LogGroup, PayloadExecutor, StateGroup
from api.realtime.streams import LogStream, StateStream
from domain.kernel.errors import BadInput, DomainError, Unavailable
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import SUBSCRIPTION
from domain.kernel.supervision import HandedTo


@dataclass(slots=True)
class Subscribing:
    """The request of one subscription, and the functions that end it."""

    operation_id: str
    operation: Operation
    variables: Mapping[str, Any] | None
    caller: Caller
    runner: OperationRunner
    ended: Callable[[str], None]

    def context(self) -> Context:
        """A context of the subscriber's own."""
        return self.runner.context(self.caller)

    def execution(self, context: Context) -> PayloadExecutor:
        """An execution of the subscription's selection."""
        executor = self.operation.executor(self.variables, context)
        return PayloadExecutor(executor, context, self.operation.name, self.runner.metrics)


class Subscription(ABC):
    """A running subscription. ``start`` returns when it runs in the background; ``cancel`` ends it without message."""

    queue: ClientQueue

    def __init__(self, subscribing: Subscribing) -> None:
        self._subscribing = subscribing
        self._is_over = False

    @abstractmethod
    async def start(self) -> None:
        """Begin.

        Raises:
            DomainError: the subscriber may not, or its arguments are invalid.
        """

    @abstractmethod
    def _stop(self) -> None:
        """Leave its group."""

    @abstractmethod
    def review(self, caller: Caller) -> None:
        """Rights have changed: continue as ``caller``, or end with the reason."""

    def cancel(self) -> None:
        """The client has unsubscribed, or is gone."""
        if not self._is_over:
            self._is_over = True
            self._stop()
            self.queue.discard()

    def end(self, error: Exception | None = None) -> None:
        """Send the end of the stream to the client, with the reason of a failure."""
        if self._is_over:
            return
        self._is_over = True
        self._stop()
        subscribing = self._subscribing
        if error is None:
            self.queue.complete()
        else:
            operation = subscribing.operation
            errors = errors_of(error, subscribing.context(), operation_name=operation.name)
            self.queue.fail(operation.placed(errors))
        subscribing.ended(subscribing.operation_id)


class LogSubscription(Subscription):
    """Gets every event of a log once and in order, at any speed."""

    queue: EventQueue

    def __init__(
        self,
        subscribing: Subscribing,
        stream: LogStream[Any, Any],
        queue: EventQueue,
        group_of: Callable[[Caller], LogGroup],
    ) -> None:
        super().__init__(subscribing)
        self.queue = queue
        self._stream = stream
        self._group_of = group_of
        self._group: LogGroup | None = None
        # Where it had come to when it began, fell behind or changed groups.
        self._position = stream.after
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Check the position, then read the log after it and join a group.

        Raises:
            BadInput: the position lies beyond the newest event.
        """
        after = self._stream.after
        if after is not None and after > await self._stream.log.head():
            raise BadInput("This cursor lies beyond the newest event.", field="after")
        if self._is_over:
            return
        self._enter(self._subscribing.caller)
        self._resume()

    def _enter(self, caller: Caller) -> None:
        self._group = self._group_of(caller)
        self._group.members.add(self)

    async def _catch_up(self) -> None:
        group = self._group
        assert group is not None
        await group.started()
        # Failed meanwhile: then everything has been said.
        if self._is_over or self not in group.members:
            return
        execution: PayloadExecutor | None = None
        while not group.join(self, self._position):
            assert self._position is not None
            execution = execution or self._subscribing.execution(self._subscribing.context())
            await self._replay_page(execution)

    async def _replay_page(self, execution: PayloadExecutor) -> None:
        assert self._position is not None
        backoff = Backoff(SUBSCRIPTION)
        while True:
            try:
                events = await self._stream.log.read(self._position, self._subscribing.runner.limits.replay_page)
                break
            except Unavailable:
                await backoff.wait()
        for number, event in events:
            shown = self._stream.view(event)
            if shown is not None:
                payload = await execution.payload(shown)
                while not self.queue.offer(payload):
                    await self.queue.drained()
            self._position = number

    def fall_behind(self, position: int) -> None:
        """The queue is full: continue from the log when the client has taken the waiting events."""
        self._position = position
        self._resume()

    def _resume(self) -> None:
        _cancel(self._task)
        self._task = asyncio.get_running_loop().create_task(self._run_catch_up())

    async def _run_catch_up(self) -> None:
        with HandedTo(self.end):
            await self.queue.drained()
            await self._catch_up()

    def fail(self, error: Exception) -> None:
        """The group has ended."""
        self.end(error)

    def review(self, caller: Caller) -> None:
        """End if the actor may not see the stream any more; else join the group of its present rights."""
        assert caller.actor is not None
        try:
            self._stream.permit(caller.actor)
        except DomainError as error:
            self.end(error)
            return
        changed = caller.actor != self._subscribing.caller.actor
        self._subscribing.caller = caller
        if changed and self._group is not None and not self._is_over:
            reached = self._group.position_of(self)
            self._position = self._position if reached is None else reached
            before = self._group
            self._enter(caller)
            if self._group is not before:
                before.leave(self)
                self._resume()

    def _stop(self) -> None:
        _cancel(self._task)
        if self._group is not None:
            self._group.leave(self)


class StateSubscription(Subscription):
    """Gets the present state, and then the newest values of its changes."""

    queue: StateQueue

    def __init__(
        self,
        subscribing: Subscribing,
        stream: StateStream[Any],
        queue: StateQueue,
        group_of: Callable[[Caller], StateGroup],
    ) -> None:
        super().__init__(subscribing)
        self.queue = queue
        self._stream = stream
        self._group_of = group_of
        self._group: StateGroup | None = None

    async def start(self) -> None:
        """Join a group."""
        self._group = self._group_of(self._subscribing.caller)
        self._group.join(self)

    def fail(self, error: Exception | None) -> None:
        """The group has ended, or its source has."""
        self.end(error)

    def review(self, caller: Caller) -> None:
        """End if the actor may not see the stream any more; else join the group of its present rights."""
        assert caller.actor is not None
        try:
            self._stream.permit(caller.actor)
        except DomainError as error:
            self.end(error)
            return
        changed = caller.actor != self._subscribing.caller.actor
        self._subscribing.caller = caller
        if changed and self._group is not None and not self._is_over:
            before, self._group = self._group, self._group_of(caller)
            if self._group is not before:
                self._group.join(self)
                before.leave(self)

    def _stop(self) -> None:
        if self._group is not None:
            self._group.leave(self)


class SoloSubscription(Subscription):
    """A plain async generator or a merged stream: executed for one subscriber, at that subscriber's pace.

    Rights are checked as it opens, so it is opened again when they have changed: a generator from its beginning, a
    merged stream where it had come to.
    """

    queue: EventQueue

    def __init__(
        self,
        subscribing: Subscribing,
        events: AsyncIterable[Any],
        queue: EventQueue,
        reopen: Callable[[Caller], Awaitable[AsyncIterable[Any]]],
    ) -> None:
        super().__init__(subscribing)
        self.queue = queue
        self._events: AsyncIterable[Any] | None = events
        self._reopen = reopen
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to iterate."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        with HandedTo(self.end):
            execution = self._subscribing.execution(self._subscribing.context())
            if self._events is None:
                self._events = await self._reopen(self._subscribing.caller)
            events = cast("Any", aiter(self._events))
            async with aclosing(events):
                async for event in events:
                    payload = await execution.payload(event)
                    while not self.queue.offer(payload):
                        await self.queue.drained()
            self.end()

    def review(self, caller: Caller) -> None:
        """Open the stream again if the actor's rights have changed."""
        changed = caller.actor != self._subscribing.caller.actor
        self._subscribing.caller = caller
        if changed and not self._is_over:
            _cancel(self._task)
            self._events = None
            self._task = asyncio.get_running_loop().create_task(self._run())

    def _stop(self) -> None:
        _cancel(self._task)


def _cancel(task: asyncio.Task[None] | None) -> None:
    """Cancel a task, unless it is the calling one and about to end by itself."""
    if task is not None and task is not asyncio.current_task():
        task.cancel()
