"""Requests and streams of an asynchronous client."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Literal, Self

import httpx
from websockets.asyncio.client import ClientConnection

from tradegraph_client.anchors import anchor_of
from tradegraph_client.calls import Call, renewing, unreachable
from tradegraph_client.clock import ServerClock
from tradegraph_client.credentials import ApiKey, Credential, Password, Tokens
from tradegraph_client.cursors import CursorStore, MemoryCursors
from tradegraph_client.errors import ApiError, Unauthenticated
from tradegraph_client.imports import ImportReport
from tradegraph_client.retrying import RetryPolicy
from tradegraph_client.streaming import Subscription, follow
from tradegraph_client.wire import encode, read_answer

_HEADERS: Final = {"content-type": "application/json", "accept": "application/json", "user-agent": "tradegraph-client"}


class AsyncRequests:
    """A connection to one address as one person or key. Use it as a context, or call ``aclose``.

    Args:
        address: Where the API is, such as ``https://desk.example.com``.
        credential: An ``ApiKey`` or a ``Password``; None for what needs no sign-in.
        retry: How long each call is tried.
        timeout_seconds: How long an answer is awaited in each attempt.
        cursors: Where the streams that are given a name keep their places.
        http: A client of your own, for proxies, certificates and the like; it stays yours to close.
        proxy: The proxy of WebSockets: an address, True for that of the environment, None for none.
    """

    def __init__(
        self,
        address: str,
        credential: Credential | None = None,
        *,
        retry: RetryPolicy | None = None,
        timeout_seconds: float = 15.0,
        cursors: CursorStore | None = None,
        http: httpx.AsyncClient | None = None,
        proxy: str | Literal[True] | None = True,
    ) -> None:
        self.address = address.rstrip("/")
        self._credential = credential
        self._retry = retry or RetryPolicy()
        self._timeout_seconds = timeout_seconds
        self._cursors: CursorStore = cursors or MemoryCursors()
        self._owns_http = http is None
        self._http = http or httpx.AsyncClient()
        self._proxy = proxy
        self._clock = ServerClock()
        self._tokens: Tokens | None = None
        self._signing_in = asyncio.Lock()
        self._sockets: set[ClientConnection] = set()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections. Streams that somebody waits for end with ``StreamEnded``."""
        self._is_closed = True
        for socket in self._sockets:
            socket.transport.abort()
        if self._owns_http:
            await self._http.aclose()

    def now(self) -> datetime:
        """The server's time, by the dates of its answers: what ``expires_at`` of an order is compared with."""
        return self._clock.now(time.monotonic())

    async def execute(
        self,
        query: str,
        operation_name: str | None = None,
        variables: Mapping[str, object] | None = None,
        *,
        retry: RetryPolicy | None = None,
        timeout_seconds: float | None = None,
    ) -> dict[str, Any]:
        """The data of one operation: any that you write, or one of the generated methods'.

        Raises:
            ApiError: it was answered with an error, or with none for as long as ``retry`` says.
        """
        call = Call(query, operation_name, variables or {}, retry or self._retry, time.monotonic())
        while True:
            try:
                return await self._attempt(call.body, timeout_seconds or self._timeout_seconds)
            except ApiError as error:
                seconds = call.wait_after(error, time.monotonic(), random.random())
            await asyncio.sleep(seconds)

    async def export(self, name: str, **given: str | datetime | None) -> AsyncGenerator[bytes, None]:
        """The bytes of an export such as ``orders.csv``, as they come: ``export("orders.csv", account=account_id)``.

        Args:
            name: Kind and format: orders, executions, ledger, statements, closed-trades, tax-lots, equity or history;
                csv, jsonl or parquet.
            given: ``account``, the range ``since`` <= time < ``until``, and of tax-lots the ``method``.

        Raises:
            ApiError: it is refused, or the connection broke: what came then is not the whole export.
        """
        names = {"since": "from", "until": "to"}
        parameters = {names.get(key, key): encode(value) for key, value in given.items() if value is not None}
        authorization = await self.authorization()
        headers = {"authorization": authorization} if authorization else {}
        try:
            async with self._http.stream(
                "GET",
                f"{self.address}/export/{name}",
                params=parameters,
                headers=headers,
                timeout=self._timeout_seconds,
            ) as response:
                if response.status_code != httpx.codes.OK:
                    read_answer(response.status_code, response.headers, await response.aread())
                async for chunk in response.aiter_bytes():
                    yield chunk
        except httpx.TransportError as error:
            raise unreachable(self.address, error, outcome_unknown=False) from error

    async def import_history(self, account: str, content: bytes, *, timeout_seconds: float = 900.0) -> ImportReport:
        """Book a CSV file of executions and movements of cash into a new account: all of it or nothing.

        It may be repeated: a line that is there already is left out. The error of a bad line has its number in
        ``extensions["line"]`` and its column in ``field``.

        Raises:
            ApiError: it is refused, and nothing was saved; or, ``Unavailable``, the answer did not come.
        """
        authorization = await self.authorization()
        headers = {"content-type": "text/csv"} | ({"authorization": authorization} if authorization else {})
        try:
            response = await self._http.post(
                f"{self.address}/import/history.csv",
                params={"account": account},
                content=content,
                headers=headers,
                timeout=timeout_seconds,
            )
        except httpx.TransportError as error:
            raise unreachable(self.address, error, outcome_unknown=True) from error
        return ImportReport.of(read_answer(response.status_code, response.headers, response.content)["importHistory"])

    def get_data(self, response: dict[str, Any]) -> dict[str, Any]:
        """The data that the generated methods make their results of."""
        return response

    async def execute_ws(
        self,
        query: str,
        operation_name: str | None = None,
        variables: Mapping[str, object] | None = None,
        *,
        name: str | None = None,
        retry: RetryPolicy | None = None,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The events of a subscription, over any number of connections.

        Args:
            query: The operation.
            operation_name: Its name.
            variables: Its variables.
            name: Under which the place in the stream is kept in the client's ``cursors``.
            retry: How long a lost connection is tried again; for ever if absent.

        Raises:
            ApiError: the subscription is refused.
            StreamEnded: the server ended it for good.
        """
        wanted = Subscription(query, operation_name, encode(variables or {}), name, self._cursors, retry)
        anchor = anchor_of(operation_name, wanted.variables)
        if anchor is not None and wanted.begins_now:
            wanted.begin(anchor.cursor(await self.execute(anchor.document, "anchor", anchor.variables)))
        async with aclosing(follow(self, wanted)) as brought:
            async for data in brought:
                yield data

    async def authorization(self, refused: str | None = None) -> str | None:
        """The value of the header, of a session that is good; another one than that which was ``refused``."""
        if self._credential is None:
            return None
        if isinstance(self._credential, ApiKey):
            return f"Bearer {self._credential.secret}"
        async with self._signing_in:
            tokens = self._tokens
            if tokens is None or time.monotonic() >= tokens.renew_at or f"Bearer {tokens.access}" == refused:
                tokens = await self._renew()
        return f"Bearer {tokens.access}"

    @property
    def can_renew(self) -> bool:
        """True if a refused token can be replaced by another."""
        return isinstance(self._credential, Password)

    @property
    def sockets(self) -> set[ClientConnection]:
        """The open connections of streams, which end with the client."""
        return self._sockets

    @property
    def is_closed(self) -> bool:
        """True once the client was closed."""
        return self._is_closed

    @property
    def proxy(self) -> str | Literal[True] | None:
        """The proxy of WebSockets."""
        return self._proxy

    async def _renew(self) -> Tokens:
        assert isinstance(self._credential, Password)
        flow = renewing(self._credential, self._tokens)
        self._tokens = None
        body = next(flow)
        try:
            while True:
                try:
                    answer = await self._post(body, None, self._timeout_seconds)
                except ApiError as error:
                    body = flow.throw(error)
                else:
                    body = flow.send(answer)
        except StopIteration as end:
            self._tokens = Tokens.of(end.value, self.now(), time.monotonic())
        return self._tokens

    async def _attempt(self, body: bytes, timeout_seconds: float) -> dict[str, Any]:
        authorization = await self.authorization()
        try:
            return await self._post(body, authorization, timeout_seconds)
        except Unauthenticated:
            if not self.can_renew:
                raise
        return await self._post(body, await self.authorization(authorization), timeout_seconds)

    async def _post(self, body: bytes, authorization: str | None, timeout_seconds: float) -> dict[str, Any]:
        headers = _HEADERS | ({"authorization": authorization} if authorization else {})
        sent = time.monotonic()
        try:
            response = await self._http.post(
                f"{self.address}/graphql", content=body, headers=headers, timeout=timeout_seconds
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise unreachable(self.address, error, outcome_unknown=False) from error
        except httpx.TransportError as error:
            raise unreachable(self.address, error, outcome_unknown=True) from error
        self._clock.observe(response.headers.get("date"), sent, time.monotonic())
        return read_answer(response.status_code, response.headers, response.content)
