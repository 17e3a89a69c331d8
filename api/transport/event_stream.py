"""GraphQL over server-sent events: the protocol graphql-sse, with a connection for each operation.

For clients behind proxies that block WebSockets. Subscriptions share the hub, the bounded queues and the rules of
sockets. An error before the caller and its rights are known has an HTTP status; every other error
comes as an event, because clients read no body of an answer that is not a stream.
"""

import asyncio
from collections.abc import Hashable, Mapping
from http import HTTPStatus
from typing import Any, Final

from graphql import OperationType
from starlette.types import Receive, Scope, Send

from api.errors import RequestError, coded, errors_of, refused
from api.graphql.documents import Operation
from api.graphql.encoding import encode
from api.graphql.runner import Caller, OperationRequest, OperationRunner, bearer_token
from api.realtime.hub import Hub
from api.realtime.protocol_messages import SERVER_SENT_EVENTS
from api.realtime.send_queue import SendQueue
from api.realtime.subscriptions import Subscription
from api.requests import current_record
from api.transport.credential import Credential
from api.transport.guarded import EXTENSION, GuardedHttp
from api.transport.listeners import Listeners
from api.transport.negotiation import EVENT_STREAM, wants_stream
from api.transport.reading import HttpRefusal, address_of, read_request
from domain.kernel.errors import DomainError, ErrorCode
from domain.kernel.supervision import HandedTo

STREAM_PATH: Final = "/graphql/stream"

# The only operation of its connection needs no name.
_ID: Final = ""
# A comment: proxies pass the head on with it, and a client that is gone is noticed.
_PING: Final = b":\n\n"
_HEADERS: Final = (
    (b"content-type", f"{EVENT_STREAM}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # nginx would collect events until it has a page of them.
    (b"x-accel-buffering", b"no"),
)


class EventStream:
    """One operation, from its request to the end of its events."""

    def __init__(self, runner: OperationRunner, hub: Hub, connection: GuardedHttp, address: str, device: str) -> None:
        self._runner = runner
        self._hub = hub
        self._connection = connection
        self._address = address
        self._outbox = SendQueue(connection, SERVER_SENT_EVENTS)
        self._credential = Credential(runner, address, device, self._changed, self._lost)
        self._subscription: Subscription | None = None
        self._loss: DomainError | None = None
        self._over = asyncio.Event()
        self._stops = False
        self._pinging: asyncio.TimerHandle | None = None

    @property
    def caller(self) -> Caller | None:
        """The caller who listens."""
        return self._credential.caller

    async def sign_in(self, token: str | None) -> Caller:
        """Identify the caller.

        Raises:
            RequestError: nobody whom the server knows, or it cannot say now.
        """
        try:
            caller = await self._credential.identify(token)
        except DomainError as error:
            raise refused(error) from error
        self._credential.accept(caller)
        return caller

    def own(self, owner: Hashable) -> None:
        """Count the bytes that wait for the client for this user."""
        self._connection.own(owner)

    async def review(self) -> None:
        """Rights may have changed: identify the caller again, and end or review the subscription."""
        await self._credential.review()

    def close(self) -> None:
        """Let go of everything."""
        self._credential.close()
        self._connection.end_stream()
        self._outbox.close()
        if self._pinging is not None:
            self._pinging.cancel()
        if self._subscription is not None:
            self._subscription.cancel()
            self._runner.metrics.subscribed(-1)
            self._subscription = None

    # -------------------------------------------------------------- the operation

    async def run(self, request: OperationRequest, method: str, send: Send, extra: list[tuple[bytes, bytes]]) -> None:
        """Answer with events until the operation, the client or the server ends."""
        await send({"type": "http.response.start", "status": int(HTTPStatus.OK), "headers": [*_HEADERS, *extra]})
        self._connection.begin_stream(self._outbox.resume, self._gone, self._stop)
        self._ping()
        await self._serve(request, method)
        if self._subscription is not None:
            await self._over.wait()
            if not self._stops:
                await self._subscription.queue.drained()
        if not self._stops:
            await self._outbox.answered()
        self.close()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _serve(self, request: OperationRequest, method: str) -> None:
        operation: Operation | None = None
        caller = self._credential.caller
        assert caller is not None
        try:
            operation = self._runner.prepare(request, caller)
            if operation.kind is OperationType.SUBSCRIPTION:
                await self._begin(operation, request.variables, caller)
            else:
                await self._answer(operation, request.variables, caller, method)
        except Exception as error:  # noqa: BLE001  the last line of defence: masked, logged and sent
            context = self._runner.context(caller)
            errors = errors_of(error, context)
            if operation is not None:
                errors = operation.placed(errors)
                await self._runner.note_refusals(operation, request.variables, context, errors)
            record = current_record()
            if record is not None:
                record.outcome = errors[0]["extensions"]["code"]
            self._outbox.send(self._outbox.format.error(_ID, errors))

    async def _begin(self, operation: Operation, variables: Mapping[str, Any] | None, caller: Caller) -> None:
        subscription = await self._hub.subscribe(_ID, operation, variables, caller, self._outbox, self._ended)
        self._subscription = subscription
        self._runner.metrics.subscribed(1)
        with HandedTo(subscription.end):
            await subscription.start()
        # Rights may have changed while it began.
        if self._loss is not None:
            subscription.end(self._loss)
        elif self.caller is not caller and self.caller is not None:
            subscription.review(self.caller)

    async def _answer(
        self, operation: Operation, variables: Mapping[str, Any] | None, caller: Caller, method: str
    ) -> None:
        if method == "GET" and operation.kind is not OperationType.QUERY:
            raise RequestError(coded("Send a mutation with POST.", ErrorCode.BAD_USER_INPUT.value, field="query"))
        answer = await self._runner.answer_to_the_end(operation, variables, caller)
        before, after = self._outbox.format.around(_ID)
        self._outbox.send(before + encode(answer.content) + after + self._outbox.format.complete(_ID))

    # -------------------------------------------------------------- what happens meanwhile

    def _ping(self) -> None:
        if self._outbox.is_open:
            self._connection.write_text(_PING)
        seconds = self._runner.limits.stream_ping_seconds
        self._pinging = asyncio.get_running_loop().call_later(seconds, self._ping)

    def _ended(self, _operation_id: str) -> None:
        self._over.set()

    def _gone(self) -> None:
        """The client has left."""
        self._outbox.close()
        self._over.set()

    def _stop(self) -> None:
        """The server stops: without a word of completion, so that the client comes again and resumes."""
        self._stops = True
        self._over.set()

    def _changed(self, caller: Caller) -> None:
        if self._subscription is not None:
            self._subscription.review(caller)

    def _lost(self, error: DomainError) -> None:
        self._loss = error
        if self._subscription is not None:
            self._subscription.end(error)


class EventStreams(Listeners[EventStream]):
    """All open event streams of one process."""

    def __init__(self, runner: OperationRunner, hub: Hub) -> None:
        super().__init__(runner, runner.limits.streams_per_user)
        self._hub = hub

    async def serve(
        self,
        scope: Scope,
        headers: Mapping[str, str],
        receive: Receive,
        send: Send,
        extra: list[tuple[bytes, bytes]],
    ) -> None:
        """Serve one stream; raises only before the answer has begun.

        Raises:
            HttpRefusal: it is no GraphQL request, or its answer would not be understood.
            RequestError: nobody has signed in, or the user has too many streams.
        """
        if not wants_stream(headers.get("accept")):
            raise HttpRefusal(HTTPStatus.NOT_ACCEPTABLE, f"Answers are {EVENT_STREAM}.")
        request = await read_request(scope, headers, receive, self._runner.limits)
        connection = scope["extensions"].get(EXTENSION)
        assert isinstance(connection, GuardedHttp), "the server has to run the protocol of server_options"
        device = headers.get("user-agent", "")
        stream = EventStream(self._runner, self._hub, connection, address_of(scope), device)
        self.enter(stream)
        self._runner.metrics.event_streams.inc()
        try:
            caller = await stream.sign_in(bearer_token(headers.get("authorization")))
            self._runner.admit(caller)
            if not self.admit(stream, caller):
                text = f"At most {self._runner.limits.streams_per_user} event streams are open for one user."
                raise RequestError(coded(text, ErrorCode.RATE_LIMITED.value))
            await stream.run(request, scope["method"], send, extra)
        finally:
            stream.close()
            self.leave(stream)
            self._runner.metrics.event_streams.dec()
