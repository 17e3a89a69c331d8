"""GraphQL over WebSocket: one session of the graphql-transport-ws protocol.

A client signs in with ``connection_init {"authorization": "Bearer ..."}`` and is closed with 4403 as soon as that
credential stops working. Reading waits until the client has taken earlier answers, so a client that only asks and never
reads cannot fill our memory.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final

import orjson
from graphql import GraphQLFormattedError, OperationType
from starlette.types import Receive, Scope, Send

from api.errors import MalformedRequest, RequestError, coded, errors_of, masked
from api.graphql.documents import Operation
from api.graphql.encoding import encode
from api.graphql.runner import Answer, Caller, OperationRunner, bearer_token, request_of
from api.realtime.hub import Hub
from api.realtime.send_queue import SendQueue
from api.realtime.subscriptions import Subscription
from api.requests import begin, current_record, trace
from api.transport.close_codes import (
    ALREADY_SUBSCRIBED,
    BAD_REQUEST,
    INIT_TIMEOUT,
    INTERNAL_ERROR,
    PROTOCOL_NOT_ACCEPTABLE,
    TOO_MANY,
    UNAUTHORIZED,
    CloseSocket,
    forbidden,
)
from api.transport.credential import Credential
from api.transport.frames import EXTENSION, TextFrames
from domain.kernel.errors import DomainError, ErrorCode
from domain.kernel.supervision import HandedTo

PROTOCOL: Final = "graphql-transport-ws"

_ACK: Final = b'{"type":"connection_ack"}'
_PONG: Final = b'{"type":"pong"}'
_MAX_REASON_BYTES: Final = 120


class SocketSession:
    """One socket, from the handshake to its end. ``admit`` is called before a signed-in user is let in."""

    def __init__(
        self,
        runner: OperationRunner,
        hub: Hub,
        scope: Scope,
        receive: Receive,
        send: Send,
        admit: Callable[["SocketSession", Caller], None],
    ) -> None:
        self._runner = runner
        self._hub = hub
        self._scope = scope
        self._receive = receive
        self._send = send
        self._admit = admit
        frames = scope["extensions"].get(EXTENSION)
        assert isinstance(frames, TextFrames), "the server has to run the protocol of server_options"
        self.frames = frames
        self._outbox = SendQueue(frames)
        frames.on_writable, frames.on_lost = self._outbox.resume, self._outbox.close
        self._operations: dict[str, asyncio.Task[None] | Subscription] = {}
        self._closing: CloseSocket | None = None
        self._reading: asyncio.Task[None] | None = None
        client = scope.get("client")
        self._address = str(client[0]) if client else ""
        agents = [value.decode("latin-1") for name, value in scope["headers"] if name == b"user-agent"]
        device = agents[0] if agents else ""
        self._credential = Credential(runner, self._address, device, self._changed, self._lost)

    @property
    def caller(self) -> Caller | None:
        """The caller who has signed in; None before."""
        return self._credential.caller

    def own(self, owner: Hashable) -> None:
        """Count the bytes that wait for the client for this user."""
        self.frames.own(owner)

    # -------------------------------------------------------------- life

    async def run(self) -> None:
        """Serve the socket until either side closes it."""
        await self._receive()
        if PROTOCOL not in self._scope["subprotocols"]:
            await self._send({"type": "websocket.accept"})
            await self._close(CloseSocket(PROTOCOL_NOT_ACCEPTABLE, f"Speak {PROTOCOL}"))
            return
        await self._send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        try:
            # A task of its own, so that it can be stopped from outside while it waits for the client.
            self._reading = asyncio.get_running_loop().create_task(self._read())
            await self._reading
        except CloseSocket as close:
            await self._close(close)
        except asyncio.CancelledError:
            if self._closing is None:
                raise
            await self._close(self._closing)
        except Exception as error:  # noqa: BLE001  the last line of defence: logged, and the client told as much as it needs
            masked(error, self._runner.context(Caller(self._address)))
            await self._close(CloseSocket(INTERNAL_ERROR, "Internal server error"))
        finally:
            self._end()

    def stop(self, code: int, reason: str) -> None:
        """Close the socket from outside."""
        if self._closing is None and self._reading is not None:
            self._closing = CloseSocket(code, reason)
            self._reading.cancel()

    async def _close(self, close: CloseSocket) -> None:
        # First, because a client that does not listen may take its time to hear this.
        self._end()
        reason = close.reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
        await self._send({"type": "websocket.close", "code": close.code, "reason": reason})

    def _end(self) -> None:
        self._outbox.close()
        self._credential.close()
        operations, self._operations = self._operations, {}
        for running in operations.values():
            running.cancel()
            if isinstance(running, Subscription):
                self._runner.metrics.subscribed(-1)

    # -------------------------------------------------------------- messages

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._runner.limits.connection_init_seconds):
                if not await self._initialise():
                    return
        except TimeoutError:
            raise CloseSocket(INIT_TIMEOUT, "Connection initialisation timeout") from None
        while (message := await self._next()) is not None:
            kind = message.get("type")
            if kind == "subscribe":
                self._subscribe(message)
            elif kind == "complete":
                self._complete(message)
            elif kind == "ping":
                self._outbox.send(_PONG)
            elif kind == "connection_init":
                raise CloseSocket(TOO_MANY, "Too many initialisation requests")
            elif kind != "pong":
                raise CloseSocket(BAD_REQUEST, "Unknown message type")
            # Not for the events of subscriptions: those have queues of their own, and the client may want to end them.
            await self._outbox.answered()

    async def _next(self) -> Mapping[str, Any] | None:
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            return None
        text = event.get("text")
        if text is None:
            raise CloseSocket(BAD_REQUEST, "Messages must be text")
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise CloseSocket(BAD_REQUEST, "Messages must be valid JSON") from None
        if not isinstance(message, dict):
            raise CloseSocket(BAD_REQUEST, "Messages must be objects")
        return message

    async def _initialise(self) -> bool:
        """Wait for a sign-in; False when the client leaves instead."""
        while self.caller is None:
            message = await self._next()
            if message is None:
                return False
            kind = message.get("type")
            if kind == "ping":
                self._outbox.send(_PONG)
            elif kind == "subscribe":
                raise CloseSocket(UNAUTHORIZED, "Unauthorized")
            elif kind == "connection_init":
                await self._sign_in(message.get("payload"))
            elif kind != "pong":
                raise CloseSocket(BAD_REQUEST, "Unknown message type")
        return True

    async def _sign_in(self, payload: object) -> None:
        if payload is not None and not isinstance(payload, dict):
            raise CloseSocket(BAD_REQUEST, "The payload of connection_init must be an object")
        token = _token(payload or {})
        if token is None:
            raise CloseSocket(UNAUTHORIZED, "Unauthorized: connection_init needs an authorization")
        try:
            caller = await self._credential.identify(token)
        except DomainError as error:
            raise forbidden(error) from error
        except RequestError as error:
            raise CloseSocket(INTERNAL_ERROR, error.errors[0]["message"]) from error
        self._admit(self, caller)
        self._credential.accept(caller)
        self._outbox.send(_ACK)

    # -------------------------------------------------------------- operations

    def _subscribe(self, message: Mapping[str, Any]) -> None:
        operation_id, payload = message.get("id"), message.get("payload")
        limits = self._runner.limits
        if not isinstance(operation_id, str) or not 1 <= len(operation_id) <= limits.operation_id_length:
            raise CloseSocket(BAD_REQUEST, "An operation needs an id of a reasonable length")
        if not isinstance(payload, dict):
            raise CloseSocket(BAD_REQUEST, "The payload of subscribe must be an object")
        if operation_id in self._operations:
            raise CloseSocket(ALREADY_SUBSCRIBED, f"Subscriber for {operation_id} already exists")
        if len(self._operations) >= limits.operations_per_socket:
            text = f"At most {limits.operations_per_socket} operations run on one socket."
            self._fail(operation_id, [coded(text, ErrorCode.RATE_LIMITED.value)])
            return
        task = asyncio.get_running_loop().create_task(self._run(operation_id, payload))
        self._operations[operation_id] = task

    def _complete(self, message: Mapping[str, Any]) -> None:
        operation_id = message.get("id")
        if not isinstance(operation_id, str):
            raise CloseSocket(BAD_REQUEST, "complete needs an id")
        running = self._operations.get(operation_id)
        if running is not None:
            self._forget(operation_id)
            running.cancel()

    def _forget(self, operation_id: str) -> None:
        """Free the id for another operation."""
        running = self._operations.pop(operation_id, None)
        if isinstance(running, Subscription):
            self._runner.metrics.subscribed(-1)

    def _fail(self, operation_id: str, errors: list[GraphQLFormattedError]) -> None:
        self._outbox.send(self._outbox.format.error(operation_id, errors))

    async def _run(self, operation_id: str, payload: Mapping[str, Any]) -> None:
        """Serve one operation; of a subscription, until it has begun."""
        log = self._runner.request_log
        if log is None:
            await self._serve(operation_id, payload)
            return
        record = begin("WEBSOCKET", self._scope["path"], self._address)
        tracing = self._runner.tracing
        if tracing is not None:
            trace(tracing, record, _traceparent(payload))
        try:
            await self._serve(operation_id, payload)
        finally:
            log(record.level(), record.line)
            if tracing is not None:
                tracing.end(record.span, record.fields(), None)

    async def _serve(self, operation_id: str, payload: Mapping[str, Any]) -> None:
        errors: list[GraphQLFormattedError]
        caller: Caller | None = None
        operation: Operation | None = None
        variables: Mapping[str, Any] | None = None
        try:
            request = request_of(payload)
            variables = request.variables
            caller = await self._current_caller()
            assert caller is not None
            self._runner.admit(caller)
            operation = self._runner.prepare(request, caller)
            if operation.kind is OperationType.SUBSCRIPTION:
                await self._begin(operation_id, operation, request.variables, caller)
            else:
                answer = await self._runner.answer_to_the_end(operation, request.variables, caller)
                await self._answer(operation_id, answer)
        except MalformedRequest as error:
            self.stop(BAD_REQUEST, error.errors[0]["message"])
            return
        except CloseSocket as close:
            self.stop(close.code, close.reason)
            return
        except Exception as error:  # noqa: BLE001  the last line of defence: masked, logged and answered
            errors = errors_of(error, self._runner.context(caller or Caller(self._address)))
            if operation is not None:
                errors = operation.placed(errors)
        else:
            return
        if operation is not None and caller is not None:
            await self._runner.note_refusals(operation, variables, self._runner.context(caller), errors)
        record = current_record()
        if record is not None:
            record.outcome = errors[0]["extensions"]["code"]
        self._forget(operation_id)
        self._fail(operation_id, errors)

    async def _begin(
        self, operation_id: str, operation: Operation, variables: Mapping[str, Any] | None, caller: Caller
    ) -> None:
        subscription = await self._hub.subscribe(operation_id, operation, variables, caller, self._outbox, self._forget)
        self._operations[operation_id] = subscription
        self._runner.metrics.subscribed(1)
        # The client is told, unless it has lost interest meanwhile.
        with HandedTo(subscription.end):
            await subscription.start()
        # Rights may have changed while it began.
        if self.caller is not caller and self.caller is not None:
            subscription.review(self.caller)

    async def _answer(self, operation_id: str, answer: Answer) -> None:
        if answer.is_refusal:
            self._forget(operation_id)
            self._fail(operation_id, answer.content["errors"])
            return
        self._outbox.send(encode({"id": operation_id, "type": "next", "payload": answer.content}))
        await self._outbox.answered()
        self._forget(operation_id)
        self._outbox.send(self._outbox.format.complete(operation_id))

    # -------------------------------------------------------------- rights

    async def review(self) -> None:
        """Rights may have changed: identify the caller again, and close or review each subscription."""
        await self._credential.review()

    async def _current_caller(self) -> Caller | None:
        """The present caller; None before sign-in."""
        try:
            return await self._credential.current()
        except DomainError as error:
            raise forbidden(error) from error

    def _changed(self, caller: Caller) -> None:
        for running in list(self._operations.values()):
            if isinstance(running, Subscription):
                running.review(caller)

    def _lost(self, error: DomainError) -> None:
        close = forbidden(error)
        self.stop(close.code, close.reason)


def _traceparent(payload: Mapping[str, Any]) -> str | None:
    """The client's span: an operation on a socket has no headers, so that it is among the request's extensions."""
    extensions = payload.get("extensions")
    named = extensions.get("traceparent") if isinstance(extensions, dict) else None
    return named if isinstance(named, str) else None


def _token(payload: Mapping[str, Any]) -> str | None:
    """The credential in connection_init: flat as GraphiQL sends it, or within ``headers``; any case of the name."""
    for place in (payload, payload.get("headers")):
        if isinstance(place, dict):
            for name, value in place.items():
                if name.lower() == "authorization" and isinstance(value, str):
                    return bearer_token(value)
    return None
