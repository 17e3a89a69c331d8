"""Server-sent events on a real server: the protocol, one fan-out with sockets, bounds, and credentials that end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from api.limits import RequestLimits
from api.realtime.streams import cursor_of
from api.transport.event_stream import STREAM_PATH
from domain.access.types import Role
from domain.kernel.errors import Unavailable
from domain.kernel.time import utc_now
from tests.support.api import ADA, Desk, Running, open_socket, running
from tests.support.waiting import PATIENCE_SECONDS, eventually

ENTRIES = "subscription ($after: Cursor) { entries(after: $after) { number text } }"
SHOUTED = "subscription { entries { number shouted } }"
COMPLETE = ("complete", None)


class Events:
    """The events of one answer."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()

    async def hear(self) -> tuple[str, Any]:
        """The next event and its data."""
        kind, data = "", ""
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for line in self._lines:
                if line.startswith("event:"):
                    kind = line.removeprefix("event:").strip()
                elif line.startswith("data:"):
                    data = line.removeprefix("data:").strip()
                elif not line and kind:
                    return kind, orjson.loads(data) if data else None
        raise EOFError

    async def next(self) -> Any:
        kind, data = await self.hear()
        assert kind == "next", (kind, data)
        return data

    async def over(self) -> None:
        with pytest.raises(EOFError):
            await self.hear()


@asynccontextmanager
async def listening(
    server: Running, query: str, token: str = "ada", path: str = STREAM_PATH, method: str = "POST", **variables: Any
) -> AsyncIterator[Events]:
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    body: dict[str, Any] = {"query": query, "variables": variables}
    how = {"json": body} if method == "POST" else {"params": {"query": query}}
    async with (
        httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client,
        client.stream(method, server.address + path, headers=headers, **how) as answer,
    ):
        yield Events(answer)


async def live(server: Running, followers: int = 1) -> None:
    await eventually(lambda: server.desk.log.followers == followers)


def metric(server: Running, name: str) -> float | None:
    return server.api.serving.runner.metrics.registry.get_sample_value(f"tradegraph_{name}")


# ------------------------------------------------------------------ protocol


async def test_events_arrive_as_next_and_the_end_as_complete(server: Running) -> None:
    query = "subscription { broken(after: 0) }"
    async with listening(server, ENTRIES) as events, listening(server, query) as broken:
        assert events.answer.status_code == 200
        assert events.answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert events.answer.headers["cache-control"] == "no-store"
        await live(server)
        await server.desk.log.append("line\nbreak", "ü")
        assert await events.next() == {"data": {"entries": {"number": 1, "text": "line\nbreak"}}}
        assert await events.next() == {"data": {"entries": {"number": 2, "text": "ü"}}}
        (error,) = (await broken.next())["errors"]
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert await broken.hear() == COMPLETE
        await broken.over()
    await live(server, 0)
    await eventually(lambda: len(server.api.serving.streams) == 0)
    assert [metric(server, name) for name in ("subscriptions", "event_streams", "streams")] == [0, 0, 0]


async def test_queries_and_mutations_get_their_answer_and_complete(server: Running) -> None:
    for path in (STREAM_PATH, "/graphql"):
        async with listening(server, "{ who }", path=path, method="GET") as events:
            assert [await events.next(), await events.hear()] == [{"data": {"who": ADA.email}}, COMPLETE]
            await events.over()
    async with listening(server, 'mutation { write(text: "x") }') as events:
        assert [await events.next(), await events.hear()] == [{"data": {"write": 1}}, COMPLETE]
    async with listening(server, 'mutation { write(text: "y") }', method="GET") as events:
        (error,) = (await events.next())["errors"]
        assert error["extensions"]["field"] == "query"
    assert server.desk.log.events == ["x"]


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("subscription {", {}, "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription ($n: Int!) { count(to: $n) }", {"n": "x"}, "BAD_USER_INPUT"),
        (ENTRIES, {"after": "?"}, "BAD_USER_INPUT"),
        (ENTRIES, {"after": cursor_of(5, "entries")}, "BAD_USER_INPUT"),
    ],
)
async def test_a_refused_operation_gets_one_event_and_complete(
    server: Running, query: str, variables: dict[str, Any], code: str
) -> None:
    async with listening(server, query, **variables) as events:
        assert events.answer.status_code == 200
        assert [error["extensions"]["code"] for error in (await events.next())["errors"]] == [code]
        assert await events.hear() == COMPLETE
        await events.over()


async def test_an_invalid_request_gets_its_http_status(server: Running) -> None:
    right = {"accept": "text/event-stream", "authorization": "Bearer ada"}
    body = {"json": {"query": ENTRIES}}
    foreign, post = {"origin": "https://elsewhere.example"}, "POST"
    cases: list[tuple[int, str | None, str, dict[str, str], dict[str, Any]]] = [
        (401, "UNAUTHENTICATED", post, {"authorization": ""}, body),
        (401, "UNAUTHENTICATED", post, {"authorization": "Bearer nobody"}, body),
        (403, "FORBIDDEN", post, foreign, body),
        (405, "BAD_USER_INPUT", "PUT", {}, {}),
        (406, "BAD_USER_INPUT", post, {"accept": "application/json"}, body),
        (415, "BAD_USER_INPUT", post, {"content-type": "text/plain"}, {"content": b"x"}),
        (400, "BAD_USER_INPUT", post, {}, {"json": []}),
        (400, "BAD_USER_INPUT", post, {}, {"json": {}}),
        (400, "BAD_USER_INPUT", post, {}, {"json": {"query": 7}}),
    ]
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
        for status, code, method, headers, content in cases:
            answer = await client.request(method, server.address + STREAM_PATH, headers={**right, **headers}, **content)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code), headers
        server.desk.access.trouble = Unavailable("The database cannot be reached.")
        answer = await client.post(server.address + STREAM_PATH, headers=right, **body)
        assert answer.status_code == 503
    assert len(server.api.serving.streams) == 0


async def test_a_page_of_an_allowed_origin_may_subscribe(desk: Desk) -> None:
    origin = {"origin": "https://desk.example"}
    async with running(desk, allowed_origins=("https://desk.example",)) as server:
        address = server.address + STREAM_PATH
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
            asked = await client.options(address, headers={**origin, "access-control-request-method": "POST"})
            assert asked.headers["access-control-allow-origin"] == "https://desk.example"
            headers = {"accept": "text/event-stream", "authorization": "Bearer ada", **origin}
            answer = await client.post(address, headers=headers, json={"query": "{ who }"})
            assert answer.headers["access-control-allow-origin"] == "https://desk.example"


async def test_the_connection_accepts_another_request_afterwards(server: Running) -> None:
    headers = {"accept": "text/event-stream", "authorization": "Bearer ada"}
    async with httpx.AsyncClient(
        trust_env=False, timeout=PATIENCE_SECONDS, limits=httpx.Limits(max_connections=1)
    ) as client:
        for _ in range(3):
            answer = await client.post(server.address + STREAM_PATH, headers=headers, json={"query": "{ who }"})
            assert answer.text.endswith("event: complete\ndata:\n\n")
        assert len(server.connections) == 1


# ------------------------------------------------------------------ one fan-out


async def test_sockets_and_event_streams_share_one_execution(server: Running) -> None:
    async with listening(server, SHOUTED) as events, listening(server, SHOUTED, "bob") as others:
        async with open_socket(server) as socket:
            await socket.subscribe("1", SHOUTED)
            await eventually(lambda: metric(server, "subscriptions") == 3)
            await live(server)
            await server.desk.log.append("x")
            expected = {"entries": {"number": 1, "shouted": "X"}}
            assert await socket.next() == expected
            assert [await events.next(), await others.next()] == [{"data": expected}] * 2
        assert server.desk.executed == ["x"]
        assert metric(server, "streams") == 1
        await server.desk.log.append("y")
        assert (await events.next())["data"]["entries"]["number"] == 2


async def test_a_log_resumes_after_a_cursor(server: Running) -> None:
    await server.desk.log.append(*(f"e{number}" for number in range(1, 9)))
    async with listening(server, ENTRIES, after=cursor_of(3, "entries")) as events:
        await live(server)
        await server.desk.log.append("e9")
        heard = [(await events.next())["data"]["entries"]["number"] for _ in range(6)]
    assert heard == [4, 5, 6, 7, 8, 9]


async def test_a_state_stream_begins_with_the_current_state(server: Running) -> None:
    await server.desk.state.set(a=1, b=2)
    async with listening(server, "subscription { readings { name value } }") as events:
        heard = [(await events.next())["data"]["readings"] for _ in range(2)]
        assert sorted((each["name"], each["value"]) for each in heard) == [("a", 1), ("b", 2)]
        await server.desk.state.end()
        assert await events.hear() == COMPLETE


# ------------------------------------------------------------------ bounds


@asynccontextmanager
async def silent_reader(server: Running, query: str) -> AsyncIterator[asyncio.StreamReader]:
    """A client that has sent its request and does not read the answer yet."""
    host, port = server.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**12)
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads
    body = orjson.dumps({"query": query})
    head = (
        f"POST {STREAM_PATH} HTTP/1.1\r\nhost: {host}\r\naccept: text/event-stream\r\nauthorization: Bearer ada\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    try:
        yield reader
    finally:
        writer.transport.abort()


async def test_a_slow_client_loses_nothing_and_its_queue_is_bounded(desk: Desk) -> None:
    limits = RequestLimits(queued_events=10)
    async with running(desk, limits=limits) as server, silent_reader(server, ENTRIES) as reader:
        await live(server)
        (stream,) = server.api.serving.streams._open
        total = 0
        while not (metric(server, "lagging_total") or 0):
            texts = [f"{number} {'x' * 20_000}" for number in range(total, total + 20)]
            await desk.log.append(*texts)
            total += len(texts)
            await asyncio.sleep(0)
            assert len(stream._subscription.queue._queue or ()) <= 10  # type: ignore[union-attr]
        (guest,) = server.connections._places
        assert guest.held > 0
        reader._transport.resume_reading()  # type: ignore[attr-defined]  # as it was paused
        seen, rest, mark = 0, b"", b"event: next"
        async with asyncio.timeout(30):
            while seen < total:
                part = rest + await reader.read(65_536)
                seen += part.count(mark)
                rest = part[1 - len(mark) :]
        assert seen == total
        await eventually(lambda: guest._queued == 0)


async def test_a_client_that_reads_nothing_is_disconnected(desk: Desk) -> None:
    limits = RequestLimits(stalled_seconds=0.2, queued_events=10)
    async with running(desk, limits=limits) as server, silent_reader(server, ENTRIES):
        await live(server)
        (stream,) = server.api.serving.streams._open
        while stream._outbox.is_open:
            await desk.log.append(*(f"{len(desk.log.events)}-{number} {'x' * 20_000}" for number in range(20)))
            await asyncio.sleep(0)
        await live(server, 0)
        await eventually(lambda: len(server.api.serving.streams) == 0)
        assert metric(server, "subscriptions") == 0


async def test_the_number_of_streams_of_one_user_is_bounded(desk: Desk) -> None:
    async with running(desk, limits=RequestLimits(streams_per_user=2)) as server:
        async with listening(server, ENTRIES), listening(server, ENTRIES):
            await eventually(lambda: metric(server, "subscriptions") == 2)
            async with listening(server, "{ who }") as third:
                assert third.answer.status_code == 429
                await third.answer.aread()
                assert third.answer.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
            async with listening(server, "{ who }", "bob") as other:
                assert (await other.next())["data"] == {"who": "bob@example.com"}
        await eventually(lambda: len(server.api.serving.streams) == 0)
        async with listening(server, "{ who }") as again:
            assert again.answer.status_code == 200


async def test_a_quiet_stream_is_kept_alive(desk: Desk) -> None:
    limits = RequestLimits(stream_ping_seconds=0.02)
    async with running(desk, limits=limits) as server, silent_reader(server, ENTRIES) as reader:
        reader._transport.resume_reading()  # type: ignore[attr-defined]  # as it was paused
        async with asyncio.timeout(PATIENCE_SECONDS):
            for _ in range(3):
                await reader.readuntil(b"3\r\n:\n\n\r\n")


# ------------------------------------------------------------------ rights


async def test_an_expired_session_ends_the_stream(server: Running) -> None:
    server.desk.access.expire("ada", utc_now() + timedelta(seconds=0.3))
    async with listening(server, ENTRIES) as events:
        (error,) = (await events.next())["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
        assert await events.hear() == COMPLETE
        await events.over()


async def test_a_revoked_credential_or_a_lost_right_ends_the_stream(server: Running) -> None:
    async with listening(server, ENTRIES) as events, listening(server, ENTRIES, "bob") as others:
        await live(server)
        await eventually(lambda: metric(server, "subscriptions") == 2)
        del server.desk.access.actors["ada"]
        server.desk.readers.clear()
        bob = server.desk.access.actors["bob"]
        server.desk.access.actors["bob"] = replace(bob, role=Role.TRADER)
        server.desk.tell()
        for each, code in ((events, "UNAUTHENTICATED"), (others, "NOT_FOUND")):
            (error,) = (await each.next())["errors"]
            assert error["extensions"]["code"] == code
            assert await each.hear() == COMPLETE


async def test_a_stream_continues_without_gap_or_repeat_after_a_role_change(server: Running) -> None:
    async with listening(server, "subscription { entries { number seenBy } }") as events:
        await live(server)
        await server.desk.log.append("a")
        assert (await events.next())["data"]["entries"] == {"number": 1, "seenBy": ADA.email}
        server.desk.access.actors["ada"] = replace(ADA, role=Role.ADMIN, email="ada@new.example")
        server.desk.tell()
        (stream,) = server.api.serving.streams._open
        await eventually(lambda: stream.caller is not None and stream.caller.actor.role is Role.ADMIN)  # type: ignore[union-attr]
        await server.desk.log.append("b")
        assert (await events.next())["data"]["entries"] == {"number": 2, "seenBy": "ada@new.example"}


async def test_a_stopping_server_ends_streams_without_complete(desk: Desk) -> None:
    async with running(desk) as server, listening(server, ENTRIES) as events:
        await live(server)
        server.stop()
        await events.over()
    assert desk.log.followers == 0
