"""Each request is one line of the log, with who asked, for what, and which orders it was about; its answer names it."""

import asyncio
import io
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from adapters.logs.request_lines import RequestLines
from adapters.settings.values import LogSetting
from api.requests import RequestRecord
from tests.support.api import ADA, Desk, open_socket, running
from tests.support.waiting import eventually

BEARER = {"authorization": "Bearer ada"}
Line = tuple[str, dict[str, Any]]


class Lines(list[Line]):
    """The logged lines."""

    def __call__(self, level: str, fields: Any) -> None:
        self.append((level, dict(fields())))


async def test_each_http_request_is_one_log_line_named_in_its_answer(desk: Desk) -> None:
    lines = Lines()
    async with running(desk, request_log=lines) as server, httpx.AsyncClient(trust_env=False) as client:
        bodies = ["query Who { who }", 'query Bad { fail(how: "conflict") }', "{ nothing }"]
        answers = [await client.post(server.endpoint, json={"query": body}, headers=BEARER) for body in bodies]
        answers.append(await client.post(server.endpoint, json={"query": "{ who }"}))
        answers.append(await client.post(f"{server.endpoint}?token=secret", content=b"{"))
        answers.append(await client.get(f"{server.address}/healthz"))
        await eventually(lambda: len(lines) == len(answers))
    assert [line["request_id"] for _, line in lines] == [answer.headers["x-request-id"] for answer in answers]
    assert [line["status"] for _, line in lines] == [answer.status_code for answer in answers]
    shown = [(level, line.get("operation"), line.get("outcome"), line.get("actor_id")) for level, line in lines]
    ada = str(ADA.user_id)
    assert shown == [
        ("info", "Who", "OK", ada),
        ("info", "Bad", "CONFLICT", ada),
        ("info", None, "GRAPHQL_VALIDATION_FAILED", None),
        ("info", None, "UNAUTHENTICATED", None),
        ("info", None, None, None),
        ("debug", None, None, None),
    ]
    assert all(line["path"] in ("/graphql", "/healthz") and line["client"] == "127.0.0.1" for _, line in lines)
    assert "secret" not in str(lines)


async def test_the_request_id_of_a_masked_error_is_that_of_its_log_line(desk: Desk) -> None:
    lines = Lines()
    async with running(desk, request_log=lines) as server, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(server.endpoint, json={"query": '{ fail(how: "bug") }'}, headers=BEARER)
    named = answer.json()["errors"][0]["extensions"]["requestId"]
    assert [line["request_id"] for _, line in lines] == [named] == [answer.headers["x-request-id"]]


async def test_each_operation_on_a_socket_is_one_log_line(desk: Desk) -> None:
    lines = Lines()
    async with running(desk, request_log=lines) as server, open_socket(server) as socket:
        await socket.subscribe("1", "query Who { who }")
        assert await socket.next() == {"who": ADA.email}
        await socket.hear()
        await socket.subscribe("2", "subscription Entries { entries { number } }")
        await socket.subscribe("3", "{ nothing }")
        assert (await socket.hear())["type"] == "error"
        await socket.settle()
        await eventually(lambda: len(lines) == 3)
    shown = sorted(
        (line["operation"] or "", line["kind"] or "", line["outcome"] or "")
        for _, line in ((level, {"operation": None, "kind": None, "outcome": None} | line) for level, line in lines)
    )
    assert shown == [
        ("", "", "GRAPHQL_VALIDATION_FAILED"),
        ("Entries", "subscription", ""),
        ("Who", "query", "OK"),
    ]
    assert all(line["method"] == "WEBSOCKET" and "status" not in line for _, line in lines)


def test_the_log_line_of_a_batch_has_its_first_orders_and_their_number() -> None:
    record = RequestRecord("POST", "/graphql", "")
    record.concerns(UUID(int=number) for number in range(3))
    assert record.fields()["order_ids"] == [str(UUID(int=number)) for number in range(3)]
    assert "order_count" not in record.fields()
    record.concerns(UUID(int=number) for number in range(3, 1_000))
    said = record.fields()
    assert (len(said["order_ids"]), said["order_count"]) == (20, 1_000)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["json", "console"])
async def test_request_lines_have_the_format_of_other_log_lines(form: Any) -> None:
    output = io.StringIO()
    lines = RequestLines(LogSetting("info", form), output)
    lines("info", lambda: {"request_id": "1", "status": 200, "order_ids": ["a", "b"]})
    lines("debug", lambda: pytest.fail("nobody reads the fields of a line that is not written"))
    assert output.getvalue() == ""
    await eventually(lambda: bool(output.getvalue()))
    (line,) = output.getvalue().splitlines()
    if form == "json":
        said = orjson.loads(line)
        assert said.pop("timestamp").endswith("Z")
        assert said == {
            "event": "request", "level": "info", "logger": "request",
            "request_id": "1", "status": 200, "order_ids": ["a", "b"],
        }  # fmt: skip
    else:
        time, _, rest = line.partition(" ")
        assert len(time) == len("2026-11-29T22:29:51.551430Z")
        assert rest == f"[info     ] {'request':<30} [request] request_id=1 status=200 order_ids=a,b"


async def test_many_log_lines_are_written_without_delay() -> None:
    output = io.StringIO()
    lines = RequestLines(LogSetting("info", "json"), output)
    for number in range(1_001):
        lines("info", partial(dict, request_id=str(number)))
    assert output.getvalue().count("\n") == 1_000
    lines.flush()
    assert output.getvalue().count("\n") == 1_001
    await asyncio.sleep(0)
