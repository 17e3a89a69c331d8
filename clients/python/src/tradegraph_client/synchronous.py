"""Requests of a client that waits for each answer, in any number of threads."""

import random
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self

import httpx

from tradegraph_client.calls import Call, renewing, unreachable
from tradegraph_client.clock import ServerClock
from tradegraph_client.credentials import ApiKey, Credential, Password, Tokens
from tradegraph_client.errors import ApiError, Unauthenticated
from tradegraph_client.retrying import RetryPolicy
from tradegraph_client.wire import read_answer

_HEADERS: Final = {"content-type": "application/json", "accept": "application/json", "user-agent": "tradegraph-client"}


class SyncRequests:
    """A connection to one address as one person or key. Use it as a context, or call ``close``.

    Args:
        address: Where the API is, such as ``https://desk.example.com``.
        credential: An ``ApiKey`` or a ``Password``; None for what needs no sign-in.
        retry: How long each call is tried.
        timeout_seconds: How long an answer is awaited in each attempt.
        http: A client of your own, for proxies, certificates and the like; it stays yours to close.
    """

    def __init__(
        self,
        address: str,
        credential: Credential | None = None,
        *,
        retry: RetryPolicy | None = None,
        timeout_seconds: float = 15.0,
        http: httpx.Client | None = None,
    ) -> None:
        self.address = address.rstrip("/")
        self._credential = credential
        self._retry = retry or RetryPolicy()
        self._timeout_seconds = timeout_seconds
        self._owns_http = http is None
        self._http = http or httpx.Client()
        self._clock = ServerClock()
        self._tokens: Tokens | None = None
        self._signing_in = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()

    def now(self) -> datetime:
        """The server's time, by the dates of its answers: what ``expires_at`` of an order is compared with."""
        return self._clock.now(time.monotonic())

    def execute(
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
                return self._attempt(call.body, timeout_seconds or self._timeout_seconds)
            except ApiError as error:
                seconds = call.wait_after(error, time.monotonic(), random.random())
            time.sleep(seconds)

    def get_data(self, response: dict[str, Any]) -> dict[str, Any]:
        """The data that the generated methods make their results of."""
        return response

    def _authorization(self, refused: str | None = None) -> str | None:
        """The value of the header, of a session that is good; another one than that which was ``refused``."""
        if self._credential is None:
            return None
        if isinstance(self._credential, ApiKey):
            return f"Bearer {self._credential.secret}"
        with self._signing_in:
            tokens = self._tokens
            if tokens is None or time.monotonic() >= tokens.renew_at or f"Bearer {tokens.access}" == refused:
                tokens = self._renew()
        return f"Bearer {tokens.access}"

    @property
    def _can_renew(self) -> bool:
        """True if a refused token can be replaced by another."""
        return isinstance(self._credential, Password)

    def _renew(self) -> Tokens:
        assert isinstance(self._credential, Password)
        flow = renewing(self._credential, self._tokens)
        self._tokens = None
        body = next(flow)
        try:
            while True:
                try:
                    answer = self._post(body, None, self._timeout_seconds)
                except ApiError as error:
                    body = flow.throw(error)
                else:
                    body = flow.send(answer)
        except StopIteration as end:
            self._tokens = Tokens.of(end.value, self.now(), time.monotonic())
        return self._tokens

    def _attempt(self, body: bytes, timeout_seconds: float) -> dict[str, Any]:
        authorization = self._authorization()
        try:
            return self._post(body, authorization, timeout_seconds)
        except Unauthenticated:
            if not self._can_renew:
                raise
        return self._post(body, self._authorization(authorization), timeout_seconds)

    def _post(self, body: bytes, authorization: str | None, timeout_seconds: float) -> dict[str, Any]:
        headers = _HEADERS | ({"authorization": authorization} if authorization else {})
        sent = time.monotonic()
        try:
            response = self._http.post(
                f"{self.address}/graphql", content=body, headers=headers, timeout=timeout_seconds
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise unreachable(self.address, error, outcome_unknown=False) from error
        except httpx.TransportError as error:
            raise unreachable(self.address, error, outcome_unknown=True) from error
        self._clock.observe(response.headers.get("date"), sent, time.monotonic())
        return read_answer(response.status_code, response.headers, response.content)
