"""Requests and answers as they travel: pure translation between Python's values and the API's JSON."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

import pydantic

from tradegraph_client.errors import (
    ApiError,
    Forbidden,
    RateLimited,
    ServerFailure,
    Unauthenticated,
    Unavailable,
    error_of,
)
from tradegraph_client.model import UnsetType

_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERRORS: Final = 500
_UNAVAILABLE: Final = (502, 503, 504)
_REFUSED: Final[Mapping[int, type[ApiError]]] = {401: Unauthenticated, 403: Forbidden}
_SHOWN_CHARACTERS: Final = 200


def encode(value: object) -> Any:
    """A value as JSON has it: decimals as plain text, times in RFC 3339, models by the API's names.

    Raises:
        ValueError: a time has no zone, or a number is not finite.
    """
    if isinstance(value, pydantic.BaseModel):
        given = {name: getattr(value, name) for name in type(value).model_fields if name in value.model_fields_set}
        return {_alias(value, name): encode(item) for name, item in given.items()}
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items() if not isinstance(item, UnsetType)}
    if isinstance(value, list | tuple | set | frozenset):
        return [encode(item) for item in value]
    return _encode_scalar(value)


def _encode_scalar(value: object) -> Any:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a number that the API knows")
        return f"{value:f}"
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError("a time needs a zone: use datetime.now(UTC), or tzinfo")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return value


def _alias(model: pydantic.BaseModel, name: str) -> str:
    return type(model).model_fields[name].alias or name


def body_of(document: str, operation: str | None, variables: Mapping[str, Any]) -> bytes:
    """The body of a request."""
    return json.dumps({"query": document, "operationName": operation, "variables": variables}).encode()


def read_answer(status: int, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The data of an answer.

    Raises:
        ApiError: it is an error, whether the server or a proxy before it says so.
    """
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not ("data" in answer or "errors" in answer):
        raise _error_of_status(status, headers, body)
    if answer.get("errors"):
        raise _with_patience(error_of(answer["errors"][0]), headers)
    data: dict[str, Any] = answer["data"]
    return data


def _with_patience(error: ApiError, headers: Mapping[str, str]) -> ApiError:
    seconds = retry_after(headers)
    if isinstance(error, RateLimited) and seconds is not None:
        error.extensions.setdefault("retryAfterSeconds", seconds)
    return error


def _error_of_status(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The meaning of an answer that is not GraphQL: it comes from a proxy, or the request was not even one."""
    said = " ".join(body.decode(errors="replace")[:_SHOWN_CHARACTERS].split())
    message = f"the server answered with status {status}: {said}"
    if status == _TOO_MANY_REQUESTS:
        return _with_patience(RateLimited(message, {"code": "RATE_LIMITED"}), headers)
    if status in _UNAVAILABLE:
        return Unavailable(message)
    if status >= _SERVER_ERRORS:
        return ServerFailure(message)
    return _REFUSED.get(status, ApiError)(message)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the header Retry-After asks to wait; None without one."""
    said = headers.get("retry-after")
    if said is None:
        return None
    if said.strip().isdigit():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    # Compared with the answer's own date, so that a wrong clock of this machine does not matter.
    now = headers.get("date")
    since = parsedate_to_datetime(now) if now else datetime.now(UTC)
    return max(0.0, (until - since).total_seconds())
