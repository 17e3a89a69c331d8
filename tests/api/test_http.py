"""GraphQL over HTTP on a real server: methods, media types, status codes, bounds and what other pages may do."""

import asyncio
import hashlib
import logging
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
import structlog
from httpx import Response

from api.limits import RequestLimits
from tests.support.api import Desk, Running, running
from tests.support.waiting import PATIENCE_SECONDS

ADA = {"authorization": "Bearer ada"}
GRAPHQL = {"accept": "application/graphql-response+json"}


@pytest.fixture
async def client() -> Any:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as made:
        yield made


async def post(client: httpx.AsyncClient, server: Running, query: str, **keywords: Any) -> Response:
    headers = {**ADA, **keywords.pop("headers", {})}
    return await client.post(server.endpoint, json={"query": query, **keywords}, headers=headers)


def code(response: Response) -> str:
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return found


# ------------------------------------------------------------------ asking


async def test_a_query_by_post_is_answered(client: httpx.AsyncClient, server: Running) -> None:
    response = await post(client, server, "query ($t: String) { who echo(text: $t) }", variables={"t": "ü"})
    assert response.status_code == 200
    assert response.json() == {"data": {"who": "ada@example.com", "echo": "ü"}}
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert "server" not in response.headers


async def test_a_query_by_get_is_answered(client: httpx.AsyncClient, server: Running) -> None:
    parameters = {"query": "query ($t: String) { echo(text: $t) }", "variables": '{"t": "x"}', "operationName": ""}
    response = await client.get(server.endpoint, params=parameters, headers=ADA)
    assert (response.status_code, response.json()) == (200, {"data": {"echo": "x"}})


async def test_a_mutation_by_get_is_refused_and_does_nothing(client: httpx.AsyncClient, server: Running) -> None:
    response = await client.get(server.endpoint, params={"query": 'mutation { write(text: "x") }'}, headers=ADA)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert code(response) == "BAD_USER_INPUT"
    assert server.desk.log.events == []


async def test_a_subscription_by_post_is_refused_and_names_the_websocket(
    client: httpx.AsyncClient, server: Running
) -> None:
    response = await post(client, server, "subscription { readings { name } }")
    assert response.status_code == 400
    assert "WebSocket" in response.json()["errors"][0]["message"]


async def test_an_operation_name_is_required_among_several_operations(
    client: httpx.AsyncClient, server: Running
) -> None:
    query = "query a { who } query b { echo }"
    assert code(await post(client, server, query)) == "BAD_USER_INPUT"
    assert (await post(client, server, query, operationName="b")).json() == {"data": {"echo": ""}}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_http_methods_are_refused(client: httpx.AsyncClient, server: Running, method: str) -> None:
    response = await client.request(method, server.endpoint, headers=ADA)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_registered_query_is_found_by_its_hash(client: httpx.AsyncClient, server: Running) -> None:
    query = "{ echo }"
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}
    unknown = await client.post(server.endpoint, json={"extensions": extensions}, headers=ADA)
    assert (unknown.status_code, code(unknown)) == (200, "PERSISTED_QUERY_NOT_FOUND")
    assert (await post(client, server, query, extensions=extensions)).json() == {"data": {"echo": ""}}
    parameters = {"extensions": orjson.dumps(extensions).decode()}
    assert (await client.get(server.endpoint, params=parameters, headers=ADA)).json() == {"data": {"echo": ""}}


# ------------------------------------------------------------------ media types and status codes


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
        ("application/json, application/graphql-response+json;q=0.5", "application/json"),
        ("text/event-stream, application/json", "application/json"),
        ("application/graphql-response+json; charset=UTF-8", "application/graphql-response+json"),
    ],
)
async def test_the_answer_has_the_requested_media_type(
    client: httpx.AsyncClient, server: Running, accept: str | None, media_type: str
) -> None:
    client.headers.pop("accept")
    response = await post(client, server, "{ who }", headers={"accept": accept} if accept else {})
    assert (response.status_code, response.headers["content-type"]) == (200, f"{media_type}; charset=utf-8")


@pytest.mark.parametrize("accept", ["text/plain", "application/json;charset=latin-1"])
async def test_an_unsupported_media_type_is_refused(client: httpx.AsyncClient, server: Running, accept: str) -> None:
    assert (await post(client, server, "{ who }", headers={"accept": accept})).status_code == 406


@pytest.mark.parametrize(
    ("query", "variables", "status", "expected"),
    [
        ("{ who", {}, 400, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, 400, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($a: Decimal) { echo(amount: $a) }", {"a": "NaN"}, 400, "BAD_USER_INPUT"),
        ('{ fail(how: "conflict") }', {}, 200, "CONFLICT"),
        ('{ fail(how: "forbidden") }', {}, 200, "FORBIDDEN"),
        ('{ fail(how: "bug") }', {}, 200, "INTERNAL_SERVER_ERROR"),
        ("{ must }", {}, 200, "INTERNAL_SERVER_ERROR"),
    ],
)
async def test_graphql_response_json_has_its_own_status_codes(
    client: httpx.AsyncClient, server: Running, query: str, variables: dict[str, Any], status: int, expected: str
) -> None:
    response = await post(client, server, query, variables=variables, headers=GRAPHQL)
    assert (response.status_code, code(response)) == (status, expected)
    assert ("data" in response.json()) == (status == 200)
    older = await post(client, server, query, variables=variables)
    assert (older.status_code, code(older)) == (200, expected)


async def test_a_domain_error_has_its_message_and_context(client: httpx.AsyncClient, server: Running) -> None:
    response = await post(client, server, 'query { again: fail(how: "conflict") who }')
    assert response.json() == {
        "data": {"again": None, "who": "ada@example.com"},
        "errors": [
            {
                "message": "It moved on.",
                "locations": [{"line": 1, "column": 9}],
                "path": ["again"],
                "extensions": {"code": "CONFLICT", "version": 3},
            }
        ],
    }


async def test_an_internal_error_is_masked_and_its_request_id_is_in_the_log(
    client: httpx.AsyncClient, server: Running
) -> None:
    with structlog.testing.capture_logs() as logs:
        response = await post(client, server, "query Try { must }")
    (error,) = response.json()["errors"]
    assert "secret" not in response.text
    assert (error["path"], error["extensions"]["code"]) == (["must"], "INTERNAL_SERVER_ERROR")
    (entry,) = [entry for entry in logs if entry["event"] == "request failed"]
    assert entry["request_id"] == error["extensions"]["requestId"]
    assert (entry["operation_name"], entry["path"], repr(entry["exc_info"])) == (
        "Try",
        "must",
        "ValueError('secret detail')",
    )


async def test_request_contents_are_not_logged(
    client: httpx.AsyncClient, server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    query = "mutation Login($password: String!) { login(password: $password) }"
    with structlog.testing.capture_logs() as logs:
        for variables in ({"password": "hunter2"}, {"password": ["hunter2"]}, {"passwort": "hunter2"}):
            await post(client, server, query, variables=variables)
        await post(client, server, 'mutation { login(password: "hunter2", other: 1) }')
        await post(client, server, query, variables={"password": "bug"})
    assert "hunter2" not in str(logs)
    assert "hunter2" not in caplog.text
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["request failed"]


# ------------------------------------------------------------------ what is no request


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"\xff\xfe", "body"),
        (b'{"query": NaN}', "body"),
        (b"5", None),
        (b"[]", None),
        (b'[{"query": "{ who }"}]', None),
        (b"{}", "query"),
        (b'{"query": null}', "query"),
        (b'{"query": 5}', "query"),
        (b'{"query": "{ who }", "variables": []}', "variables"),
        (b'{"query": "{ who }", "variables": "{}"}', "variables"),
        (b'{"query": "{ who }", "operationName": 5}', "operationName"),
        (b'{"query": "{ who }", "extensions": 5}', "extensions"),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_malformed_request_is_refused_with_its_reason(
    client: httpx.AsyncClient, server: Running, body: bytes, field: str | None, accept: str
) -> None:
    headers = {"content-type": "application/json", "accept": accept, **ADA}
    response = await client.post(server.endpoint, content=body, headers=headers)
    assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")
    assert response.json()["errors"][0]["extensions"].get("field") == field


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/graphql"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
async def test_the_body_must_be_plain_json(client: httpx.AsyncClient, server: Running, headers: dict[str, str]) -> None:
    response = await client.post(server.endpoint, content=b'{"query": "{ who }"}', headers={**ADA, **headers})
    assert (response.status_code, code(response)) == (415, "BAD_USER_INPUT")


@pytest.mark.parametrize("query_string", ["query=%ff", "&".join("a=b" for _ in range(11)), "query={who}&variables={"])
async def test_an_unreadable_query_string_is_refused(
    client: httpx.AsyncClient, server: Running, query_string: str
) -> None:
    response = await client.get(f"{server.endpoint}?{query_string}", headers=ADA)
    assert (response.status_code, code(response)) == (400, "BAD_USER_INPUT")


async def test_a_too_large_body_is_refused_and_the_connection_continues(
    client: httpx.AsyncClient, server: Running
) -> None:
    headers = {"content-type": "application/json", **ADA}
    for size, status in ((999_000, 200), (10_000_000, 413), (10, 200)):
        body = b'{"query": "{ who }' + b" " * size + b'"}'
        response = await client.post(server.endpoint, content=body, headers=headers)
        assert response.status_code == status
        assert "connection" not in response.headers
        if status == 413:
            assert code(response) == "BAD_USER_INPUT"


async def test_a_body_that_does_not_arrive_ends_the_request(desk: Desk) -> None:
    async with running(desk, limits=RequestLimits(body_seconds=0.05)) as server:
        place = urlsplit(server.address)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n{"
        )
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 408 ")
            assert head.count(b"connection: close\r\n") == 1
            assert orjson.loads(await reader.readuntil(b"}]}"))["errors"]
            # The server closes as it says: what comes now is too late, and no answer follows.
            writer.write(b"1234GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            with suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()


async def test_a_body_without_an_end_is_cut_off_at_the_limit(desk: Desk) -> None:
    limits = RequestLimits(body_bytes=100_000, discarded_bytes=200_000)
    async with running(desk, limits=limits) as server, asyncio.timeout(PATIENCE_SECONDS):
        place = urlsplit(server.address)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        # More than is discarded. Who sends megabytes more is disconnected, and may lose the answer.
        for _ in range(5):
            writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 413 ")
        assert head.count(b"connection: close\r\n") == 1
        assert orjson.loads(await reader.readuntil(b"}]}"))["errors"]
        # No second answer to the same request.
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


# ------------------------------------------------------------------ who asks


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic YTpi", "Bearer"])
async def test_anonymous_callers_may_use_public_fields_only(
    client: httpx.AsyncClient, server: Running, authorization: str | None
) -> None:
    headers = {"authorization": authorization} if authorization else {}
    for query, public in (("{ __typename }", True), ('mutation { login(password: "x") }', True), ("{ echo }", False)):
        response = await client.post(server.endpoint, json={"query": query}, headers={**headers, **GRAPHQL})
        if public:
            assert response.status_code == 200
        else:
            assert (response.status_code, code(response)) == (401, "UNAUTHENTICATED")
            assert response.headers["www-authenticate"] == "Bearer"


async def test_an_invalid_token_is_refused_with_its_reason(client: httpx.AsyncClient, server: Running) -> None:
    response = await post(client, server, "{ who }", headers={"authorization": "Bearer wrong"})
    assert response.json() == {
        "errors": [{"message": "This token does not work.", "extensions": {"code": "UNAUTHENTICATED"}}]
    }


# ------------------------------------------------------------------ other pages


FOREIGN = "https://elsewhere.example"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"origin": "OWN"}, True),
        ({"origin": FOREIGN}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://127.0.0.1:1"}, False),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "same-origin"}, True),
        ({"origin": "https://desk.example"}, True),
    ],
)
async def test_only_pages_of_own_and_allowed_origins_may_call(
    client: httpx.AsyncClient, desk: Desk, headers: dict[str, str], allowed: bool
) -> None:
    async with running(desk, allowed_origins=("https://desk.example",)) as server:
        headers = {name: server.address if value == "OWN" else value for name, value in headers.items()}
        for response in (
            await post(client, server, "{ who }", headers=headers),
            await client.get(server.endpoint, params={"query": "{ who }"}, headers={**ADA, **headers}),
        ):
            assert response.status_code == (200 if allowed else 403)
            if not allowed:
                assert code(response) == "FORBIDDEN"


async def test_a_page_of_an_allowed_origin_may_read_the_answer(client: httpx.AsyncClient, desk: Desk) -> None:
    origin = "https://desk.example"
    async with running(desk, allowed_origins=(origin,)) as server:
        asked = {"origin": origin, "access-control-request-method": "POST"}
        preflight = await client.options(server.endpoint, headers=asked)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == origin
        assert preflight.headers["access-control-allow-headers"] == "authorization, content-type"
        answer = await post(client, server, "{ who }", headers={"origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        foreign = await client.options(server.endpoint, headers={**asked, "origin": FOREIGN})
        assert foreign.status_code == 403
        assert "access-control-allow-origin" not in foreign.headers


@pytest.mark.parametrize(("method", "path"), [("GET", "/export/orders.csv"), ("POST", "/import/history.csv")])
async def test_files_are_for_the_pages_that_may_use_the_api(
    client: httpx.AsyncClient, desk: Desk, method: str, path: str
) -> None:
    origin = "https://desk.example"
    async with running(desk, allowed_origins=(origin,)) as server:
        address = server.address + path
        asked = {"origin": origin, "access-control-request-method": method}
        preflight = await client.options(address, headers=asked)
        assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (204, origin)
        assert preflight.headers["access-control-allow-headers"] == "authorization, content-type"
        for foreign in (
            await client.options(address, headers={**asked, "origin": FOREIGN}),
            await client.request(method, address, headers={**ADA, "origin": FOREIGN}),
            await client.request(method, address, headers={**ADA, "sec-fetch-site": "cross-site"}),
        ):
            assert (foreign.status_code, code(foreign)) == (403, "FORBIDDEN")
            assert "TRADEGRAPH_ALLOWED_ORIGINS" in foreign.text
            assert "access-control-allow-origin" not in foreign.headers
        # Refused for another reason, which the page of an allowed origin may read.
        own = await client.request(method, address, headers={**ADA, "origin": origin})
        assert (own.status_code, own.headers["access-control-allow-origin"]) == (400, origin)
        assert (await client.request(method, address, headers=ADA)).status_code == 400


async def test_an_invalid_allowed_origin_stops_the_start(desk: Desk) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        async with running(desk, allowed_origins=("desk.example/path",)):
            pass
