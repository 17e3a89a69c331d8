"""Persisted documents: asked for by their id over every transport, and if wanted the only ones that are executed."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.graphql.listed import Listed, digest_of
from api.transport.event_stream import STREAM_PATH
from tests.support.api import Desk, Running, open_socket, running
from tests.support.waiting import PATIENCE_SECONDS

WHO = "query Who { who }"
ECHO = "query Echo($text: String!) { echo(text: $text) }"
LOGIN = "mutation Login($password: String!) { login(password: $password) }"
ENTRIES = "subscription Entries { entries { number ...Text } } fragment Text on Entry { text }"
BEARER = {"authorization": "Bearer ada"}
STATUSES = {"accept": "application/graphql-response+json"}


def id_of(text: str) -> str:
    return f"sha256:{digest_of(text)}"


@pytest.fixture(params=[False, True], ids=["any", "listed"])
async def listing(desk: Desk, request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    listed = Listed((WHO, ECHO, LOGIN, ENTRIES), only=request.param)
    async with running(desk, listed=listed) as server:
        yield server


async def ask(server: Running, path: str = "/graphql", headers: Any = BEARER, **body: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
        return await client.post(server.address + path, json=body, headers={**STATUSES, **headers})


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


async def test_a_listed_document_is_executed_by_its_id(listing: Running) -> None:
    answer = await ask(listing, documentId=id_of(ECHO), variables={"text": "x"})
    assert (answer.status_code, answer.json()) == (200, {"data": {"echo": "x"}})
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
        by_get = await client.get(listing.endpoint, params={"documentId": id_of(WHO)}, headers=BEARER)
        assert by_get.json() == {"data": {"who": "ada@example.com"}}
    # Tools that leave the prefix out, the older way, and a caller who has not signed in.
    assert (await ask(listing, documentId=digest_of(WHO))).status_code == 200
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(WHO)}}
    assert (await ask(listing, extensions=hashed)).status_code == 200
    anonymous = await ask(listing, headers={}, documentId=id_of(LOGIN), variables={"password": "p"})
    assert anonymous.json() == {"data": {"login": "ada"}}
    assert code_of(await ask(listing, headers={}, documentId=id_of(WHO))) == "UNAUTHENTICATED"


async def test_a_listed_subscription_runs_over_both_protocols(listing: Running) -> None:
    await listing.desk.log.append("x")
    async with open_socket(listing) as socket:
        payload = {"documentId": id_of(ENTRIES)}
        await socket.say(id="1", type="subscribe", payload=payload)
        await socket.settle()
        headers = {**BEARER, "accept": "text/event-stream"}
        async with (
            httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client,
            client.stream("POST", listing.address + STREAM_PATH, json=payload, headers=headers) as events,
        ):
            lines = events.aiter_lines()
            while len(listing.api.serving.hub) == 0 or len(listing.api.serving.streams) == 0:
                await anext(lines)
            await listing.desk.log.append("y")
            assert await socket.next() == {"entries": {"number": 2, "text": "y"}}
            while not (line := await anext(lines)).startswith("data:"):
                pass
            assert '"number":2' in line


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"documentId": "sha256:" + "0" * 64}, "PERSISTED_QUERY_NOT_FOUND", None),
        ({"documentId": "sha256:xyz"}, "BAD_USER_INPUT", "documentId"),
        ({"documentId": id_of(WHO), "query": WHO}, "BAD_USER_INPUT", "documentId"),
        ({"documentId": 7}, "BAD_USER_INPUT", "documentId"),
        ({"documentId": None}, "BAD_USER_INPUT", "query"),
        ({"documentId": id_of(WHO), "operationName": "Other"}, "BAD_USER_INPUT", "operationName"),
    ],
)
async def test_an_unknown_document_id_is_refused(
    listing: Running, body: dict[str, Any], code: str, field: str | None
) -> None:
    answer = await ask(listing, **body)
    assert answer.status_code == 400
    error = answer.json()["errors"][0]["extensions"]
    assert (error["code"], error.get("field")) == (code, field)


async def test_a_text_is_executed_only_if_it_is_listed(desk: Desk) -> None:
    async with running(desk, listed=Listed((WHO, ENTRIES), only=True)) as server:
        for text in (WHO, "query   Who {\n  who # myself\n  __typename }", "query Who { __typename, who, }"):
            answer = await ask(server, query=text)
            assert answer.json()["data"]["who"] == "ada@example.com"
        for text in (
            "query Other { who }",
            "{ who }",
            "{ __typename }",
            "{ __schema { types { name } } }",
            "{ nothing }",
        ):
            for headers in (BEARER, {}):
                answer = await ask(server, query=text, headers=headers)
                assert (answer.status_code, code_of(answer)) == (403, "OPERATION_NOT_ALLOWED"), text
        assert code_of(await ask(server, query="query {")) == "GRAPHQL_PARSE_FAILED"
        # What is sent with its hash is not registered either.
        hashed = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(ECHO)}}
        assert code_of(await ask(server, query=ECHO, extensions=hashed)) == "OPERATION_NOT_ALLOWED"
        assert code_of(await ask(server, documentId=id_of(ECHO))) == "PERSISTED_QUERY_NOT_FOUND"
        async with open_socket(server) as socket:
            await socket.subscribe("1", "subscription { entries { number } }")
            message = await socket.hear()
            assert message["payload"][0]["extensions"]["code"] == "OPERATION_NOT_ALLOWED"
        streamed = await ask(server, STREAM_PATH, {**BEARER, "accept": "text/event-stream"}, query="{ who }")
        assert "OPERATION_NOT_ALLOWED" in streamed.text


async def test_a_document_registered_at_run_time_has_an_id(server: Running) -> None:
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(WHO)}}
    assert code_of(await ask(server, documentId=id_of(WHO))) == "PERSISTED_QUERY_NOT_FOUND"
    assert (await ask(server, query=WHO, extensions=hashed)).status_code == 200
    assert (await ask(server, documentId=id_of(WHO))).json() == {"data": {"who": "ada@example.com"}}
