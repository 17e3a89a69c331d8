"""Attacks on a web process, each without end for as long as the server lets it go on.

The attackers come from the address of those who only want an answer, which is the hardest case.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.support.web import Web

_PATIENCE_SECONDS = 120.0
_MANY = 1_000
_POURED_BYTES = 154_000_000
# What the server reads on for a polite client is bounded; the rest is what fits into the sockets of both sides.
_TAKEN_BYTES = 40_000_000
_UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: %s\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)
_LARGE = (
    "{ " + " ".join(f'a{number}: __type(name: "Order") {{ ...T }}' for number in range(20)) + " } "
    "fragment T on __Type { name description fields { name description type { name kind } } }"
)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connection(web: Web) -> Streams:
    place = urlsplit(web.address)
    return await asyncio.open_connection(place.hostname, place.port)


async def _pour(web: Web, beginning: bytes, piece: bytes) -> tuple[bytes, int]:
    """Send bytes until the server stops reading; returns its answer and the number of sent bytes."""
    reader, writer = await _connection(web)
    answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
    sent = 0
    try:
        writer.write(beginning)
        while sent < _POURED_BYTES:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    found = (await asyncio.gather(answer, return_exceptions=True))[0]
    return found if isinstance(found, bytes) else b"", sent


async def endless_heads(beginning: bytes, piece: bytes, status: bytes, web: Web, authorization: str) -> None:
    """Five clients send endless headers; each gets its refusal, and the server stops reading."""
    del authorization
    async with asyncio.timeout(_PATIENCE_SECONDS):
        poured = await asyncio.gather(*(_pour(web, beginning, piece) for _ in range(5)))
    assert {answer[9:12] for answer, _ in poured} == {status}
    assert max(sent for _, sent in poured) < _TAKEN_BYTES


async def requests_that_never_come_whole(web: Web, authorization: str) -> None:
    """Heads that stop in the middle."""
    del authorization
    opened = []
    for _ in range(_MANY):
        _, writer = await _connection(web)
        writer.write(b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-")
        opened.append(writer)
    for writer in opened:
        writer.transport.abort()


async def bodies_that_never_come_whole(web: Web, authorization: str) -> None:
    """Incomplete bodies of a signed-in client."""
    opened = []
    head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900000\r\n"
    for _ in range(_MANY):
        _, writer = await _connection(web)
        writer.write(f"{head}authorization: {authorization}\r\n\r\n".encode() + b'{"query": "' + b"x" * 5_000)
        opened.append(writer)
    for writer in opened:
        writer.transport.abort()


async def sockets_that_never_sign_in(web: Web, authorization: str) -> None:
    """Sockets without connection_init; one that signs in is served all the same."""
    host = web.address.removeprefix("http://").encode()
    opened = []
    for _ in range(_MANY):
        reader, writer = await _connection(web)
        writer.write(_UPGRADE % host)
        await reader.readuntil(b"\r\n\r\n")
        opened.append(writer)
    async with _signed_in(web, authorization) as socket:
        await socket.send('{"id":"1","type":"subscribe","payload":{"query":"{ accounts { id } }"}}')
        assert await socket.recv() == '{"id":"1","type":"next","payload":{"data":{"accounts":[]}}}'
    for writer in opened:
        writer.transport.abort()


async def answers_that_nobody_reads(web: Web, authorization: str) -> None:
    """Large answers to a client that has stopped reading."""
    body = orjson.dumps({"query": _LARGE})
    head = (
        f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        f"authorization: {authorization}\r\ncontent-length: {len(body)}\r\n\r\n"
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


async def sockets_that_ask_and_never_read(web: Web, authorization: str) -> None:
    """Sockets that ask for large answers and take none."""
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(40):
            socket = await stack.enter_async_context(_signed_in(web, authorization))
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
        open_timeout=_PATIENCE_SECONDS,
        ping_interval=None,
        close_timeout=0.1,
    ) as socket:
        await socket.send(
            orjson.dumps({"type": "connection_init", "payload": {"authorization": authorization}}).decode()
        )
        assert await socket.recv() == '{"type":"connection_ack"}'
        yield socket


Attack = Callable[[Web, str], Awaitable[None]]
_HEAD: Final = b"GET /graphql HTTP/1.1\r\nhost: x\r\n"

ATTACKS: Final[Mapping[str, Attack]] = {
    "five times 154 MB of headers": partial(endless_heads, _HEAD, b"a-header: its value\r\n" * 10_000, b"431"),
    "five times 154 MB of one header": partial(endless_heads, _HEAD + b"a-header: ", b"x" * 200_000, b"431"),
    "five times 154 MB of an address": partial(endless_heads, b"GET /graphql?query=", b"x" * 200_000, b"414"),
    "1,000 half-sent requests": requests_that_never_come_whole,
    "1,000 half-sent bodies": bodies_that_never_come_whole,
    "1,000 sockets that never sign in": sockets_that_never_sign_in,
    "500 large answers that nobody reads": answers_that_nobody_reads,
    "40 sockets with 100 large questions each that never read": sockets_that_ask_and_never_read,
}
