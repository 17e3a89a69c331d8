"""Frames that no well-behaved client sends: each ends its own socket with a code of the protocol, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from api.transport import frames
from tests.api.test_guarded import Raw, healthy, raw
from tests.support.api import Running
from tests.support.waiting import PATIENCE_SECONDS, eventually

UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: MTIzNDU2Nzg5MDEyMzQ1Ng==\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n"
)
INIT = b'{"type":"connection_init","payload":{"authorization":"Bearer ada"}}'
TEXT, BINARY, CONTINUATION, CLOSE, PING = 0x1, 0x2, 0x0, 0x8, 0x9
FINAL, COMPRESSED = 0x80, 0x40


def frame(opcode: int, payload: bytes = b"", *, bits: int = FINAL, masked: bool = True, length: bytes = b"") -> bytes:
    """One frame as a client sends it, under the mask of nothing; ``length`` replaces the true one."""
    size = length or (bytes([len(payload)]) if len(payload) < 126 else b"\x7e" + len(payload).to_bytes(2, "big"))
    first, mask = bytes([bits | opcode]), 0x80 if masked else 0
    return first + bytes([size[0] | mask]) + size[1:] + (b"\0\0\0\0" if masked else b"") + payload


@asynccontextmanager
async def upgraded(server: Running) -> AsyncIterator[Raw]:
    async with raw(server) as client:
        await client.send(UPGRADE)
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await client.reader.readuntil(b"\r\n\r\n")
            # What would be compressed would be a bomb: no compression is agreed on.
            assert (b" 101 " in head, b"permessage-deflate" in head) == (True, False)
            await client.send(frame(TEXT, INIT))
            assert b"connection_ack" in await client.reader.readuntil(b"}")
        yield client


async def closed_with(client: Raw) -> int | None:
    """The code that the socket is closed with."""
    said = b""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while close_code(said) is None and (more := await client.reader.read(4_096)):
            said += more
    return close_code(said)


def close_code(said: bytes) -> int | None:
    """The code of the close frame at the end of the sent data."""
    at = said.rfind(bytes([FINAL | CLOSE]))
    return int.from_bytes(said[at + 2 : at + 4], "big") if at >= 0 and len(said) >= at + 4 else None


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(0x3), 1002),
        (frame(0xB), 1002),
        (frame(TEXT, b"{}", bits=FINAL | COMPRESSED), 1002),
        (frame(TEXT, b"{}", bits=FINAL | 0x20), 1002),
        (frame(TEXT, b"{}", masked=False), 1002),
        (frame(CONTINUATION, b"{}"), 1002),
        (frame(TEXT, b"{", bits=0) + frame(TEXT, b"}"), 1002),
        (frame(PING, b"x", bits=0), 1002),
        (frame(PING, b"x" * 126), 1002),
        (frame(CLOSE, b"x"), 1002),
        (frame(CLOSE, (999).to_bytes(2, "big")), 1002),
        (frame(CLOSE, (1005).to_bytes(2, "big")), 1002),
        (frame(CLOSE, (1000).to_bytes(2, "big") + b"\xff\xfe"), 1007),
        (frame(TEXT, b"\xff\xfe"), 1007),
        (frame(TEXT, length=b"\x7f" + b"\xff" * 8), 1009),
        (frame(TEXT, length=b"\x7f\x7f" + b"\xff" * 7), 1009),
        (frame(BINARY, INIT), 4400),
        (frame(TEXT, b"[" * 10_000), 4400),
        (frame(TEXT, b'{"type":"subscribe","id":"1","payload":[]}'), 4400),
        (frame(TEXT, b'{"type":"subscribe","id":"__proto__"}'), 4400),
        (frame(TEXT, b'{"type":"constructor"}'), 4400),
        (frame(TEXT, b'{"type":"subscribe","id":"1","payload":{"query":["{ who }"]}}'), 4400),
        (frame(TEXT, b'[{"type":"ping"}]'), 4400),
    ],
)
async def test_a_frame_against_the_protocol_closes_its_socket_with_a_code(
    server: Running, sent: bytes, code: int
) -> None:
    async with upgraded(server) as client, upgraded(server) as other:
        await client.send(sent)
        assert await closed_with(client) == code
        await other.send(frame(TEXT, b'{"type":"ping"}'))
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert b"pong" in await other.reader.readuntil(b"}")
    assert await healthy(server)


async def test_one_id_subscribed_many_times_at_once_runs_once(server: Running) -> None:
    async with upgraded(server) as client:
        again = frame(TEXT, b'{"type":"subscribe","id":"1","payload":{"query":"subscription { entries { text } }"}}')
        await client.send(again * 200)
        assert await closed_with(client) == 4409
    assert await healthy(server)


async def test_a_client_that_does_not_answer_a_close_is_cut_off(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "_GRACE_SECONDS", 0.05)
    async with upgraded(server) as client:
        await client.send(frame(TEXT, b"{}"))
        assert await closed_with(client) == 4400
        await client.ends()
        await eventually(lambda: not server.connections._places)
