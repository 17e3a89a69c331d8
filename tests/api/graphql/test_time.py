"""A query leaves the loop to others again and again, does what is costly one by one, and ends in time."""

import asyncio
from typing import Any

import httpx
import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from api.context import Context
from api.graphql import time_slices
from api.graphql.documents import Documents
from api.graphql.field_flags import COSTLY
from api.graphql.runner import run
from api.graphql.time_slices import TimeSlices
from api.limits import RequestLimits
from api.loaders import Loader
from tests.support.api import Desk, running

_ROWS = 300


class Turns:
    """Counts the turns of the loop."""

    def __init__(self) -> None:
        self.count = 0
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            self.count += 1
            await asyncio.sleep(0)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@strawberry.type
class Row:
    number: int

    @strawberry.field
    def doubled(self) -> int:
        # Without the flag of a straight resolver it is the core that calls it.
        return self.number * 2

    @strawberry.field
    async def waiting(self) -> int:
        await asyncio.sleep(0)
        if self.number == 7:
            raise ValueError("not this one")
        return self.number * 3


@strawberry.type
class Query:
    @strawberry.field
    def rows(self) -> list[Row]:
        return [Row(number=number) for number in range(_ROWS)]

    @strawberry.field
    def maybe(self) -> list[Row | None]:
        return [Row(number=number) if number % 2 else None for number in range(_ROWS)]

    @strawberry.field(metadata=COSTLY)
    async def proof(self) -> int:
        _resolving.append(1)
        at_once = len(_resolving)
        await asyncio.sleep(0)
        _resolving.pop()
        return at_once


_resolving: list[int] = []
_SCHEMA = strawberry.Schema(Query, config=StrawberryConfig())


async def answer(text: str, *, sliced: bool) -> Any:
    operation = Documents(_SCHEMA._schema, RequestLimits()).prepare(text, None, trusted=True)
    executor = operation.executor({}, Context(services=None))  # type: ignore[arg-type]
    executor.slices = TimeSlices() if sliced else None
    content = (await run(executor, None)).content
    for error in content.get("errors", ()):
        error["extensions"].pop("requestId")
    return content


@pytest.mark.parametrize(
    "text", ["{ rows { number doubled waiting } }", "{ maybe { doubled } }", "{ rows { waiting } }"]
)
async def test_a_long_list_resolves_in_slices_while_other_tasks_run(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(time_slices, "_SLICE_SECONDS", -1.0)
    at_once = await answer(text, sliced=False)
    turns = Turns()
    in_slices = await answer(text, sliced=True)
    await turns.stop()
    assert in_slices == at_once
    assert turns.count >= _ROWS


async def test_costly_fields_of_an_operation_resolve_one_after_the_other() -> None:
    content = await answer("{ a: proof b: proof c: proof }", sliced=False)
    assert content == {"data": {"a": 1, "b": 1, "c": 1}}


async def test_waiters_of_a_batch_resume_one_hundred_at_a_time() -> None:
    async def batch(keys: Any) -> dict[int, int]:
        return {key: key for key in keys}

    went_on: dict[int, int] = {}

    async def wait(key: int) -> None:
        await loader.load(key)
        went_on[turns.count] = went_on.get(turns.count, 0) + 1

    loader: Loader[int, int] = Loader(batch)
    turns = Turns()
    await asyncio.gather(*(wait(key) for key in range(900)))
    await turns.stop()
    assert sum(went_on.values()) == 900
    assert max(went_on.values()) <= 2 * 101


async def test_a_query_beyond_its_time_limit_is_stopped_with_an_error(desk: Desk) -> None:
    async with (
        running(desk, limits=RequestLimits(query_seconds=0.05)) as server,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        headers = {"authorization": "Bearer ada", "accept": "application/graphql-response+json"}
        response = await client.post(server.endpoint, json={"query": "{ echo forever }"}, headers=headers)
        (error,) = response.json()["errors"]
        assert response.status_code == 503
        assert error["extensions"] == {"code": "UNAVAILABLE", "reason": "TOO_SLOW"}
        # A command is finished: nobody could know how far it had come.
        writing = asyncio.create_task(
            client.post(server.endpoint, json={"query": 'mutation { writeSlowly(text: "x") }'}, headers=headers)
        )
        await asyncio.sleep(0.2)
        desk.gate.set()
        assert (await writing).json() == {"data": {"writeSlowly": 1}}
