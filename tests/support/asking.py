"""Asking a platform's API in the test's own process: everything but the transport, errors as clients get them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg
import pytest

from api.graphql.runner import Caller, OperationRunner, Request
from api.limits import Limits
from api.metrics import ApiMetrics
from api.root import platform_schema
from domain.access.types import Actor
from tests.support.trading import Platform


class Asking:
    """The API as one actor sees it."""

    def __init__(self, desk: Platform, actor: Actor) -> None:
        self._runner = OperationRunner(platform_schema(), desk.services, Limits(), ApiMetrics())
        self._caller = Caller("127.0.0.1", actor, "token")

    async def answer(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer."""
        operation = self._runner.prepare(Request(document, variables=variables), self._caller)
        return (await self._runner.answer(operation, variables, self._caller)).content

    async def ask(self, document: str, **variables: Any) -> Any:
        """The value of the one root field."""
        answer = await self.answer(document, **variables)
        assert "errors" not in answer, answer["errors"]
        (value,) = answer["data"].values()
        return value

    async def refusal(self, document: str, **variables: Any) -> dict[str, Any]:
        """The one error, message and extensions in one."""
        (error,) = (await self.answer(document, **variables))["errors"]
        return {"message": error["message"], **error["extensions"]}


_counted: ContextVar[bool] = ContextVar("counted", default=False)


class Statements:
    """The statements that went to the database."""

    def __init__(self) -> None:
        self.texts: list[str] = []


@contextmanager
def counted_statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """Count what is asked here and by tasks that begin here; not what a venue or a watch does meanwhile."""
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
