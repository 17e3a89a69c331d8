"""The hub: finds equal subscriptions and lets them share one execution.

Subscriptions are equal by source, selection, the variables that the selection uses and, unless every selected field is
the same for all, the caller. The right of every subscriber to the stream is checked before.
"""

from collections.abc import AsyncIterable, Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from graphql import ExecutionResult
from graphql.execution import create_source_event_stream

from api.errors import Place, RequestError, execution_errors
from api.graphql.documents import Operation
from api.graphql.execution import OperationExecutor
from api.graphql.runner import Caller, OperationRunner
from api.realtime.client_queue import EventQueue, StateQueue
from api.realtime.groups import LogGroup, PayloadExecutor, StateGroup
from api.realtime.merged import MergedStream
from api.realtime.send_queue import SendQueue
from api.realtime.sharing_key import Selection, selection_of
from api.realtime.streams import LogStream, StateStream
from api.realtime.subscriptions import (
    LogSubscription,
    SoloSubscription,
    StateSubscription,
    Subscribing,
    Subscription,
)

Group = TypeVar("Group", LogGroup, StateGroup)


class Hub:
    """All groups of one process."""

    def __init__(self, runner: OperationRunner) -> None:
        self._runner = runner
        self._groups: dict[Hashable, LogGroup | StateGroup] = {}
        self._selections: WeakKeyDictionary[Operation, Selection] = WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self._groups)

    async def subscribe(
        self,
        operation_id: str,
        operation: Operation,
        variables: Mapping[str, Any] | None,
        caller: Caller,
        send_queue: SendQueue,
        ended: Callable[[str], None],
    ) -> Subscription:
        """Open the stream that a subscription asks for; it begins with ``start``.

        Raises:
            RequestError: its variables do not fit, or its resolver refuses.
            DomainError: the caller may not see the stream.
        """
        subscribing = Subscribing(operation_id, operation, variables, caller, self._runner, ended)
        executor, source = await self._open(operation, variables, caller)
        limits = self._runner.limits
        if isinstance(source, LogStream | StateStream):
            assert caller.actor is not None, "a subscription is never public"
            source.permit(caller.actor)
            selection = self._selection(operation)
            wanted = selection.key(executor.variable_values.coerced)
            if isinstance(source, LogStream):
                log = _Sharing(self, subscribing, selection, ("log", source.key, wanted))
                queue = EventQueue(send_queue, operation_id, limits)
                return LogSubscription(subscribing, source, queue, partial(log.log_group, source))
            state = _Sharing(self, subscribing, selection, ("state", source.key, wanted))
            return StateSubscription(
                subscribing, source, StateQueue(send_queue, operation_id, limits), partial(state.state_group, source)
            )

        if isinstance(source, MergedStream):
            assert caller.actor is not None, "a subscription is never public"
            source.permit(caller.actor)

        async def reopen(caller: Caller) -> AsyncIterable[Any]:
            if isinstance(source, MergedStream):
                assert caller.actor is not None, "a subscription is never public"
                source.permit(caller.actor)
                return source
            return (await self._open(operation, variables, caller))[1]

        return SoloSubscription(subscribing, source, EventQueue(send_queue, operation_id, limits), reopen)

    async def _open(
        self, operation: Operation, variables: Mapping[str, Any] | None, caller: Caller
    ) -> tuple[OperationExecutor, AsyncIterable[Any]]:
        context = self._runner.context(caller)
        executor = operation.executor(variables, context)
        source: Any = create_source_event_stream(executor)
        if not isinstance(source, ExecutionResult | AsyncIterable):
            source = await source
        if isinstance(source, ExecutionResult):
            place = Place(operation.schema, operation.kind)
            raise RequestError(*execution_errors(source.errors or [], context, operation.name, place))
        return executor, source

    def _selection(self, operation: Operation) -> Selection:
        selection = self._selections.get(operation)
        if selection is None:
            selection = self._selections[operation] = selection_of(operation)
        return selection

    def group(self, key: Hashable, make: Callable[[Callable[[], None]], Group]) -> Group:
        """The group of ``key``; ``make`` gets the function to call when the group ends."""
        found = self._groups.get(key)
        if found is not None:
            return cast("Group", found)
        made: Group = make(lambda: self._forget(key, made))
        self._groups[key] = made
        self._runner.metrics.streams.inc()
        return made

    def _forget(self, key: Hashable, group: LogGroup | StateGroup) -> None:
        # Another of the same key may have begun since.
        if self._groups.get(key) is group:
            del self._groups[key]
            self._runner.metrics.streams.dec()


@dataclass(frozen=True, slots=True)
class _Sharing:
    """Finds the group of one subscription for its present caller."""

    hub: Hub
    subscribing: Subscribing
    selection: Selection
    key: tuple[Hashable, ...]

    def log_group(self, stream: LogStream[Any, Any], caller: Caller) -> LogGroup:
        def make(ended: Callable[[], None]) -> LogGroup:
            return LogGroup(stream, self._execution(caller), self.subscribing.runner.metrics, ended)

        return self.hub.group(self._key(caller), make)

    def state_group(self, stream: StateStream[Any], caller: Caller) -> StateGroup:
        def make(ended: Callable[[], None]) -> StateGroup:
            runner = self.subscribing.runner
            return StateGroup(stream, self._execution(caller), runner.metrics, runner.limits.state_parts, ended)

        return self.hub.group(self._key(caller), make)

    def _key(self, caller: Caller) -> Hashable:
        return *self.key, None if self.selection.same_for_all else caller.actor

    def _execution(self, caller: Caller) -> PayloadExecutor:
        # What is the same for all is executed for nobody in particular: a resolver that does ask who it is for fails.
        runner = self.subscribing.runner
        return self.subscribing.execution(
            runner.context(Caller("")) if self.selection.same_for_all else runner.context(caller)
        )
