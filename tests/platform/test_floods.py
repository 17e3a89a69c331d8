"""A web process under attack: its memory stays what it was, and what others ask is answered meanwhile.

The attackers come from the address of those who only want an answer, which is the hardest case.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.support.web import Web, web_process

# Of the memory before the attack.
_GROWTH = 1.5
# What is measured is in docs/operations.md; a busy machine must not fail the test.
_PATIENCE_SECONDS = 5.0
_MANY = 1_000
_UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: %s\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)
_LARGE = (
    "{ " + " ".join(f'a{number}: __type(name: "Order") {{ ...T }}' for number in range(20)) + " } "
    "fragment T on __Type { name description fields { name description type { name kind } } }"
)


@pytest.fixture(scope="module")
def web(databases: Any, services: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with (
        databases.migrated() as url,
        web_process(
            url,
            services.redis_url,
            tmp_path_factory.mktemp("data"),
            TRADEGRAPH_HELD_BYTES_PER_USER="4000000",
            TRADEGRAPH_STALLED_SECONDS="5",
        ) as started,
    ):
        yield started


@dataclass
class Others:
    """Somebody who asks all the time, and how long the answers took."""

    web: Web
    authorization: str
    before: int = 0
    most: int = 0
    seconds: list[float] = field(default_factory=list)

    async def run(self) -> None:
        process = psutil.Process(self.web.process.pid)
        async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_SECONDS) as client:
            while True:
                started = time.monotonic()
                response = await client.post(
                    self.web.endpoint,
                    json={"query": "{ accounts { id } }"},
                    headers={"authorization": self.authorization, "connection": "close"},
                )
                self.seconds.append(time.monotonic() - started)
                assert response.json() == {"data": {"accounts": []}}
                self.most = max(self.most, process.memory_info().rss)
                await asyncio.sleep(0.02)


@asynccontextmanager
async def others(web: Web) -> AsyncIterator[Others]:
    """Somebody asks while the context lasts; then memory and answers are looked at."""
    asking = Others(web, await asyncio.to_thread(web.sign_in))
    for _ in range(20):
        await asyncio.to_thread(web.ask, "{ accounts { id name } }", asking.authorization)
    asking.before = psutil.Process(web.process.pid).memory_info().rss
    task = asyncio.create_task(asking.run())
    try:
        yield asking
        count = len(asking.seconds)
        while len(asking.seconds) < count + 5:
            assert not task.done(), task.exception()
            await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    slowest = max(asking.seconds)
    grown = f"memory {asking.before >> 20} to {asking.most >> 20} MiB, slowest answer {slowest * 1000:.0f} ms"
    logging.getLogger("floods").info(grown)
    assert asking.most < asking.before * _GROWTH, grown
    assert web.process.process.poll() is None


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connection(web: Web) -> Streams:
    place = urlsplit(web.address)
    return await asyncio.open_connection(place.hostname, place.port)


async def _pour(web: Web, beginning: bytes, piece: bytes, size: int) -> bytes:
    """Send so much, or until the server has enough; its answer."""
    reader, writer = await _connection(web)
    try:
        writer.write(beginning)
        sent = 0
        while sent < size and not writer.is_closing() and not reader.at_eof():
            writer.write(piece)
            sent += len(piece)
            await writer.drain()
        return await asyncio.wait_for(reader.read(), _PATIENCE_SECONDS)
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    ("beginning", "piece", "status"),
    [
        (b"GET /graphql HTTP/1.1\r\nhost: x\r\n", b"a-header: its value\r\n" * 10_000, b"431"),
        (b"GET /graphql HTTP/1.1\r\nhost: x\r\na-header: ", b"x" * 200_000, b"431"),
        (b"GET /graphql?query=", b"x" * 200_000, b"414"),
    ],
    ids=["headers", "header", "address"],
)
async def test_endless_heads(web: Web, beginning: bytes, piece: bytes, status: bytes) -> None:
    async with others(web):
        answers = await asyncio.gather(*(_pour(web, beginning, piece, 154_000_000) for _ in range(5)))
        assert {answer[9:12] for answer in answers} <= {status, b""}
        assert any(answers)


async def test_requests_that_never_come_whole(web: Web) -> None:
    async with others(web):
        opened = []
        for _ in range(_MANY):
            _, writer = await _connection(web)
            writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-")
            opened.append(writer)
        for writer in opened:
            writer.transport.abort()


async def test_bodies_that_never_come_whole(web: Web) -> None:
    async with others(web) as asking:
        opened = []
        head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900000\r\n"
        for _ in range(_MANY):
            _, writer = await _connection(web)
            writer.write(
                f"{head}authorization: {asking.authorization}\r\n\r\n".encode() + b'{"query": "' + b"x" * 5_000
            )
            opened.append(writer)
        for writer in opened:
            writer.transport.abort()


async def test_sockets_that_never_sign_in(web: Web) -> None:
    async with others(web) as asking:
        host = web.address.removeprefix("http://").encode()
        opened = []
        for _ in range(_MANY):
            reader, writer = await _connection(web)
            writer.write(_UPGRADE % host)
            await reader.readuntil(b"\r\n\r\n")
            opened.append(writer)
        async with _signed_in(web, asking.authorization) as socket:
            await socket.send('{"id":"1","type":"subscribe","payload":{"query":"{ accounts { id } }"}}')
            assert await socket.recv() == '{"id":"1","type":"next","payload":{"data":{"accounts":[]}}}'
        for writer in opened:
            writer.transport.abort()


async def test_answers_that_nobody_reads(web: Web) -> None:
    async with others(web) as asking:
        body = orjson.dumps({"query": _LARGE})
        head = (
            f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            f"authorization: {asking.authorization}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        opened = []
        for _ in range(100):
            _, writer = await _connection(web)
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # a reading transport
            writer.write((head.encode() + body) * 5)
            opened.append(writer)
            await asyncio.sleep(0.02)
        for writer in opened:
            writer.transport.abort()


async def test_sockets_that_ask_and_never_read(web: Web) -> None:
    async with others(web) as asking, AsyncExitStack() as stack:
        opened = []
        for _ in range(40):
            socket = await stack.enter_async_context(_signed_in(web, asking.authorization))
            socket.transport.pause_reading()
            opened.append(socket)
            for number in range(100):
                asked = {"id": str(number), "type": "subscribe", "payload": {"query": _LARGE}}
                try:
                    async with asyncio.timeout(0.05):
                        await socket.send(orjson.dumps(asked).decode())
                except (TimeoutError, ConnectionClosed):
                    break
        for socket in opened:
            socket.transport.abort()


@asynccontextmanager
async def _signed_in(web: Web, authorization: str) -> AsyncIterator[ClientConnection]:
    async with connect(
        web.endpoint.replace("http", "ws", 1),
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=None,
        close_timeout=0.1,
    ) as socket:
        await socket.send(
            orjson.dumps({"type": "connection_init", "payload": {"authorization": authorization}}).decode()
        )
        assert await socket.recv() == '{"type":"connection_ack"}'
        yield socket
