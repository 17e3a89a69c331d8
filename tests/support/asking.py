"""Asking a platform's API in the test's own process: everything but the transport, errors as clients get them."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, cast

import asyncpg
import orjson
import pytest
from graphql import ExecutionResult
from graphql.execution import create_source_event_stream

from api.errors import Place, RequestError, execution_errors
from api.graphql.runner import Caller, OperationRequest, OperationRunner
from api.limits import RequestLimits
from api.metrics import ApiMetrics
from api.realtime.groups import PayloadExecutor
from api.root import platform_schema
from domain.access.types import Actor
from tests.support.trading import Platform


class Asking:
    """The API with the rights of one actor."""

    def __init__(self, desk: Platform, actor: Actor) -> None:
        self._runner = OperationRunner(platform_schema(), desk.services, RequestLimits(), ApiMetrics())
        self._caller = Caller("127.0.0.1", actor, "token")

    async def answer(self, document: str, **variables: Any) -> dict[str, Any]:
        """The complete answer, data and errors."""
        operation = self._runner.prepare(OperationRequest(document, variables=variables), self._caller)
        return (await self._runner.answer(operation, variables, self._caller)).content

    async def ask(self, document: str, **variables: Any) -> Any:
        """The value of the one root field."""
        answer = await self.answer(document, **variables)
        assert "errors" not in answer, answer["errors"]
        (value,) = answer["data"].values()
        return value

    @asynccontextmanager
    async def listening(self, document: str, **variables: Any) -> AsyncIterator[AsyncIterator[Any]]:
        """The values of a subscription's one root field, as they come; its refusals are raised."""
        operation = self._runner.prepare(OperationRequest(document, variables=variables), self._caller)
        context = self._runner.context(self._caller)
        executor = operation.executor(variables, context)
        source: Any = create_source_event_stream(executor)
        if not isinstance(source, ExecutionResult | AsyncIterable):
            source = await source
        if isinstance(source, ExecutionResult):
            raise RequestError(
                *execution_errors(source.errors or [], context, None, Place(operation.schema, operation.kind))
            )
        execution = PayloadExecutor(executor, context, None, self._runner.metrics)

        async def values() -> AsyncGenerator[Any, None]:
            async with aclosing(cast("Any", aiter(source))) as events:
                async for event in events:
                    (value,) = orjson.loads(await execution.payload(event))["data"].values()
                    yield value

        async with aclosing(values()) as heard:
            yield heard

    async def refusal(self, document: str, **variables: Any) -> dict[str, Any]:
        """The only error: its message and its extensions in one dictionary."""
        (error,) = (await self.answer(document, **variables))["errors"]
        return {"message": error["message"], **error["extensions"]}


_counted: ContextVar[bool] = ContextVar("counted", default=False)


class Statements:
    """The statements that were sent to the database."""

    def __init__(self) -> None:
        self.texts: list[str] = []


@contextmanager
def counted_statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """Count the statements of this task and of tasks that it starts; other tasks do not count."""
    found, execute = Statements(), asyncpg.Connection._execute

    async def counting(connection: Any, query: str, *arguments: Any, **others: Any) -> Any:
        if _counted.get():
            found.texts.append(query)
        return await execute(connection, query, *arguments, **others)

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "_execute", counting)
        token = _counted.set(True)
        try:
            yield found
        finally:
            _counted.reset(token)
