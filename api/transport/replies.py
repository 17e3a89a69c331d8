"""Answers over HTTP: compressed if the client accepts it, and without a body if the client has it already.

Answers to mutations are never compressed: they may hold tokens, whose length would tell of them (BREACH), and the entry
of orders has no time to lose. Only answers to queries by GET can be kept by a client, which asks each time whether they
are still true.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from typing import Final

from starlette.types import Scope, Send

from api.requests import current_record
from api.transport.encodings import best_encoding, compress
from api.transport.negotiation import GRAPHQL_JSON, JSON
from api.transport.whole import write_whole

Headers = list[tuple[bytes, bytes]]
# Smaller answers fit into two packets as they are.
SMALLEST_COMPRESSED: Final = 2_048
_TAG_BYTES = 16
_NOT_STORED = (b"cache-control", b"no-store")
_ASK_AGAIN = (b"cache-control", b"private, no-cache")
_VARIES = (b"vary", b"accept-encoding")
_VARIES_BY_CALLER = (b"vary", b"accept, accept-encoding, authorization")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_CONTENT_TYPES: Final = {
    media_type: (b"content-type", f"{media_type}; charset=utf-8".encode()) for media_type in (JSON, GRAPHQL_JSON)
}


@dataclass(slots=True)
class Reply:
    """An answer with its headers. ``is_read`` is true for what a query without errors read."""

    status: HTTPStatus
    body: bytes
    media_type: str
    is_read: bool = False

    async def send(self, scope: Scope, send: Send, asked: Mapping[str, str], extra: Headers) -> None:
        """Send it to whoever asked with the headers ``asked``; ``extra`` are headers besides its own."""
        headers = [_CONTENT_TYPES[self.media_type], _NO_SNIFFING, *extra]
        if not self.is_read:
            await self._send(scope, send, [_NOT_STORED, *headers])
            return
        if scope["method"] == "GET":
            tag = f'W/"{blake2b(self.body, digest_size=_TAG_BYTES).hexdigest()}"'
            headers += [(b"etag", tag.encode()), _ASK_AGAIN, _VARIES_BY_CALLER]
            if has_tag(asked.get("if-none-match"), tag):
                await send({"type": "http.response.start", "status": int(HTTPStatus.NOT_MODIFIED), "headers": headers})
                await send({"type": "http.response.body", "body": b""})
                return
        else:
            headers += [_NOT_STORED, _VARIES]
        encoding = best_encoding(asked.get("accept-encoding")) if len(self.body) >= SMALLEST_COMPRESSED else None
        if encoding is not None:
            self.body = compress(self.body, encoding)
            headers.append((b"content-encoding", encoding.encode()))
        await self._send(scope, send, headers)

    async def _send(self, scope: Scope, send: Send, headers: Headers) -> None:
        if self.status is not HTTPStatus.NO_CONTENT:
            headers.append((b"content-length", b"%d" % len(self.body)))
        status, record = int(self.status), current_record()
        if write_whole(scope, status, headers if record is None else [*headers, record.header], self.body):
            if record is not None:
                record.status = status
            return
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def has_tag(if_none_match: str | None, tag: str) -> bool:
    """True if an If-None-Match header names ``tag``; tags are compared weakly."""
    if if_none_match is None:
        return False
    wanted = tag.removeprefix("W/")
    return any(part.strip().removeprefix("W/") in (wanted, "*") for part in if_none_match.split(","))
