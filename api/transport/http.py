"""GraphQL over HTTP: GET for queries, POST for queries and mutations, both media types with their status codes."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
from graphql import OperationType
from starlette.types import Receive, Scope, Send

from api.errors import INTERNAL, MalformedRequest, RequestError, coded, masked
from api.graphql.encoding import encode
from api.graphql.runner import Answer, Caller, OperationRunner, Request, bearer_token, refusal_of, request_of
from api.limits import Limits
from api.requests import current_record
from api.transport.guarded import EXTENSION, GuardedHttp
from api.transport.negotiation import GRAPHQL_JSON, JSON, answer_type, content_type
from api.transport.origin import OriginPolicy
from domain.access.types import Actor
from domain.kernel.errors import ErrorCode

_STATUS = {
    ErrorCode.UNAUTHENTICATED.value: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN.value: HTTPStatus.FORBIDDEN,
    ErrorCode.RATE_LIMITED.value: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.UNAVAILABLE.value: HTTPStatus.SERVICE_UNAVAILABLE,
    INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_MAX_PARAMETERS = 10
_FOREIGN_PAGE = (
    "Pages of this origin may not use this server: its operator can allow the origin by TRADEGRAPH_ALLOWED_ORIGINS."
)
_NOT_CACHED = (b"cache-control", b"no-store")
_CLOSE = (b"connection", b"close")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_USE_WEBSOCKET = "Subscriptions run over WebSocket (graphql-transport-ws), not over plain HTTP."


class HttpRefusal(Exception):
    """A request that is refused as HTTP, before it is a GraphQL request: it has its own status in either media type."""

    def __init__(self, status: HTTPStatus, message: str, *headers: tuple[bytes, bytes], field: str | None = None):
        super().__init__(message)
        self.status = status
        self.headers = headers
        place = {} if field is None else {"field": field}
        code = ErrorCode.FORBIDDEN if status is HTTPStatus.FORBIDDEN else ErrorCode.BAD_USER_INPUT
        self.answer = Answer({"errors": [coded(message, code.value, **place)]}, code.value)


class GraphQLOverHttp:
    """The ASGI application behind ``/graphql`` for HTTP."""

    def __init__(self, runner: OperationRunner, origins: OriginPolicy) -> None:
        self._runner = runner
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; never raises."""
        headers = _headers(scope)
        media_type = answer_type(headers.get("accept")) or JSON
        extra = self._origins.cors_headers(headers)
        try:
            if scope["method"] == "OPTIONS":
                await _send(send, HTTPStatus.NO_CONTENT, b"", self._preflight(headers))
                return
            status, answer = await self._respond(scope, headers, receive, media_type)
            body = encode(answer.content)
        except HttpRefusal as refusal:
            status, body = refusal.status, encode(refusal.answer.content)
            extra = [*extra, *refusal.headers]
        except MalformedRequest as error:
            status, body = HTTPStatus.BAD_REQUEST, encode({"errors": error.errors})
        except Exception as error:  # noqa: BLE001  the last line of defence: masked, logged and answered
            context = self._runner.context(Caller(_address(scope)))
            status, body = HTTPStatus.INTERNAL_SERVER_ERROR, encode({"errors": [masked(error, context)]})
        if status == HTTPStatus.UNAUTHORIZED:
            extra = [*extra, (b"www-authenticate", b"Bearer")]
        named = (b"content-type", f"{media_type}; charset=utf-8".encode())
        await _send(send, status, body, [named, _NOT_CACHED, _NO_SNIFFING, *extra])

    def _preflight(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        allowed = self._origins.preflight_headers(headers)
        if not allowed:
            raise HttpRefusal(HTTPStatus.FORBIDDEN, _FOREIGN_PAGE)
        return allowed

    async def _respond(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, media_type: str
    ) -> tuple[HTTPStatus, Answer]:
        if not self._origins.permits(headers):
            raise HttpRefusal(HTTPStatus.FORBIDDEN, _FOREIGN_PAGE)
        if answer_type(headers.get("accept")) is None:
            message = f"Answers are {GRAPHQL_JSON} or {JSON}. {_USE_WEBSOCKET}"
            raise HttpRefusal(HTTPStatus.NOT_ACCEPTABLE, message)
        request = await self._read(scope, headers, receive)
        try:
            answer = await self._run(scope, request, headers)
        except RequestError as error:
            answer = refusal_of(error)
            record = current_record()
            if record is not None:
                record.outcome = error.code
        return _status_of(answer, media_type), answer

    async def _run(self, scope: Scope, request: Request, headers: Mapping[str, str]) -> Answer:
        runner, method = self._runner, scope["method"]
        authorization, device = headers.get("authorization"), headers.get("user-agent", "")
        caller = await runner.identify(bearer_token(authorization), _address(scope), device)
        if caller.actor is not None:
            _own(scope, caller.actor)
        operation = runner.prepare(request, caller)
        if operation.kind is OperationType.SUBSCRIPTION:
            raise HttpRefusal(HTTPStatus.BAD_REQUEST, _USE_WEBSOCKET, field="query")
        if method == "GET" and operation.kind is not OperationType.QUERY:
            raise HttpRefusal(HTTPStatus.METHOD_NOT_ALLOWED, "Send a mutation with POST.", (b"allow", b"POST"))
        return await runner.answer(operation, request.variables, caller)

    async def _read(self, scope: Scope, headers: Mapping[str, str], receive: Receive) -> Request:
        method = scope["method"]
        if method == "GET":
            return _from_query_string(scope["query_string"])
        if method != "POST":
            raise HttpRefusal(HTTPStatus.METHOD_NOT_ALLOWED, "Use GET or POST.", (b"allow", b"GET, POST"))
        media_type, is_utf8 = content_type(headers.get("content-type", ""))
        if media_type != JSON or not is_utf8 or headers.get("content-encoding", "identity") != "identity":
            message = f"The body must be {JSON} in UTF-8, not compressed."
            raise HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
        body = await _read_body(headers, receive, self._runner.limits)
        return _from_json(_decode(body, "body"))


async def _read_body(headers: Mapping[str, str], receive: Receive, limits: Limits) -> bytes:
    announced = headers.get("content-length", "")
    is_too_large = announced.isdigit() and int(announced) > limits.body_bytes
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            more = True
            while more and size <= limits.discarded_bytes:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise HttpRefusal(HTTPStatus.BAD_REQUEST, "The body is incomplete.")
                part = message.get("body", b"")
                size += len(part)
                is_too_large = is_too_large or size > limits.body_bytes
                if is_too_large:
                    # Read on without keeping it: a client that is cut off while it writes does not hear why.
                    parts.clear()
                else:
                    parts.append(part)
                more = message.get("more_body", False)
    except TimeoutError:
        raise HttpRefusal(HTTPStatus.REQUEST_TIMEOUT, "The body took too long.", _CLOSE) from None
    if is_too_large:
        words = f"A request has at most {limits.body_bytes} bytes."
        raise HttpRefusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words, *([_CLOSE] if more else []))
    return b"".join(parts)


def _from_query_string(query_string: bytes) -> Request:
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS
        )
    except ValueError as error:
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "The query string cannot be read.") from error
    parameters: dict[str, Any] = dict(reversed(pairs))
    for name in ("variables", "extensions"):
        if parameters.get(name):
            parameters[name] = _decode(parameters[name], name)
        else:
            parameters.pop(name, None)
    return _from_json(parameters)


def _decode(text: bytes | str, field: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, f"The {field} is not valid JSON.", field=field) from error


def _from_json(content: Any) -> Request:
    if isinstance(content, list):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "Send one operation per request; several in one are not taken.")
    if not isinstance(content, dict):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return request_of(content)


def _status_of(answer: Answer, media_type: str) -> HTTPStatus:
    """The status: 200 for every well-formed request in application/json; in the newer type that of the refusal."""
    if media_type == JSON or not answer.is_refusal:
        return HTTPStatus.OK
    return _STATUS.get(answer.code or "", HTTPStatus.BAD_REQUEST)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _own(scope: Scope, actor: Actor) -> None:
    """Count the waiting bytes of this connection for the caller."""
    connection = scope.get("extensions", {}).get(EXTENSION)
    if isinstance(connection, GuardedHttp):
        connection.own(actor.user_id)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _send(send: Send, status: HTTPStatus, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    if status is not HTTPStatus.NO_CONTENT:
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
