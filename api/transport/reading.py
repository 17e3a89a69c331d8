"""Reading a request that came by HTTP: its address, its headers, and its GraphQL request within the bounds."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope

from api.errors import coded
from api.graphql.runner import Answer, OperationRequest, request_of
from api.limits import RequestLimits
from api.transport.negotiation import JSON, content_type
from api.transport.whole import CLOSE, whole_body
from domain.kernel.errors import ErrorCode

_MAX_PARAMETERS = 10


class HttpRefusal(Exception):
    """A request that is refused as HTTP, before it is a GraphQL request: it has its own status in either media type."""

    def __init__(self, status: HTTPStatus, message: str, *headers: tuple[bytes, bytes], field: str | None = None):
        super().__init__(message)
        self.status = status
        self.headers = headers
        place = {} if field is None else {"field": field}
        code = ErrorCode.FORBIDDEN if status is HTTPStatus.FORBIDDEN else ErrorCode.BAD_USER_INPUT
        self.answer = Answer({"errors": [coded(message, code.value, **place)]}, code.value)


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers by their names in small letters."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def address_of(scope: Scope) -> str:
    """The client's address; empty for none."""
    client = scope.get("client")
    return str(client[0]) if client else ""


async def read_request(
    scope: Scope, headers: Mapping[str, str], receive: Receive, limits: RequestLimits
) -> OperationRequest:
    """The GraphQL request of a GET or a POST.

    Raises:
        HttpRefusal: it is no GraphQL request, or beyond a bound.
        MalformedRequest: a part of it is of the wrong type.
    """
    method = scope["method"]
    if method == "GET":
        return _from_query_string(scope["query_string"])
    if method != "POST":
        raise HttpRefusal(HTTPStatus.METHOD_NOT_ALLOWED, "Use GET or POST.", (b"allow", b"GET, POST"))
    media_type, is_utf8 = content_type(headers.get("content-type", ""))
    if media_type != JSON or not is_utf8 or headers.get("content-encoding", "identity") != "identity":
        message = f"The body must be {JSON} in UTF-8, not compressed."
        raise HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, message)
    body = await _read_body(scope, headers, receive, limits)
    return _from_json(_decode(body, "body"))


async def _read_body(scope: Scope, headers: Mapping[str, str], receive: Receive, limits: RequestLimits) -> bytes:
    # Most bodies come together with their headers; to receive one, with a deadline, costs more than to decode it.
    body = whole_body(scope)
    if body is None:
        return await _receive_body(headers, receive, limits)
    if len(body) > limits.body_bytes:
        raise _too_large(limits)
    return body


def _too_large(limits: RequestLimits, *headers: tuple[bytes, bytes]) -> HttpRefusal:
    words = f"A request has at most {limits.body_bytes} bytes."
    return HttpRefusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words, *headers)


async def _receive_body(headers: Mapping[str, str], receive: Receive, limits: RequestLimits) -> bytes:
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
        raise HttpRefusal(HTTPStatus.REQUEST_TIMEOUT, "The body took too long.", CLOSE) from None
    if is_too_large:
        raise _too_large(limits, *([CLOSE] if more else []))
    return b"".join(parts)


def _from_query_string(query_string: bytes) -> OperationRequest:
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


def _from_json(content: Any) -> OperationRequest:
    if isinstance(content, list):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "Send one operation per request; several in one are not taken.")
    if not isinstance(content, dict):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return request_of(content)
