"""Checks before any route: the named host, and the client's address.

A page that an attacker lets resolve to this machine (DNS rebinding) names the attacker's host, so hosts that are not
allowed are refused; a request that names an address instead of a host is not such a page. Headers about the client
behind a proxy are believed only from the configured addresses: otherwise each request could claim an address of its
own, and limits per address would limit nobody.
"""

from collections.abc import Collection
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import coded
from api.graphql.encoding import encode
from api.requests import RequestLog, RequestRecord, RequestTracing, begin, trace
from api.transport.proxies import TrustedProxies, is_address
from domain.kernel.errors import ErrorCode

_ANY_HOST: Final = "*"
_REMEMBERED = 1_000
# The client has gone before there was an answer, as proxies say it.
_NO_ANSWER: Final = 499
_PATH_CHARACTERS: Final = 200
_SCHEMES = {b"https": {"http": "https", "websocket": "wss"}, b"http": {"http": "http", "websocket": "ws"}}


class HostPolicy:
    """The allowed hosts. ``allowed`` holds names, ``*.name`` for all below one, or ``*`` for any."""

    def __init__(self, allowed: Collection[str]) -> None:
        names = {name.lower().rstrip(".") for name in allowed} | {"localhost", "*.localhost"}
        self._any = _ANY_HOST in names
        self._names = frozenset(name for name in names if not name.startswith("*"))
        self._below = tuple(name[1:] for name in names if name.startswith("*."))
        self._known: set[bytes] = set()

    def permits(self, hosts: list[bytes]) -> bool:
        """True if a request with these Host headers is for this server; a request without one comes from no browser."""
        if self._any or not hosts:
            return True
        if len(hosts) > 1:
            return False
        if hosts[0] in self._known:
            return True
        permitted = self._is_allowed(_host_name(hosts[0].decode("latin-1")))
        if permitted and len(self._known) < _REMEMBERED:
            self._known.add(hosts[0])
        return permitted

    def _is_allowed(self, name: str | None) -> bool:
        if name is None:
            return False
        return name in self._names or is_address(name) or name.endswith(self._below)


def _host_name(host: str) -> str | None:
    """The name within a Host header, or None when it is none."""
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        rest = port.removeprefix(":")
        return name if bracket and (not port or port != rest) and (not rest or rest.isdecimal()) else None
    name, _, port = host.partition(":")
    return name.lower().rstrip(".") if name and (not port or port.isdecimal()) else None


class Front:
    """The ASGI application around all routes."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: HostPolicy,
        proxies: TrustedProxies,
        request_log: RequestLog | None = None,
        tracing: RequestTracing | None = None,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._proxies = proxies
        self._request_log = request_log
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its client's address, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        if client and self._proxies.trusts(client[0]):
            scope["client"] = (self._proxies.client_of(client[0], _values(scope, b"x-forwarded-for")), 0)
            for protocol in _values(scope, b"x-forwarded-proto"):
                scope["scheme"] = _SCHEMES.get(protocol.rpartition(b",")[2].strip().lower(), {}).get(
                    scope["type"], scope["scheme"]
                )
        permitted = self._hosts.permits([value for name, value in scope["headers"] if name == b"host"])
        if scope["type"] == "websocket":
            await (self._app if permitted else _refuse)(scope, receive, send)
            return
        answer = _unless_gone(send)
        if self._request_log is None:
            await (self._app if permitted else _refuse)(scope, receive, answer)
            return
        record = begin(scope["method"], _path(scope), scope["client"][0] if client else "")
        record.status = _NO_ANSWER
        if self._tracing is not None:
            trace(self._tracing, record, _traceparent(scope))
        try:
            await (self._app if permitted else _refuse)(scope, receive, _noted(answer, record))
        finally:
            self._request_log(record.level(), record.line)
            if self._tracing is not None:
                self._tracing.end(record.span, record.fields(), record.status)


def _noted(send: Send, record: RequestRecord) -> Send:
    """Send the answer to a request with the header that names it, and note its status."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            record.status = message["status"]
            message["headers"] = [*message["headers"], record.header]
        await send(message)

    return sending


def _traceparent(scope: Scope) -> str | None:
    """The client's span; None without one, or with several, as its standard has it."""
    named = _values(scope, b"traceparent")
    return named[0].decode("latin-1") if len(named) == 1 else None


def _path(scope: Scope) -> str:
    """The path as received, so that no character of it can be mistaken in a log; never the query."""
    return (scope.get("raw_path") or b"").decode("ascii", "backslashreplace").partition("?")[0][:_PATH_CHARACTERS]


def _unless_gone(send: Send) -> Send:
    """Send to a client until its connection is closed; the rest of an answer is then dropped."""

    async def sending(message: Message) -> None:
        try:
            await send(message)
        except RuntimeError as error:
            # The transport of uvloop says so when it was closed in this moment; uvicorn learns it a little later.
            if "handler is closed" not in str(error):
                raise

    return sending


def _values(scope: Scope, wanted: bytes) -> list[bytes]:
    return [value for name, value in scope["headers"] if name == wanted]


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        # Closed before it was accepted: the handshake is answered with 403.
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    message = "This server does not serve this host name; the setting TRADEGRAPH_ALLOWED_HOSTS lists the allowed ones."
    body = encode({"errors": [coded(message, ErrorCode.FORBIDDEN.value)]})
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    status = int(HTTPStatus.MISDIRECTED_REQUEST)
    await send(
        {"type": "http.response.start", "status": status, "headers": [*headers, (b"cache-control", b"no-store")]}
    )
    await send({"type": "http.response.body", "body": body})
