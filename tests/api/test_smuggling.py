"""Requests whose end two servers could see in different places are refused, and nothing after them is answered."""

import pytest

from tests.api.test_guarded import raw
from tests.support.api import Running

_POST = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
_BODY = b'{"query":"{__typename}"}'
# What would be answered if the request before it were taken to end early.
_NEXT = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        _POST + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n18\r\n" + _BODY + b"\r\n0\r\n\r\n",
        _POST + b"content-length: 24\r\ncontent-length: 4\r\n\r\n" + _BODY,
        _POST + b"content-length: 24, 24\r\n\r\n" + _BODY,
        _POST + b"content-length: -1\r\n\r\n" + _BODY,
        _POST + b"content-length: +24\r\n\r\n" + _BODY,
        _POST + b"content-length: 0x18\r\n\r\n" + _BODY,
        _POST + b"content-length: 99999999999999999999\r\n\r\n" + _BODY,
        _POST + b"transfer-encoding: xchunked\r\n\r\n" + _BODY,
        _POST + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        _POST + b"transfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        _POST + b"transfer-encoding: \x0bchunked\r\n\r\n18\r\n" + _BODY + b"\r\n0\r\n\r\n",
        _POST + b"transfer-encoding: chunked\r\n\r\n18\n" + _BODY + b"\n0\n\n",
        _POST + b"transfer-encoding: chunked\r\n\r\n0x18\r\n" + _BODY + b"\r\n0\r\n\r\n",
        _POST + b"transfer-encoding: chunked\r\n\r\n-1\r\n" + _BODY + b"\r\n0\r\n\r\n",
        _POST + b"content-length: 2 4\r\n\r\n" + _BODY,
        _POST + b"content-length:\r\n\r\n" + _BODY,
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: a\r\n b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: a\0b\r\n\r\n",
        b"GET /healthz HTTP/1.1\nhost: localhost\n\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_a_request_with_an_ambiguous_length_is_refused(server: Running, sent: bytes) -> None:
    async with raw(server) as client:
        await client.send(sent + _NEXT)
        answer = await client.ends()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
