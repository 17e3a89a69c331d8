"""Files over HTTP, in either direction: the caller, the bound of what one person does at a time, and refusals."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from http import HTTPStatus
from typing import Final
from uuid import UUID

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from api.context import Context
from api.errors import INTERNAL, coded, errors_of
from api.graphql.runner import Caller, OperationRunner, bearer_token
from api.request_rates import TooManyRequests, rate_headers
from api.requests import current_record
from api.transport.origin import FOREIGN_PAGE, OriginPolicy
from domain.access.types import Actor
from domain.kernel.errors import BadInput, ErrorCode, RateLimited, Unauthenticated

_STATUS: Final[Mapping[str, HTTPStatus]] = {
    ErrorCode.UNAUTHENTICATED.value: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN.value: HTTPStatus.FORBIDDEN,
    ErrorCode.NOT_FOUND.value: HTTPStatus.NOT_FOUND,
    ErrorCode.CONFLICT.value: HTTPStatus.CONFLICT,
    ErrorCode.RATE_LIMITED.value: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.UNAVAILABLE.value: HTTPStatus.SERVICE_UNAVAILABLE,
    INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}

# Neither a cache nor a guess of a browser takes an answer for anything else.
NOT_KEPT: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Places:
    """The transfers of a kind that run in one process: at most ``most`` of a user."""

    def __init__(self, most: int, kind: str) -> None:
        self._most = most
        self._kind = kind
        self._taken: Counter[UUID] = Counter()

    def take(self, user_id: UUID) -> None:
        """Take a place, which has to be given back.

        Raises:
            RateLimited: the user has all of them.
        """
        if self._taken[user_id] >= self._most:
            raise RateLimited(f"One person runs at most {self._most} {self._kind} at a time.")
        self._taken[user_id] += 1

    def give_back(self, user_id: UUID) -> None:
        """Give a place back."""
        self._taken[user_id] -= 1
        if not self._taken[user_id]:
            del self._taken[user_id]


class FromAllowedPages:
    """A transfer as pages may ask for it: those of foreign origins are refused, those of allowed ones may read it."""

    def __init__(self, origins: OriginPolicy, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._origins = origins
        self._answer = answer

    async def __call__(self, request: Request) -> Response:
        """The answer, that to a preflight request, or the refusal of the page."""
        if request.method == "OPTIONS":
            allowed = self._origins.preflight_headers(request.headers)
            response = Response(status_code=HTTPStatus.NO_CONTENT) if allowed else _foreign()
        elif self._origins.permits(request.headers):
            allowed, response = self._origins.cors_headers(request.headers), await self._answer(request)
        else:
            allowed, response = [], _foreign()
        for name, value in allowed:
            response.headers.append(name.decode(), value.decode("latin-1"))
        return response


def _foreign() -> Response:
    error = coded(FOREIGN_PAGE, ErrorCode.FORBIDDEN.value)
    return Response(
        orjson.dumps({"errors": [error]}), HTTPStatus.FORBIDDEN, headers=NOT_KEPT, media_type="application/json"
    )


def check_parameters(given: QueryParams, names: Collection[str], message: str) -> None:
    """Check that an address has only the parameters ``names``, each once.

    Raises:
        BadInput: it has another one, which ``message`` answers, or one of them twice.
    """
    unknown = sorted(set(given) - set(names))
    if unknown:
        raise BadInput(message, field=unknown[0])
    for name in given:
        if len(given.getlist(name)) > 1:
            raise BadInput(f"Give {name} once.", field=name)


async def identify(runner: OperationRunner, request: Request) -> tuple[Caller, Actor]:
    """The caller of a request, which is counted, with its actor.

    Raises:
        Unauthenticated: nobody is signed in.
        RequestError: the credential cannot be checked now, or the caller has used up what it may ask.
    """
    address = request.client.host if request.client else ""
    token = bearer_token(request.headers.get("authorization"))
    caller = await runner.identify(token, address, request.headers.get("user-agent", ""))
    if caller.actor is None:
        raise caller.refusal or Unauthenticated("Sign in first.")
    runner.admit(caller)
    return caller, caller.actor


async def answered(runner: OperationRunner, answer: Awaitable[Response]) -> Response:
    """The answer of a transfer, or the reason why there is none, as errors of the API have it."""
    try:
        return await answer
    except Exception as error:  # noqa: BLE001  the last line of defence: masked, logged and answered
        return _refusal(error, Context(runner.services, record=current_record()))


def _refusal(error: Exception, context: Context) -> Response:
    errors = errors_of(error, context)
    code = str(errors[0]["extensions"]["code"])
    if context.record is not None:
        context.record.outcome = code
    status = _STATUS.get(code, HTTPStatus.BAD_REQUEST)
    headers = NOT_KEPT | ({"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {})
    response = Response(orjson.dumps({"errors": errors}), status, headers, "application/json")
    if isinstance(error, TooManyRequests):
        response.raw_headers.extend(rate_headers(error.kind, error.allowance))
    return response
