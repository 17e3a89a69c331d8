"""Answers on the way: encodings by weight, no body for an unchanged answer, and rate limits."""

import gzip

import brotli  # type: ignore[import-untyped]  # it has no types
import httpx
import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from api.transport.encodings import ENCODINGS, best_encoding, compress
from api.transport.replies import SMALLEST_COMPRESSED, has_tag
from domain.access.token_buckets import Allowance, Rate, TokenBuckets
from tests.support.api import Desk, Running, open_socket, running

LARGE = "x" * SMALLEST_COMPRESSED
ECHO = "query ($text: String!) { echo(text: $text) }"
DECODED = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
}


@pytest.mark.parametrize(
    ("accepted", "best"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=0.9, br;q=0.8, zstd;q=0.1", "gzip"),
        ("GZIP;Q=0.5", "gzip"),
        ("gzip;q=0, br", "br"),
        ("gzip;q=0", None),
        ("gzip;q=wrong", None),
        ("*", "zstd"),
        ("*;q=0.5, zstd;q=0", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("deflate", None),
        ("gzip" * 500, None),
    ],
)
def test_the_encoding_with_the_greatest_weight_is_chosen(accepted: str | None, best: str | None) -> None:
    assert best_encoding(accepted) == best


@given(st.binary(max_size=5_000), st.sampled_from(ENCODINGS))
def test_compressed_answers_decompress_to_the_original(body: bytes, encoding: str) -> None:
    assert DECODED[encoding](compress(body, encoding)) == body


@given(st.text(max_size=300))
def test_every_accept_encoding_header_has_an_answer(accepted: str) -> None:
    assert best_encoding(accepted) in (None, *ENCODINGS)


@pytest.mark.parametrize(
    ("header", "known"),
    [(None, False), ('W/"a"', True), ('"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("a", False)],
)
def test_entity_tags_are_compared_weakly(header: str | None, known: bool) -> None:
    assert has_tag(header, 'W/"a"') is known


async def _post(server: Running, query: str, headers: dict[str, str], **variables: object) -> httpx.Response:
    """The answer with its body as it was sent."""
    sent = {"content-type": "application/json", "authorization": "Bearer ada", **headers}
    body = orjson.dumps({"query": query, "variables": variables})
    async with httpx.AsyncClient(trust_env=False) as client:
        request = client.build_request("POST", server.endpoint, content=body, headers=sent)
        response = await client.send(request, stream=True)
        response.extensions["raw"] = b"".join([part async for part in response.aiter_raw()])
        return response


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_large_answers_to_queries_are_compressed(desk: Desk, encoding: str) -> None:
    async with running(desk) as server:
        response = await _post(server, ECHO, {"accept-encoding": encoding}, text=LARGE)
        assert response.headers["content-encoding"] == encoding
        assert response.headers["vary"] == "accept-encoding"
        raw = response.extensions["raw"]
        assert len(raw) == int(response.headers["content-length"]) < len(LARGE) / 10
        assert orjson.loads(DECODED[encoding](raw)) == {"data": {"echo": LARGE}}


async def test_small_answers_and_mutations_are_sent_uncompressed(desk: Desk) -> None:
    async with running(desk) as server:
        takes = {"accept-encoding": "gzip, br, zstd"}
        small = await _post(server, ECHO, takes, text="x")
        unwanted = await _post(server, ECHO, {"accept-encoding": "identity"}, text=LARGE)
        # Its answer could hold a token beside something that somebody else has chosen.
        many = " ".join(f'{"a" * 50}{number}: write(text: "")' for number in range(40))
        mutation = await _post(server, f"mutation {{ {many} }}", takes)
        assert len(mutation.extensions["raw"]) > SMALLEST_COMPRESSED
        wrong = await _post(server, f"{{ {LARGE} }}", takes)
        for response in (small, unwanted, mutation, wrong):
            assert "content-encoding" not in response.headers
            orjson.loads(response.extensions["raw"])


async def test_an_unchanged_answer_is_not_sent_again(desk: Desk) -> None:
    async with running(desk) as server, httpx.AsyncClient(trust_env=False) as client:
        ada, bob = {"authorization": "Bearer ada"}, {"authorization": "Bearer bob"}
        first = await client.get(server.endpoint, params={"query": "{ who }"}, headers=ada)
        tag = first.headers["etag"]
        assert first.headers["cache-control"] == "private, no-cache"
        assert "authorization" in first.headers["vary"]
        again = await client.get(server.endpoint, params={"query": "{ who }"}, headers={**ada, "if-none-match": tag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        # Somebody else's answer is another one, and is asked for with the rights of whoever asks.
        other = await client.get(server.endpoint, params={"query": "{ who }"}, headers={**bob, "if-none-match": tag})
        assert (other.status_code, other.json()) == (200, {"data": {"who": "bob@example.com"}})
        nobody = await client.get(server.endpoint, params={"query": "{ who }"}, headers={"if-none-match": tag})
        assert nobody.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        failed = await client.get(server.endpoint, params={"query": '{ fail(how: "no") }'}, headers=ada)
        posted = await client.post(server.endpoint, json={"query": "{ who }"}, headers={**ada, "if-none-match": tag})
        for response in (nobody, failed, posted):
            assert "etag" not in response.headers
            assert response.headers["cache-control"] == "no-store"
        assert posted.status_code == 200


class Rates:
    """A rate limit of a fixed number of requests per caller."""

    def __init__(self, burst: int) -> None:
        self._buckets = {kind: TokenBuckets(Rate(0.01, burst)) for kind in ("actor", "address")}

    def take(self, kind: str, key: str) -> Allowance | None:
        return self._buckets[kind].take(key, 0.0)


async def test_a_rate_limited_caller_is_told_when_to_retry(desk: Desk) -> None:
    desk.rates = Rates(2)
    async with running(desk) as server, httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        ada = {"authorization": "Bearer ada"}
        first, second, third = [await client.post("/graphql", json={"query": "{ who }"}, headers=ada) for _ in range(3)]
        assert first.headers["ratelimit-policy"] == '"actor";q=2;w=200'
        assert [r.headers["ratelimit"] for r in (first, second)] == ['"actor";r=1;t=100', '"actor";r=0;t=200']
        assert (second.json(), third.status_code) == ({"data": {"who": "ada@example.com"}}, 429)
        assert third.json()["errors"][0]["extensions"] == {"code": "RATE_LIMITED", "retryAfterSeconds": 100}
        assert (third.headers["retry-after"], third.headers["ratelimit"]) == ("100", '"actor";r=0;t=200')
        # The others are not kept waiting; those who have not signed in share an address.
        bob = await client.post("/graphql", json={"query": "{ who }"}, headers={"authorization": "Bearer bob"})
        assert bob.json() == {"data": {"who": "bob@example.com"}}
        for token, status in (("wrong", 200), ("worse", 200), ("ada?", 429)):
            query = {"query": "{ __typename }"}
            answer = await client.post("/graphql", json=query, headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == status
        metrics = await client.get("/metrics", headers={"authorization": "Bearer token of scrapes"})
        assert 'tradegraph_rate_limited_total{caller="actor"} 1.0' in metrics.text
        assert 'tradegraph_rate_limited_total{caller="address"} 1.0' in metrics.text


async def test_operations_on_a_socket_count_towards_the_rate_limit(desk: Desk) -> None:
    desk.rates = Rates(1)
    async with running(desk) as server, open_socket(server) as socket:
        await socket.subscribe("1", "{ who }")
        assert (await socket.hear())["payload"] == {"data": {"who": "ada@example.com"}}
        assert (await socket.hear())["type"] == "complete"
        await socket.subscribe("2", "{ who }")
        refused = await socket.hear()
        assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "RATE_LIMITED")


async def test_the_schema_text_is_compressed_and_sent_once(desk: Desk) -> None:
    async with running(desk) as server, httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        ada = {"authorization": "Bearer ada"}
        plain = await client.get("/schema.graphql", headers={**ada, "accept-encoding": "identity"})
        small = await client.get("/schema.graphql", headers={**ada, "accept-encoding": "gzip"})
        assert (small.text, small.headers["content-encoding"]) == (plain.text, "gzip")
        assert int(small.headers["content-length"]) < int(plain.headers["content-length"])
        known = {**ada, "if-none-match": plain.headers["etag"]}
        assert (await client.get("/schema.graphql", headers=known)).status_code == 304
