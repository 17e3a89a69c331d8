"""Limits before the application: bytes, counts and times of requests, connections, slow readers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.limits import RequestLimits
from api.transport import connections as module
from api.transport import guarded
from api.transport.connections import Connections, ConnectionState
from domain.access.addresses import network_of
from tests.support.api import Desk, Running, open_socket, running
from tests.support.waiting import PATIENCE_SECONDS, eventually

HEAD = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n"
ASK = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ada\r\ncontent-type: application/json\r\n"


@pytest.fixture(autouse=True)
def prompt_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SWEEP_SECONDS", 0.02)


class Raw:
    """A client that sends bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        try:
            self.writer.write(data)
            await self.writer.drain()
        except ConnectionError:
            pass

    async def answer(self) -> int:
        """Read the next answer with its body; returns its status."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            sizes = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
            if sizes:
                await self.reader.readexactly(sizes[0])
        return int(head.split(b" ")[1])

    async def ends(self) -> bytes:
        """All that comes until the server closes."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self.reader.read()
        except ConnectionError:
            return b""


@asynccontextmanager
async def raw(server: Running) -> AsyncIterator[Raw]:
    host, port = server.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Raw(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def bounded(desk: Desk, **limits: Any) -> AsyncIterator[Running]:
    async with running(desk, limits=RequestLimits(**limits)) as server:
        yield server


async def healthy(server: Running) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"{server.address}/healthz")).status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (HEAD + b"a: " + b"x" * 2_000, 431),
        (HEAD + b"a: " + b"x" * 500_000, 431),
        (HEAD + b"x" * 2_000, 431),
        (HEAD + b"".join(b"a%d: x\r\n" % number for number in range(30)), 431),
        (HEAD + b"a: x\r\n" * 300_000, 431),
        (b"GET /" + b"x" * 2_000, 414),
        (b"GET /" + b"x" * 500_000, 414),
        (b"x" * 2_000, 400),
        (b"GET\x00 / HTTP/1.1\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\nhost: x\r\n\r\n" * 3, 400),
        # A trailer is a header that comes behind the body.
        (ASK + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + b"a: x\r\n" * 300, 431),
        (ASK + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\na: " + b"x" * 300_000, 431),
        (ASK + b"transfer-encoding: chunked\r\n\r\n2;" + b"x" * 300_000, 431),
        # Refused before its body is read, which the client waits to be asked for.
        (ASK + b"expect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n{}\r\n", 400),
    ],
)
async def test_a_request_beyond_its_size_limit_is_refused_while_it_arrives(
    desk: Desk, sent: bytes, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    bounds = {"header_bytes": 1_000, "url_bytes": 500, "headers": 20}
    async with bounded(desk, **bounds) as server, raw(server) as client:
        await client.send(sent)
        assert await client.answer() == status
        assert await client.ends() == b""
        assert await healthy(server)
    assert "request failed" not in capsys.readouterr().out


async def test_other_connections_are_served_between_the_slices_of_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[int, int]] = []
    turns, take = 0, guarded.GuardedHttp._take

    def note(self: guarded.GuardedHttp, data: bytes) -> None:
        taken.append((turns, len(data)))
        take(self, data)

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(guarded.GuardedHttp, "_take", note)
    async with running(desk) as server, raw(server) as client:
        counting = asyncio.create_task(count())
        body = b'{"query": "{ __typename }", "operationName": "' + b"x" * 900_000 + b'"}'
        await client.send(ASK + b"content-length: %d\r\n\r\n" % len(body) + body)
        assert await client.answer() == 200
        counting.cancel()
    assert sum(size for _, size in taken) > len(body)
    assert max(size for _, size in taken) <= 16_384
    assert len({turn for turn, _ in taken}) == len(taken)


async def test_bytes_sent_after_a_refusal_are_not_read(desk: Desk) -> None:
    async with running(desk) as server, raw(server) as client:
        answer = asyncio.create_task(client.answer())
        sent = 0
        piece = b"x" * 200_000
        while sent < 200_000_000 and not client.writer.is_closing():
            await client.send(piece if sent else b"GET /" + piece)
            sent += len(piece)
        assert await answer == 414
    # One megabyte is read on, and the sockets of both sides keep a few.
    assert sent < 40_000_000


async def test_a_request_head_at_the_size_limit_is_accepted(desk: Desk) -> None:
    bounds = {"header_bytes": 1_000, "url_bytes": 500, "headers": 20}
    async with bounded(desk, **bounds) as server, raw(server) as client:
        await client.send(
            b"GET /healthz?" + b"x" * 480 + b" HTTP/1.1\r\nhost: localhost\r\na: " + b"x" * 900 + b"\r\n\r\n"
        )
        assert await client.answer() == 200


@pytest.mark.parametrize("sent", [b"", b"G", HEAD, HEAD + b"a: b"])
async def test_an_incomplete_request_is_ended_after_its_time_limit(desk: Desk, sent: bytes) -> None:
    async with bounded(desk, header_seconds=0.1) as server, raw(server) as client:
        await client.send(sent)
        assert (await client.ends())[:12] == (b"HTTP/1.1 408" if sent else b"")


async def test_a_request_head_that_arrives_too_slowly_is_ended(desk: Desk) -> None:
    async with bounded(desk, header_seconds=0.2) as server, raw(server) as client:
        ending = asyncio.create_task(client.ends())
        await client.send(HEAD)
        while not ending.done():
            await client.send(b"a: b\r\n")
            await asyncio.sleep(0.01)
        assert ending.result().startswith(b"HTTP/1.1 408")


async def test_each_request_on_a_connection_has_the_full_time_limit(desk: Desk) -> None:
    async with bounded(desk, header_seconds=0.1) as server, raw(server) as client:
        await client.send(HEAD + b"\r\n")
        assert await client.answer() == 200
        await asyncio.sleep(0.3)
        await client.send(HEAD)
        assert await client.answer() == 408


async def test_an_idle_connection_is_closed_after_its_time_and_the_next_request_has_its_own(desk: Desk) -> None:
    async with bounded(desk, idle_seconds=0.3, header_seconds=PATIENCE_SECONDS) as server, raw(server) as idle:
        await idle.send(HEAD + b"\r\n")
        assert await idle.answer() == 200
        assert await idle.ends() == b""
        async with raw(server) as slow:
            await slow.send(HEAD + b"\r\n" + HEAD)
            assert await slow.answer() == 200
            await asyncio.sleep(0.6)
            await slow.send(b"\r\n")
            assert await slow.answer() == 200


@pytest.mark.parametrize(
    ("version", "more", "closes"),
    [
        (b"1.1", b"", False),
        (b"1.1", b"connection: close\r\n", True),
        (b"1.0", b"", True),
        (b"1.1", b"expect: 100-continue\r\n", False),
    ],
)
async def test_a_whole_answer_closes_the_connection_if_the_client_asks_for_it(
    desk: Desk, version: bytes, more: bytes, closes: bool
) -> None:
    body = b'{"query": "{ __typename }"}'
    ask = ASK.replace(b"HTTP/1.1", b"HTTP/" + version) + more + b"content-length: %d\r\n\r\n" % len(body)
    async with running(desk) as server, raw(server) as client:
        await client.send(ask + body)
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert (b"connection: close\r\n" in head) is closes
        answer = b'{"data":{"__typename":"Query"}}'
        assert await client.reader.readexactly(len(answer)) == answer
        if closes:
            assert await client.ends() == b""
        else:
            await client.send(HEAD + b"\r\n")
            assert await client.answer() == 200


async def test_an_answer_to_a_head_request_has_no_body(desk: Desk) -> None:
    async with running(desk) as server, raw(server) as client:
        await client.send(ASK.replace(b"POST", b"HEAD") + b"\r\n")
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 405 ")
        await client.send(HEAD + b"connection: close\r\n\r\n")
        assert (await client.ends()).startswith(b"HTTP/1.1 200 ")


async def test_pipelined_requests_are_answered_in_their_order(desk: Desk) -> None:
    bodies = [b'{"query": "query %s { __typename }", "operationName": "wrong"}' % name for name in (b"a", b"b")]
    bodies.insert(1, b'{"query": "{ __typename }"}')
    asks = [ASK + b"content-length: %d\r\n\r\n" % len(body) + body for body in bodies]
    async with running(desk) as server, raw(server) as client:
        await client.send(b"".join(asks) * 4 + HEAD + b"connection: close\r\n\r\n")
        found = await client.ends()
    answers = found.split(b"HTTP/1.1 200 OK")[1:]
    assert [b'"data":{"__typename":"Query"}' in answer for answer in answers] == [False, True, False] * 4 + [False]


async def test_an_unread_body_ends_the_connection(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded, "_GRACE_SECONDS", 0.1)
    async with bounded(desk, body_seconds=0.1) as server, raw(server) as client:
        await client.send(b"POST /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n")
        assert await client.answer() == 405
        assert await client.ends() == b""


async def test_an_endless_body_after_the_answer_is_cut_off(desk: Desk) -> None:
    async with bounded(desk, discarded_bytes=100_000) as server, raw(server) as client:
        await client.send(b"POST /healthz HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000000\r\n\r\n")
        assert await client.answer() == 405
        ending = asyncio.create_task(client.ends())
        sent = 0
        while not ending.done():
            await client.send(b"x" * 100_000)
            sent += 1
            assert sent < 1_000
            await asyncio.sleep(0)


async def test_the_number_of_requests_on_a_connection_is_bounded(desk: Desk) -> None:
    async with bounded(desk, requests_per_connection=3) as server, raw(server) as client:
        for _ in range(3):
            await client.send(HEAD + b"\r\n")
            assert await client.answer() == 200
        assert await client.ends() == b""


async def test_pipelined_requests_are_bounded_and_earlier_ones_are_answered(desk: Desk) -> None:
    ask = orjson.dumps({"query": 'mutation { writeSlowly(text: "x") }'})
    async with bounded(desk, pipelined_requests=2) as server, raw(server) as client:
        request = ASK + b"content-length: %d\r\n\r\n" % len(ask) + ask
        await client.send(request * 10)
        await asyncio.sleep(0.05)
        desk.gate.set()
        for _ in range(3):
            assert await client.answer() == 200
        assert await client.ends() == b""
        assert desk.log.events == ["x"] * 3


async def test_incomplete_requests_are_dropped_in_favour_of_complete_ones(desk: Desk) -> None:
    async with bounded(desk, waiting_per_address=3) as server, raw(server) as oldest, raw(server) as second:
        await oldest.send(HEAD)
        await second.send(HEAD)
        await eventually(lambda: len(guests(server)) == 2)
        async with raw(server) as third, raw(server) as fourth:
            await third.send(HEAD)
            await fourth.send(HEAD + b"\r\n")
            assert await fourth.answer() == 200
            assert await oldest.answer() == 408
            await second.send(b"\r\n")
            assert await second.answer() == 200


async def test_a_new_connection_is_refused_only_when_all_others_are_working(desk: Desk) -> None:
    async with bounded(desk, connections_per_address=2) as server, open_socket(server), raw(server) as idle:
        await idle.send(HEAD + b"\r\n")
        assert await idle.answer() == 200
        async with open_socket(server):
            assert await idle.ends() == b""
            async with raw(server) as refused:
                assert await refused.answer() == 429
                assert await refused.ends() == b""
        await eventually(lambda: len(guests(server)) <= 1)
        assert await healthy(server)


async def test_the_connection_limit_of_the_process_counts_all_addresses() -> None:
    book = Connections(RequestLimits(connections=2))
    loop = asyncio.get_running_loop()
    first, second, third, fourth = (Stub() for _ in range(4))
    places = [book.enter(stub, f"10.0.0.{number}", loop) for number, stub in enumerate((first, second))]
    assert all(places)
    assert book.enter(third, "10.0.0.9", loop) is not None
    assert (first.gave_way, second.gave_way, len(book)) == (True, False, 2)
    for stub in (second, third):
        book.work(book._places[stub])
    assert book.enter(fourth, "10.0.0.10", loop) is None
    assert set(book._addresses) == {"10.0.0.1", "10.0.0.9"}
    for place in list(book._places.values()):
        book.leave(place)
    assert (book._addresses, book._waiting, book._idle, book._owned) == ({}, {}, {}, {})


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network


class Stub:
    """A connection whose properties a test sets."""

    def __init__(self, held: int = 0) -> None:
        self.held = held
        self.is_closing = False
        self.gave_way = self.expired = self.aborted = False

    def give_way(self) -> None:
        self.gave_way = True

    def expire(self) -> None:
        self.expired = True

    def abort(self) -> None:
        self.aborted = True


def _enter(book: Connections, stub: Stub, owner: str | None) -> ConnectionState:
    place = book.enter(stub, "10.0.0.1", asyncio.get_running_loop())
    assert place is not None
    book.own(place, owner)
    return place


async def test_the_connection_with_the_most_waiting_bytes_is_closed_first() -> None:
    book = Connections(RequestLimits(held_bytes_per_user=1_000_000))
    little, most, other, stranger = Stub(300_000), Stub(600_000), Stub(900_000), Stub(900_000)
    for stub, owner in ((most, "ann"), (other, "bob"), (stranger, None)):
        book.holds(_enter(book, stub, owner))
    place = _enter(book, little, "ann")
    book.holds(place)
    assert not any(stub.aborted for stub in (little, most, other, stranger))
    little.held = 500_000
    book.holds(place)
    assert [stub.aborted for stub in (little, most, other, stranger)] == [False, True, False, False]


async def test_a_stalled_reader_is_disconnected_and_a_steady_one_is_not() -> None:
    book = Connections(RequestLimits(stalled_seconds=10, stalled_bytes=1_000))
    slow, steady, closing = Stub(100_000), Stub(100_000), Stub(10)
    closing.is_closing = True
    places = [_enter(book, stub, "ann") for stub in (slow, steady, closing)]
    for place in places:
        book.work(place)
        book.stalls(place, 0.0)
    for now in range(0, 60, 2):
        steady.held -= 500
        slow.held -= 10
        for place in places:
            if place.guest in book._places:
                book._look_at(place, float(now))
    assert [stub.aborted for stub in (slow, steady, closing)] == [True, False, True]


async def test_an_idle_client_takes_its_answer_to_the_end() -> None:
    book = Connections(RequestLimits(stalled_seconds=10, stalled_bytes=1_000))
    slow, done = Stub(100_000), Stub(0)
    places = [_enter(book, stub, "ann") for stub in (slow, done)]
    for place in places:
        book.rest(place, 5.0)
    book.stalls(places[0], 0.0)
    for now in range(0, 20, 2):
        for place in places:
            book._look_at(place, float(now))
        slow.held -= 500
    assert [stub.expired for stub in (slow, done)] == [False, True]
    slow.held = 0
    book.flows(places[0])
    book._look_at(places[0], 20.0)
    assert slow.expired


async def test_unread_answers_free_their_memory(desk: Desk) -> None:
    big = "x" * 400_000
    ask = orjson.dumps({"query": "query ($t: String!) { echo(text: $t) }", "variables": {"t": big}})
    request = ASK + b"content-length: %d\r\n\r\n" % len(ask) + ask
    async with bounded(desk, held_bytes_per_user=5_000_000, stalled_seconds=60) as server:
        clients = []
        for _ in range(40):
            host, port = server.address.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port), limit=1)
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # a reading transport
            clients.append((reader, writer))
            for _ in range(10):
                writer.write(request)
        await asyncio.sleep(0.5)
        assert sum(guest.held for guest in guests(server)) <= 5_000_000 + len(big) * 2
        assert await healthy(server)
        for _, writer in clients:
            writer.transport.abort()
        await eventually(lambda: not guests(server))


async def test_a_message_of_endless_fragments_is_refused(server: Running) -> None:
    async with connect(
        server.endpoint.replace("http", "ws", 1), subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None
    ) as socket:

        async def parts() -> AsyncIterator[str]:
            while True:
                yield ""

        with pytest.raises(Exception, match=r"1009|no close frame"):
            await socket.send(parts())


async def test_many_small_messages_are_processed_one_after_the_other(server: Running) -> None:
    async with open_socket(server) as socket:
        for _ in range(3_000):
            await socket.connection.send('{"type":"ping"}')
        for _ in range(3_000):
            assert await socket.hear() == {"type": "pong"}
        await socket.subscribe("1", "{ who }")
        assert await socket.next() == {"who": "ada@example.com"}


def guests(server: Running) -> list[Any]:
    return list(server.connections._places)
