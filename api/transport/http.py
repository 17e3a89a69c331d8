"""GraphQL over HTTP: GET for queries, POST for queries and mutations, both media types with their status codes."""

from collections.abc import Mapping
from http import HTTPStatus

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from api.errors import INTERNAL, OPERATION_NOT_ALLOWED, RequestError, masked
from api.graphql.documents import Operation
from api.graphql.encoding import encode
from api.graphql.runner import Answer, Caller, OperationRequest, OperationRunner, bearer_token, refusal_of
from api.request_rates import TooManyRequests, rate_headers
from api.requests import current_record
from api.transport.event_stream import STREAM_PATH, EventStreams
from api.transport.guarded import EXTENSION, GuardedHttp
from api.transport.negotiation import GRAPHQL_JSON, JSON, answer_type, wants_stream
from api.transport.origin import FOREIGN_PAGE, OriginPolicy
from api.transport.reading import HttpRefusal, address_of, headers_of, read_request
from api.transport.replies import Headers, Reply
from domain.access.types import Actor
from domain.kernel.errors import ErrorCode

_STATUS = {
    ErrorCode.UNAUTHENTICATED.value: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN.value: HTTPStatus.FORBIDDEN,
    OPERATION_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    ErrorCode.RATE_LIMITED.value: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.UNAVAILABLE.value: HTTPStatus.SERVICE_UNAVAILABLE,
    INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
_USE_STREAMS = (
    "Subscriptions run over WebSocket (graphql-transport-ws) or as event streams (graphql-sse, text/event-stream)."
)


class GraphQLOverHttp:
    """The ASGI application behind ``/graphql`` and ``/graphql/stream`` for HTTP."""

    def __init__(self, runner: OperationRunner, origins: OriginPolicy, streams: EventStreams) -> None:
        self._runner = runner
        self._streams = streams
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; never raises."""
        headers = headers_of(scope)
        media_type = answer_type(headers.get("accept")) or JSON
        extra = self._origins.cors_headers(headers)
        try:
            if scope["method"] == "OPTIONS":
                head = {"type": "http.response.start", "status": int(HTTPStatus.NO_CONTENT)}
                await send({**head, "headers": self._preflight(headers)})
                await send({"type": "http.response.body", "body": b""})
                return
            if not self._origins.permits(headers):
                raise HttpRefusal(HTTPStatus.FORBIDDEN, FOREIGN_PAGE)
            if _is_stream(scope, headers):
                await self._streams.serve(scope, headers, receive, send, extra)
                return
            reply = await self._respond(scope, headers, receive, media_type, extra)
        except HttpRefusal as refusal:
            reply = Reply(refusal.status, encode(refusal.answer.content), media_type)
            extra += refusal.headers
        except RequestError as error:
            reply = Reply(_STATUS.get(error.code, HTTPStatus.BAD_REQUEST), encode({"errors": error.errors}), media_type)
            extra += self._limit_headers(error)
        except Exception as error:  # noqa: BLE001  the last line of defence: masked, logged and answered
            context = self._runner.context(Caller(address_of(scope)))
            failure = encode({"errors": [masked(error, context)]})
            reply = Reply(HTTPStatus.INTERNAL_SERVER_ERROR, failure, media_type)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            extra.append((b"www-authenticate", b"Bearer"))
        await reply.send(scope, send, headers, extra)

    @staticmethod
    def _limit_headers(error: RequestError) -> Headers:
        record = current_record()
        if record is not None:
            record.outcome = error.code
        return rate_headers(error.kind, error.allowance) if isinstance(error, TooManyRequests) else []

    def _preflight(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        allowed = self._origins.preflight_headers(headers)
        if not allowed:
            raise HttpRefusal(HTTPStatus.FORBIDDEN, FOREIGN_PAGE)
        return allowed

    async def _respond(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, media_type: str, extra: Headers
    ) -> Reply:
        if answer_type(headers.get("accept")) is None:
            message = f"Answers are {GRAPHQL_JSON} or {JSON}. {_USE_STREAMS}"
            raise HttpRefusal(HTTPStatus.NOT_ACCEPTABLE, message)
        request = await read_request(scope, headers, receive, self._runner.limits)
        try:
            caller = await self._identify(scope, headers, extra)
            operation = self._prepare(request, caller, scope["method"])
            answer = await self._runner.answer(operation, request.variables, caller)
            is_read = operation.kind is OperationType.QUERY and "errors" not in answer.content
        except TooManyRequests:
            raise
        except RequestError as error:
            answer, is_read = refusal_of(error), False
            record = current_record()
            if record is not None:
                record.outcome = error.code
        return Reply(_status_of(answer, media_type), encode(answer.content), media_type, is_read)

    async def _identify(self, scope: Scope, headers: Mapping[str, str], extra: Headers) -> Caller:
        """The caller, whose request is counted."""
        authorization, device = headers.get("authorization"), headers.get("user-agent", "")
        caller = await self._runner.identify(bearer_token(authorization), address_of(scope), device)
        limit = self._runner.admit(caller)
        if limit is not None:
            extra += rate_headers(*limit)
        if caller.actor is not None:
            _own(scope, caller.actor)
        return caller

    def _prepare(self, request: OperationRequest, caller: Caller, method: str) -> Operation:
        operation = self._runner.prepare(request, caller)
        if operation.kind is OperationType.SUBSCRIPTION:
            raise HttpRefusal(HTTPStatus.BAD_REQUEST, _USE_STREAMS, field="query")
        if method == "GET" and operation.kind is not OperationType.QUERY:
            raise HttpRefusal(HTTPStatus.METHOD_NOT_ALLOWED, "Send a mutation with POST.", (b"allow", b"POST"))
        return operation


def _status_of(answer: Answer, media_type: str) -> HTTPStatus:
    """The status: 200 for every well-formed request in application/json; in the newer type that of the refusal."""
    if media_type == JSON or not answer.is_refusal:
        return HTTPStatus.OK
    return _STATUS.get(answer.code or "", HTTPStatus.BAD_REQUEST)


def _is_stream(scope: Scope, headers: Mapping[str, str]) -> bool:
    """True if the answer is to be an event stream: by its address, or because the client takes nothing else."""
    if scope["path"] == STREAM_PATH:
        return True
    accept = headers.get("accept")
    return answer_type(accept) is None and wants_stream(accept)


def _own(scope: Scope, actor: Actor) -> None:
    """Count the waiting bytes of this connection for the caller."""
    connection = scope.get("extensions", {}).get(EXTENSION)
    if isinstance(connection, GuardedHttp):
        connection.own(actor.user_id)
