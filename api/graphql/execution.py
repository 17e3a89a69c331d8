"""The executor: graphql-core's own, with compiled readers for values that need no resolver, and without its leak.

A long list that no reader covers is completed in slices of time, so that the loop serves others between them. Costly
fields of an operation are resolved one after the other: each may keep a connection to the database for long.

Every answer is the core's: when a reader meets an unexpected value, the core does that part again. Tests compare both.
The core keeps one table of collected fields for all events of a subscription and adds to it with each event; here the
table is finite, because the operation's selections are fixed, or new for each event.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sized
from typing import Any, Self, cast

from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Undefined,
)
from graphql.execution import Executor, default_field_resolver, default_type_resolver
from graphql.execution.collect_fields import DeferUsage, FieldDetailsList, FragmentDetails, GroupedFieldSet
from graphql.execution.executor import CollectedErrors
from graphql.execution.values import VariableValues
from graphql.pyutils import AwaitableOrValue, Path, RefMap, gather_with_cancel
from graphql.type.definition import GraphQLResolveInfoHelpers
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from api.context import Context
from api.graphql.field_flags import is_costly
from api.graphql.plans import Compiler, FieldPlan, Plans
from api.graphql.time_slices import TimeSlices

# Shorter lists are completed at once: an asynchronous list costs more than it is worth.
_LONG_LIST = 25


class OperationExecutor(Executor[Any]):
    """Executes one operation, or one event of a subscription."""

    # Resolvers of Strawberry get the info object in its own shape.
    build_resolve_info = StrawberryGraphQLCoreExecutionContext.build_resolve_info
    operation_extensions: Mapping[str, Any] | None = None

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        # How many values can be asked for; known once it has been checked.
        self.cost = 0
        # Subscriptions do without: what many clients share must be complete at once.
        self.slices: TimeSlices | None = None
        self._costly: asyncio.Lock | None = None
        self._shared = False
        self._use(Plans())

    @property
    def async_helpers(self) -> GraphQLResolveInfoHelpers:
        """Helpers for resolvers, made when one asks.

        Kept, they would refer back to the executor, and each operation would stay in memory until the garbage collector
        comes by.
        """
        return GraphQLResolveInfoHelpers(gather=self.gather_async_work, track=self.track_async_work)

    @async_helpers.setter
    def async_helpers(self, _helpers: GraphQLResolveInfoHelpers) -> None:
        """The core's own attempt to keep them."""

    def _use(self, plans: Plans) -> None:
        self._plans = plans
        self._relevant_sub_fields = plans.collected

    def _compiler(self) -> Compiler:
        # Made when something is to be compiled, and not kept: it refers back to this executor.
        return Compiler(self.schema, self.collect_subfields, self._plans.asking)

    def share(self, plans: Plans) -> None:
        """Reuse the collected fields of other executions of the operation; its selections must not need variables."""
        self._shared = True
        self._use(plans)

    def for_execution(self, values: VariableValues, context: Context) -> Self:
        """An executor for one execution of the operation that this one was made for, and that never executes itself.

        The core makes sub-executors in the same way: to construct one costs four times as much.
        """
        executor = object.__new__(type(self))
        vars(executor).update(vars(self))
        executor.variable_values, executor.context_value = values, context
        executor.collected_errors = CollectedErrors()
        executor.pending_incremental_futures, executor.background_futures = set(), set()
        executor._stream_usages = RefMap()
        return executor

    def for_event(self, event: Any, context: Context) -> Self:
        """An executor for one event of the subscription that this one was built for."""
        executor = cast(Self, super().build_per_event_executor(event))
        executor.context_value = context
        executor._use(self._plans if self._shared else Plans())
        return executor

    def execute_operation(self, serially: bool | None = None) -> AwaitableOrValue[ExecutionResult]:
        """Execute the operation; root fields that were collected before are used again."""
        root, operation = self._plans.root, self.operation.operation
        if not self._shared or root is None or operation is OperationType.SUBSCRIPTION:
            return cast("AwaitableOrValue[ExecutionResult]", super().execute_operation(serially))
        type_ = self.schema.get_root_type(operation)
        assert type_ is not None, "an operation was executed before"
        in_turn = operation is OperationType.MUTATION if serially is None else serially
        try:
            # One field waits for no other.
            execute = self.execute_fields_serially if in_turn and len(root) > 1 else self.execute_fields
            data = execute(type_, self.root_value, None, root, None)
        except GraphQLError as error:
            return self._failed(error)
        return self._result(cast("Awaitable[dict[str, Any]]", data)) if self.is_awaitable(data) else self._done(data)

    async def _result(self, data: Awaitable[dict[str, Any]]) -> ExecutionResult:
        try:
            return self._done(await data)
        except GraphQLError as error:
            return self._failed(error)

    def _failed(self, error: GraphQLError) -> ExecutionResult:
        self.collected_errors.add(error, None)
        return self._done(None)

    def _done(self, data: Any) -> ExecutionResult:
        return cast(ExecutionResult, self.build_response(data))

    def execute_collected_root_fields(
        self,
        root_type: GraphQLObjectType,
        root_value: Any,
        grouped_field_set: GroupedFieldSet,
        serially: bool,
        new_defer_usages: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Execute the root fields, under the identity by which everything below was collected."""
        if self._plans.root is None:
            self._plans.root = grouped_field_set
        return super().execute_collected_root_fields(
            root_type, root_value, self._plans.root, serially, cast("list[DeferUsage]", new_defer_usages)
        )

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[Any]:
        """Complete a value: by a compiled reader when all selections below are plain, else as the core does."""
        key = (id(return_type), id(field_details_list))
        plan = self._plans.values.get(key)
        if plan is None:
            read = self._compiler().value(return_type, field_details_list)
            plan = self._plans.values[key] = (return_type, field_details_list, read)
        if plan[2] is not None:
            self._plans.asking.begin(self.context_value)
            try:
                return plan[2](result)
            except Exception:  # noqa: BLE001, S110  the core does it again and reports what there is to report
                pass
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Execute the fields of one object: plain ones by readers, the others as the core does."""
        results: dict[str, Any] = {}
        awaitable: list[str] = []
        try:
            for name, details, read, costly in self._field_plans(parent_type, grouped_field_set):
                if read is not None:
                    self._plans.asking.begin(self.context_value)
                    try:
                        results[name] = read(source_value)
                        continue
                    except Exception:  # noqa: BLE001, S110  the core does it again and reports it
                        pass
                result = self.execute_field(
                    parent_type, source_value, details, Path(path, name, parent_type.name), position_context
                )
                if result is not Undefined:
                    waits = self.is_awaitable(result)
                    results[name] = self._one_at_a_time(cast("Awaitable[Any]", result)) if waits and costly else result
                    if waits:
                        awaitable.append(name)
        except Exception:
            if awaitable:
                self.settle_in_background([results[name] for name in awaitable])
            raise
        return self._gathered(results, awaitable) if awaitable else results

    def _field_plans(self, parent_type: GraphQLObjectType, grouped: GroupedFieldSet) -> list[FieldPlan]:
        plan = self._plans.fields.get(id(grouped))
        if plan is None:
            compiler = self._compiler()
            readers = [
                (name, details, compiler.field(parent_type, details), self._is_costly(parent_type, details))
                for name, details in grouped.items()
            ]
            plan = self._plans.fields[id(grouped)] = (grouped, readers)
        return plan[1]

    def _is_costly(self, parent_type: GraphQLObjectType, details: FieldDetailsList) -> bool:
        field = self.schema.get_field(parent_type, details[0].node.name.value)
        return field is not None and is_costly(field)

    async def _one_at_a_time(self, result: Awaitable[Any]) -> Any:
        if self._costly is None:
            self._costly = asyncio.Lock()
        async with self._costly:
            return await result

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> AwaitableOrValue[list[Any]]:
        """Complete a list: a short one at once, a long one in slices of time."""
        if self.slices is not None and isinstance(items, Sized) and len(items) > _LONG_LIST:
            sliced = _sliced(items, self.slices)
            return self.complete_async_iterator_value(
                item_type, field_details_list, info, path, sliced, position_context
            )
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    @staticmethod
    async def _gathered(results: dict[str, Any], awaitable: list[str]) -> dict[str, Any]:
        if len(awaitable) == 1:
            results[awaitable[0]] = await results[awaitable[0]]
        else:
            values = await gather_with_cancel(*(results[name] for name in awaitable))
            results.update(zip(awaitable, values, strict=True))
        return results


async def _sliced(items: Iterable[Any], slices: TimeSlices) -> AsyncIterator[Any]:
    for item in items:
        if slices.is_over():
            await slices.next()
        yield item


def assemble_executor(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    plans: Plans | None,
) -> OperationExecutor:
    """An executor of an operation for ``for_execution``. Without ``plans`` it is good for one execution."""
    executor = OperationExecutor(
        schema,
        dict(fragments),
        {name: FragmentDetails(node, None) for name, node in fragments.items()},
        None,
        None,
        operation,
        VariableValues({}, {}),
        default_field_resolver,
        default_type_resolver,
        default_field_resolver,
    )
    if plans is not None:
        executor.share(plans)
    return executor


def build_executor(
    schema: GraphQLSchema,
    document: Any,
    operation_name: str | None,
    variables: Mapping[str, Any] | None,
    context: Context,
    plans: Plans | None,
) -> OperationExecutor | list[GraphQLError]:
    """An executor for one operation, or the errors of its variables."""
    executor = OperationExecutor.build(
        schema,
        document,
        context_value=context,
        raw_variable_values=dict(variables or {}),
        operation_name=operation_name,
        max_coercion_errors=10,
    )
    if isinstance(executor, list):
        return executor
    assert isinstance(executor, OperationExecutor)
    if plans is not None:
        executor.share(plans)
    return executor
