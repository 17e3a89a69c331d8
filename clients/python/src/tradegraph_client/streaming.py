"""A subscription that survives lost connections: it reconnects and resumes after the last taken event.

Each stream has a WebSocket of its own, so that a slow reader of one holds up no other: what is not read stays with the
server, which keeps the events in its log.
"""

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from tradegraph_client.cursors import CursorStore
from tradegraph_client.errors import (
    ApiError,
    InvalidDocument,
    RateLimited,
    StreamEnded,
    Unauthenticated,
    Unavailable,
    error_of,
)
from tradegraph_client.retrying import RetryPolicy

_PROTOCOL: Final = Subprotocol("graphql-transport-ws")
_ANSWER_SECONDS: Final = 15.0
# A connection that has lasted as long was a good one: the next failure is the first again.
_SETTLED_SECONDS: Final = 5.0
_FOR_EVER: Final = RetryPolicy(patience_seconds=float("inf"))
_NOT_SIGNED_IN: Final = (4401, 4403)
_TOO_MANY_SOCKETS: Final = 4429
# Codes that say that this client did something wrong: another connection would do it again.
_OUR_FAULT: Final = (4400, 4406, 4409, 1009)


class Signer(Protocol):
    """The part of a client that a stream needs."""

    @property
    def address(self) -> str:
        """The address of the API."""
        ...

    @property
    def proxy(self) -> str | Literal[True] | None:
        """The proxy of WebSockets."""
        ...

    @property
    def sockets(self) -> set[ClientConnection]:
        """The open connections of streams, which end with the client."""
        ...

    @property
    def is_closed(self) -> bool:
        """True once the client was closed."""
        ...

    @property
    def can_renew(self) -> bool:
        """True if a refused token can be replaced by another."""
        ...

    async def authorization(self, refused: str | None = None) -> str | None:
        """The value of the header, of a session that is good; another one than that which was ``refused``."""
        ...


@dataclass
class Subscription:
    """An operation that is subscribed to, and the place up to which it was read."""

    document: str
    operation: str | None
    variables: dict[str, Any]
    name: str | None
    cursors: CursorStore
    retry: RetryPolicy | None
    _after: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.name is not None and not self._resumes:
            raise ValueError(f"{self.operation} begins with the current state, so it has no position to store")
        self._after = self.cursors.load(self.name) if self.name is not None else None

    @property
    def begins_now(self) -> bool:
        """True if it was given no place to begin at."""
        return self._resumes and self._after is None and self.variables.get("after") is None

    def begin(self, cursor: str | None) -> None:
        """Give it a place to begin at, from which the next program begins, too, if no event comes in this one."""
        self._move(cursor)

    def message(self) -> str:
        """The message that subscribes, after the last event that was taken."""
        variables = self.variables | ({"after": self._after} if self._after is not None else {})
        payload = {"query": self.document, "operationName": self.operation, "variables": variables}
        return json.dumps({"id": "1", "type": "subscribe", "payload": payload})

    def taken(self, data: dict[str, Any]) -> None:
        """An event was processed: the stream goes on after it."""
        event = next(iter(data.values()), None)
        cursor = event.get("cursor") if isinstance(event, dict) else None
        if self._resumes:
            self._move(cursor)

    def _move(self, cursor: str | None) -> None:
        if cursor is not None:
            self._after = cursor
            if self.name is not None:
                self.cursors.save(self.name, cursor)

    @property
    def _resumes(self) -> bool:
        """True if the operation takes a cursor."""
        return "$after:" in self.document.partition("{")[0]


class _Lost(Exception):
    """The connection is lost; a new one may work."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.message)
        self.error = error


async def follow(client: Signer, wanted: Subscription) -> AsyncGenerator[dict[str, Any], None]:
    """The data of a subscription, without end unless the server completes it."""
    policy = wanted.retry or _FOR_EVER
    attempt, since, refused, has_renewed = 0, time.monotonic(), None, False
    while True:
        authorization, began = None, time.monotonic()
        try:
            authorization = await client.authorization(refused)
            refused = None
            async with aclosing(_one_connection(client, authorization, wanted)) as brought:
                async for data in brought:
                    attempt, has_renewed = 0, False
                    yield data
                    wanted.taken(data)
        except _Lost as lost:
            error = lost.error
        except Unavailable as unavailable:
            error = unavailable
        else:
            return
        if client.is_closed:
            raise StreamEnded("the client was closed")
        if time.monotonic() - began >= _SETTLED_SECONDS:
            attempt, has_renewed = 0, False
        if isinstance(error, Unauthenticated):
            # A new credential is refused as well: another one would fare no better.
            if has_renewed or not client.can_renew:
                raise error
            refused, has_renewed = authorization, True
        since = time.monotonic() if attempt == 0 else since
        attempt += 1
        elapsed = time.monotonic() - since
        await asyncio.sleep(_wait(policy, error, attempt, elapsed))


def _wait(policy: RetryPolicy, error: ApiError, attempt: int, elapsed: float) -> float:
    if isinstance(error, Unauthenticated):
        return 0.0
    seconds = policy.wait(error, attempt, elapsed, random.random(), is_repeatable=True)
    if seconds is None:
        raise error
    return seconds


async def _one_connection(
    client: Signer, authorization: str | None, wanted: Subscription
) -> AsyncGenerator[dict[str, Any], None]:
    """The data that come over one connection; it ends when the server completes the subscription.

    Raises:
        _Lost: the connection ended, or the server asks to come again.
        ApiError: the subscription is refused.
        StreamEnded: another connection would fare no better.
    """
    try:
        async with _socket(client) as socket:
            await _sign_in(socket, authorization)
            await socket.send(wanted.message())
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "next":
                    yield _data(message["payload"])
                elif message["type"] == "error":
                    raise _refusal(message["payload"])
                elif message["type"] == "complete":
                    return
                elif message["type"] == "ping":
                    await socket.send('{"type": "pong"}')
            # The server has closed it politely, as it does when it restarts.
            raise _Lost(_closed(socket.close_code, socket.close_reason))
    except ConnectionClosed as closed:
        frame = closed.rcvd
        raise _Lost(_closed(frame.code if frame else None, frame.reason if frame else "")) from closed
    except InvalidURI as error:
        raise StreamEnded(f"{client.address} is not the address of an API") from error
    except (OSError, InvalidHandshake, TimeoutError) as error:
        raise _Lost(Unavailable(f"{client.address} does not answer: {error or type(error).__name__}")) from error


@asynccontextmanager
async def _socket(client: Signer) -> AsyncIterator[ClientConnection]:
    """A connection that ends at once, with nothing left of it, when the stream is given up."""
    socket = await connect(
        f"{client.address.replace('http', 'ws', 1)}/graphql",
        subprotocols=[_PROTOCOL],
        open_timeout=_ANSWER_SECONDS,
        max_size=None,
        proxy=client.proxy,
    )
    client.sockets.add(socket)
    try:
        yield socket
    finally:
        client.sockets.discard(socket)
        # A polite end would wait until all that is on its way has been read.
        socket.transport.abort()


async def _sign_in(socket: ClientConnection, authorization: str | None) -> None:
    payload = {"authorization": authorization} if authorization else {}
    await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    async with asyncio.timeout(_ANSWER_SECONDS):
        while json.loads(await socket.recv())["type"] != "connection_ack":
            continue


def _data(payload: dict[str, Any]) -> dict[str, Any]:
    if payload.get("errors"):
        raise _refusal(payload["errors"])
    data: dict[str, Any] = payload["data"]
    return data


def _refusal(errors: list[dict[str, Any]]) -> Exception:
    """The meaning of an error of the subscription: it is refused, or to be asked for again."""
    error = error_of(errors[0])
    return _Lost(error) if isinstance(error, Unavailable | RateLimited) else error


def _closed(code: int | None, reason: str | None) -> ApiError:
    """The meaning of a close code.

    Raises:
        StreamEnded: another connection would fare no better.
    """
    said = f"the server closed the connection: {code} {reason or ''}".rstrip()
    if code in _OUR_FAULT:
        raise StreamEnded(said) from InvalidDocument(said)
    if code in _NOT_SIGNED_IN:
        return Unauthenticated(said)
    return RateLimited(said) if code == _TOO_MANY_SOCKETS else Unavailable(said)
