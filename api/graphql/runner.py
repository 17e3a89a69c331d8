"""The operation runner of both transports: identifies the caller, prepares the operation, checks access, answers it."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from graphql import ExecutionResult, GraphQLFormattedError, GraphQLSchema, OperationType

from api.context import Context
from api.errors import MalformedRequest, Place, RequestError, execution_errors, masked, refused
from api.graphql.documents import Documents, Operation
from api.graphql.execution import OperationExecutor
from api.graphql.listed import Listed
from api.graphql.refusals import OperationRefusal, missing_in, refusals_in
from api.graphql.time_slices import TimeSlices
from api.graphql.turns import Turns
from api.limits import RequestLimits
from api.metrics import SUCCEEDED, ApiMetrics
from api.request_rates import Rates, TooManyRequests, Unlimited, admit
from api.requests import RequestLog, RequestTracing, current_record, request_id
from api.rights import scope_of
from api.services import Services
from domain.access.attribution import Origin, coming_from
from domain.access.audit import target_of
from domain.access.key_limits import admits
from domain.access.token_buckets import Allowance
from domain.access.types import ALL_SCOPES, Actor
from domain.kernel.errors import DomainError, Forbidden, Unauthenticated, Unavailable
from domain.kernel.values import unguarded

_BEARER = "bearer "
_TOO_SLOW = "TOO_SLOW"
NO_BEARER = ""
SEND_AS_BEARER = "Send the credential as `Authorization: Bearer <access token or API key>`."


@unguarded
@dataclass(frozen=True, slots=True)
class OperationRequest:
    """One GraphQL request; only the types of its parts are checked."""

    query: str | None
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None
    extensions: Mapping[str, Any] | None = None
    document_id: str | None = None


@unguarded
@dataclass(frozen=True, slots=True)
class Caller:
    """The actor and the address of a request. ``refusal`` is the reason for which a presented credential is refused."""

    client_address: str
    actor: Actor | None = None
    token: str | None = None
    refusal: DomainError | None = None
    device: str = ""


@unguarded
@dataclass(frozen=True, slots=True)
class Answer:
    """The response, and the code of its first error."""

    content: dict[str, Any]
    code: str | None = None

    @property
    def is_refusal(self) -> bool:
        """True if nothing was executed."""
        return "data" not in self.content


def request_of(content: Mapping[str, Any]) -> OperationRequest:
    """The parts of a request as they came over any transport.

    Raises:
        MalformedRequest: one of them is of the wrong type, or there is nothing to execute.
    """
    query, name, document_id = content.get("query"), content.get("operationName"), content.get("documentId")
    variables, extensions = content.get("variables"), content.get("extensions")
    for field, value, kind, words in (
        ("query", query, str, "a string"),
        ("documentId", document_id, str, "a string"),
        ("operationName", name, str, "a string"),
        ("variables", variables, dict, "an object"),
        ("extensions", extensions, dict, "an object"),
    ):
        if value is not None and not isinstance(value, kind):
            raise MalformedRequest(f"{field} must be {words}.", field=field)
    if query is None and document_id is None and not (extensions and "persistedQuery" in extensions):
        raise MalformedRequest("There is no query in the request.", field="query")
    return OperationRequest(query, name or None, variables, extensions, document_id)


def bearer_token(authorization: str | None) -> str | None:
    """The credential within an Authorization header; ``NO_BEARER`` for one that is not sent as such."""
    if authorization is None or not authorization.strip():
        return None
    if authorization[: len(_BEARER)].lower() != _BEARER:
        return NO_BEARER
    return authorization[len(_BEARER) :].strip() or None


def refusal_of(error: RequestError) -> Answer:
    """The answer to a request that was not executed."""
    return Answer({"errors": error.errors}, error.code)


class OperationRunner:
    """One schema with the services behind it."""

    def __init__(
        self,
        schema: GraphQLSchema,
        services: Services,
        limits: RequestLimits,
        metrics: ApiMetrics,
        request_log: RequestLog | None = None,
        listed: Listed | None = None,
    ) -> None:
        self.documents = Documents(schema, limits, listed)
        self.request_log = request_log
        self.tracing: RequestTracing | None = None
        self.rates: Rates = Unlimited()
        self.services = services
        self.limits = limits
        self.metrics = metrics
        self._turns = Turns()
        self._finishing: set[asyncio.Task[Answer]] = set()

    async def identify(self, token: str | None, client_address: str, device: str = "") -> Caller:
        """The caller who presents ``token``; ``device`` is the user agent of its program.

        Raises:
            RequestError: the credential cannot be checked now.
        """
        if token is None:
            return Caller(client_address, device=device)
        if token == NO_BEARER:
            return Caller(client_address, refusal=Unauthenticated(SEND_AS_BEARER), device=device)
        if not (token.isascii() and token.isprintable()):
            return Caller(
                client_address, refusal=Unauthenticated("This is not a credential of this server."), device=device
            )
        try:
            actor = await self.services.access.authenticate(token)
        except Unauthenticated as error:
            return Caller(client_address, refusal=error, device=device)
        except DomainError as error:
            raise refused(error) from error
        if not admits(actor.addresses, client_address):
            return Caller(client_address, refusal=await self._wrong_address(actor, client_address))
        return Caller(client_address, actor, token, device=device)

    def admit(self, caller: Caller) -> tuple[str, Allowance] | None:
        """Count a request of ``caller``; the kind of limit and its state, None where there is none.

        Raises:
            TooManyRequests: the caller has used up what it may ask.
        """
        return self.admit_from(caller.actor, caller.client_address)

    def admit_from(self, actor: Actor | None, client_address: str) -> tuple[str, Allowance] | None:
        """The same for an actor, or an address."""
        try:
            return admit(self.rates, actor, client_address)
        except TooManyRequests as refusal:
            self.metrics.rate_limited.labels(refusal.kind).inc()
            raise

    async def _wrong_address(self, actor: Actor, client_address: str) -> DomainError:
        refusal = Forbidden("This API key does not work from this address.")
        target = target_of("apiKey", str(actor.api_key_id))
        origin = Origin(client_address, request_id())
        await self.services.access.refusals.note(actor, origin, "login", target, code=refusal.code.value)
        return refusal

    def prepare(self, request: OperationRequest, caller: Caller) -> Operation:
        """The operation of ``request``, if ``caller`` may run it at all.

        Raises:
            RequestError: it is no valid operation, or needs a sign-in.
        """
        trusted = caller.actor is not None
        if request.document_id is not None:
            text = self.documents.text_of(request.document_id, request.query)
        else:
            text = self.documents.text(request.query, request.extensions, trusted=trusted)
        operation = self.documents.prepare(text, request.operation_name, trusted=trusted)
        record = current_record()
        if record is not None:
            record.actor = caller.actor.user_id if caller.actor is not None else None
            record.kind, record.operation = operation.kind.value, operation.name
        if not trusted and not operation.public:
            raise refused(caller.refusal or Unauthenticated("Sign in first."))
        return operation

    def context(self, caller: Caller) -> Context:
        """A context for one operation of ``caller``."""
        return Context(
            self.services,
            actor=caller.actor,
            token=caller.token,
            client_address=caller.client_address,
            record=current_record(),
        )

    async def answer(self, operation: Operation, variables: Mapping[str, Any] | None, caller: Caller) -> Answer:
        """Run a query or mutation. Never raises: errors are part of the answer."""
        started = perf_counter()
        context = self.context(caller)
        if operation.kind is OperationType.MUTATION:
            with coming_from(_origin_of(caller, context)):
                answer = await self._answer(operation, variables, context)
        else:
            answer = await self._answer(operation, variables, context)
        if "errors" in answer.content:
            await self.note_refusals(operation, variables, context, answer.content["errors"])
        if operation.looks_up and answer.content.get("data"):
            await self._note(context, missing_in(operation.roots, variables, answer.content))
        self.metrics.answered(operation.kind.value, answer.code or SUCCEEDED, perf_counter() - started, operation.root)
        if context.record is not None:
            context.record.outcome = answer.code or SUCCEEDED
        return answer

    async def note_refusals(
        self,
        operation: Operation,
        variables: Mapping[str, Any] | None,
        context: Context,
        errors: Iterable[GraphQLFormattedError],
    ) -> None:
        """Append an entry of the audit log for each refusal among the errors of an operation."""
        await self._note(context, refusals_in(operation.roots, variables, errors))

    async def _note(self, context: Context, refusals: Iterable[OperationRefusal]) -> None:
        for refusal in refusals:
            origin = Origin(context.client_address, context.request_id)
            await self.services.access.refusals.note(
                context.actor, origin, refusal.action, refusal.target, code=refusal.code, field=refusal.field
            )

    async def answer_to_the_end(
        self, operation: Operation, variables: Mapping[str, Any] | None, caller: Caller
    ) -> Answer:
        """Run a query or mutation; a mutation is finished even if the client has gone."""
        if operation.kind is not OperationType.MUTATION:
            return await self.answer(operation, variables, caller)
        task = asyncio.get_running_loop().create_task(self.answer(operation, variables, caller))
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)
        return await asyncio.shield(task)

    async def _answer(self, operation: Operation, variables: Mapping[str, Any] | None, context: Context) -> Answer:
        try:
            _check_scopes(operation, context.actor)
            executor = operation.executor(variables, context)
            if operation.kind is not OperationType.QUERY:
                return await run(executor, operation.name)
            if executor.cost <= self.limits.large_cost:
                return await self._in_time(executor, operation.name)
            async with self._turns.of(context.actor.user_id if context.actor else context.client_address):
                executor.slices = TimeSlices()
                return await self._in_time(executor, operation.name)
        except RequestError as error:
            return refusal_of(error)
        except Exception as error:  # noqa: BLE001  the last line of defence: masked, logged and answered
            failure = masked(error, context, operation_name=operation.name)
            return Answer({"errors": [failure]}, failure["extensions"]["code"])

    async def _in_time(self, executor: OperationExecutor, operation_name: str | None) -> Answer:
        seconds = self.limits.query_seconds
        try:
            async with asyncio.timeout(seconds) as deadline:
                return await run(executor, operation_name)
        except TimeoutError:
            if not deadline.expired():
                raise
            message = f"The query was stopped after {seconds:g} seconds. Ask for less, or for less at a time."
            raise refused(Unavailable(message, reason=_TOO_SLOW)) from None


def _origin_of(caller: Caller, context: Context) -> Origin:
    trace = context.record.trace if context.record is not None else None
    return Origin(caller.client_address, context.request_id, caller.device, trace)


def _check_scopes(operation: Operation, actor: Actor | None) -> None:
    if actor is None or actor.scopes == ALL_SCOPES or operation.kind is not OperationType.MUTATION:
        return
    for field in operation.roots:
        name = field.name.value
        if name != "__typename" and scope_of(name) not in actor.scopes:
            raise refused(Forbidden(f"This API key lacks the scope {scope_of(name)}, which {name} needs."))


async def run(executor: OperationExecutor, operation_name: str | None, *, serially: bool | None = None) -> Answer:
    """Execute once and map the errors."""
    result: Any = executor.execute_operation(serially)
    if not isinstance(result, ExecutionResult):
        result = await result
    if not result.errors:
        return Answer({"data": result.data})
    where = Place(executor.schema, executor.operation.operation)
    errors = execution_errors(result.errors, executor.context_value, operation_name, where)
    return Answer({"data": result.data, "errors": errors}, errors[0]["extensions"]["code"])
