"""A client of the API as others write them: GraphQL over HTTP, and graphql-transport-ws."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from types import TracebackType
from typing import Any, Self

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.support.waiting import PATIENCE_SECONDS

LOGIN = "mutation ($input: LoginInput!) { login(input: $input) { accessToken refreshToken user { email role } } }"


class ApiError(Exception):
    """The error of an operation: its code, its message and its other fields."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.extensions: dict[str, Any] = error["extensions"]
        self.code: str = self.extensions["code"]


class Client:
    """A client for one user at one address. Use it as a context."""

    def __init__(self, address: str, token: str | None = None) -> None:
        self.address = address
        self.token = token
        # Headers besides.
        self.extra: dict[str, str] = {}
        self._http = httpx.AsyncClient(base_url=address, timeout=PATIENCE_SECONDS, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def sign_in(self, email: str, password: str) -> dict[str, Any]:
        """Sign in; returns the answer of `login`."""
        data = await self.ask(LOGIN, input={"email": email, "password": password})
        self.token = data["login"]["accessToken"]
        session: dict[str, Any] = data["login"]
        return session

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the signed-in user."""
        return self.extra | ({"authorization": f"Bearer {self.token}"} if self.token else {})

    async def post(self, document: str, **variables: Any) -> httpx.Response:
        """Send one operation; returns the whole response."""
        body = orjson.dumps({"query": document, "variables": variables})
        headers = self.headers | {"content-type": "application/json"}
        return await self._http.post("/graphql", content=body, headers=headers)

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of one operation.

        Raises:
            ApiError: it was answered with an error.
            httpx.TransportError: nobody answered; what was asked may have been done or not.
        """
        answer = (await self.post(document, **variables)).json()
        if "errors" in answer:
            raise ApiError(answer["errors"][0])
        data: dict[str, Any] = answer["data"]
        return data

    @asynccontextmanager
    async def socket(self) -> "AsyncIterator[Socket]":
        """A WebSocket on which the user is signed in; the connection is cut at the end."""
        address = f"{self.address.replace('http', 'ws', 1)}/graphql"
        protocol = [Subprotocol("graphql-transport-ws")]
        async with connect(address, subprotocols=protocol, proxy=None, max_size=None) as connection:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await connection.send(orjson.dumps({"type": "connection_init", "payload": self.headers}).decode())
                assert orjson.loads(await connection.recv()) == {"type": "connection_ack"}
            socket = Socket(connection)
            reading = asyncio.create_task(socket.read())
            try:
                yield socket
            finally:
                # Gone without a word; a polite end would wait until all that is on its way has been read.
                connection.transport.abort()
                reading.cancel()
                with suppress(asyncio.CancelledError):
                    await reading


class Stream:
    """The events of one subscription so far. ``name`` is the field that was subscribed to."""

    def __init__(self, name: str) -> None:
        self.items: list[Any] = []
        self.end: str | None = None
        self._name = name
        self._taken = 0
        self._news = asyncio.Condition()

    async def take(self, message: dict[str, Any]) -> None:
        """Take one message of the socket."""
        async with self._news:
            if message["type"] == "next":
                assert "errors" not in message["payload"], message
                self.items.append(message["payload"]["data"][self._name])
            else:
                self.end = orjson.dumps(message).decode()
            self._news.notify_all()

    async def cut(self) -> None:
        """End the stream, because the socket is closed."""
        async with self._news:
            self.end = self.end or "the socket is closed"
            self._news.notify_all()

    async def __aiter__(self) -> AsyncGenerator[Any, None]:
        """The items that have not been taken, each once, until the subscription ends or its socket is closed."""
        while True:
            async with self._news:
                await self._news.wait_for(lambda: len(self.items) > self._taken or self.end is not None)
            if len(self.items) == self._taken:
                return
            self._taken += 1
            yield self.items[self._taken - 1]

    async def next(self) -> Any:
        """The next item, each once."""
        await self.wait(lambda: len(self.items) > self._taken)
        self._taken += 1
        return self.items[self._taken - 1]

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        """The next item that fulfils the condition; items before it are skipped."""
        while True:
            item = await self.next()
            if wanted(item):
                return item

    async def wait(self, condition: Callable[[], bool], timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until ``condition`` holds, which may look at the items.

        Raises:
            AssertionError: it did not in time, or the subscription ended first.
        """
        try:
            async with asyncio.timeout(timeout_seconds), self._news:
                await self._news.wait_for(lambda: condition() or self.end is not None)
        except TimeoutError:
            raise AssertionError(f"{self._name} did not bring it; it brought: {self.items[-5:]}") from None
        assert condition(), f"{self._name} ended: {self.end}"


class Socket:
    """Subscriptions side by side on one connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._streams: dict[str, Stream] = {}
        self._numbers = count(1)
        self.closed = asyncio.Event()

    async def subscribe(self, document: str, *, extensions: dict[str, Any] | None = None, **variables: Any) -> Stream:
        """Subscribe to the one field of ``document``, whose name follows the first brace."""
        operation_id = str(next(self._numbers))
        stream = Stream(re.split(r"\W", document.partition("{")[2].strip())[0])
        self._streams[operation_id] = stream
        payload = {"query": document, "variables": variables, "extensions": extensions}
        await self._connection.send(
            orjson.dumps({"id": operation_id, "type": "subscribe", "payload": payload}).decode()
        )
        return stream

    async def read(self) -> None:
        """Hand messages to their subscriptions until the connection ends."""
        try:
            async for text in self._connection:
                message = orjson.loads(text)
                if "id" in message:
                    await self._streams[message["id"]].take(message)
        except ConnectionClosed:
            pass
        finally:
            self.closed.set()
            for stream in self._streams.values():
                await stream.cut()
