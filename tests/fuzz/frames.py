"""Bytes that are no request, and frames that are no message: the server answers or closes, and goes on."""

import asyncio
import os
from collections.abc import Callable
from random import Random
from urllib.parse import urlsplit

_WAIT_SECONDS = 0.2
_UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: %s\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
    b"sec-websocket-key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\nsec-websocket-protocol: graphql-transport-ws\r\n%s\r\n"
)
_LINES = [
    *(b"GET / HTTP/1.1", b"POST /graphql HTTP/1.1", b"\x00\x01\x02", b"GET /%zz%00 HTTP/1.1", b"PRI * HTTP/2.0"),
    *(
        b"GET http://[::1 HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"TRACE /graphql HTTP/1.1",
        b"GET /graphql?query=%ff HTTP/1.1",
    ),
    *(b"get /graphql http/1.1", b"POST /session/login HTTP/1.1", b"GET /metrics HTTP/1.0", b"CONNECT a:1 HTTP/1.1"),
]
_HEADERS = [
    *(b"host: x", b"content-length: -1", b"content-length: 5\r\ncontent-length: 6", b"transfer-encoding: chunked"),
    *(b"transfer-encoding: gzip, chunked", b"expect: 100-continue", b"content-type: application/json", b"upgrade: h2c"),
    *(b"connection: upgrade", b"authorization: Bearer \xff\xfe", b"a: " + b"x" * 9_000, b": empty", b"origin: null"),
]
_BODIES = [
    b"",
    b"{}",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffff\r\n",
    b"[" * 2_000,
    b'{"query":"{a' + b"{a" * 500,
    b"\xff",
]


def _request(chance: Random) -> bytes:
    headers = chance.sample(_HEADERS, chance.randrange(4))
    return b"\r\n".join((chance.choice(_LINES), *headers, b"", chance.choice(_BODIES)))


def _frame(chance: Random) -> bytes:
    """A frame of any opcode, masked or not, with a length that may lie."""
    payload = chance.choice(
        (b"", b"{}", b"\xff\xfe", b'{"type":"ping"}', b'{"type":"connection_init"}', os.urandom(20), b"x" * 125)
    )
    first = chance.choice((0x80, 0x00)) | chance.choice((0, 1, 2, 8, 9, 10, 3, 15)) | chance.choice((0, 0, 0x40))
    length = chance.choice((len(payload), len(payload), 0, 126, 127))
    mask = chance.choice((0x80, 0x80, 0x00))
    return bytes((first, mask | length)) + (b"\0\0\0\0" if mask else b"") + payload


async def send_frames(address: str, chance: Random, authorization: str) -> None:
    """A broken request, and frames on a socket that is signed in or not."""
    host = urlsplit(address).netloc.encode()
    extra = chance.choice((b"", b"authorization: " + authorization.encode() + b"\r\n", b"x: " + b"y" * 9_000 + b"\r\n"))
    upgrade = _UPGRADE % (host, extra)
    makers: list[Callable[[], bytes]] = [
        lambda: _request(chance),
        lambda: _request(chance) + _request(chance),
        lambda: upgrade + b"".join(_frame(chance) for _ in range(20)),
    ]
    for make in makers:
        await _say(address, make())


async def _say(address: str, data: bytes) -> None:
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        writer.write(data)
        async with asyncio.timeout(_WAIT_SECONDS):
            await reader.read(65_536)
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.transport.abort()
