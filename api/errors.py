"""The one place where exceptions become GraphQL errors.

A domain error keeps its message and gets ``extensions.code`` and its context. A malformed request gets the reason.
Every other error is masked: the client gets INTERNAL_SERVER_ERROR with a ``requestId``, and the log has the details
under the same id. Variables and document texts are never logged: they may hold passwords.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from graphql import FieldNode, GraphQLError, GraphQLFormattedError, GraphQLSchema, GraphQLSyntaxError, OperationType
from strawberry.exceptions import StrawberryInputCoercionError

from api.context import Context
from api.input_paths import placed
from domain.kernel.errors import DomainError, ErrorCode
from domain.kernel.outages import OUTAGES, unavailable

PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"
INTERNAL: Final = "INTERNAL_SERVER_ERROR"
OPERATION_NOT_ALLOWED: Final = "OPERATION_NOT_ALLOWED"
PERSISTED_QUERY_NOT_FOUND: Final = "PERSISTED_QUERY_NOT_FOUND"

_MASKED_MESSAGE = "Something went wrong on our side; quote the request id when you report it."
_log = structlog.stdlib.get_logger("api")


class RequestError(Exception):
    """A request that is refused before anything is executed, with errors fit for the client."""

    def __init__(self, *errors: GraphQLFormattedError) -> None:
        super().__init__(errors[0]["message"])
        self.errors = list(errors)

    @property
    def code(self) -> str:
        """The code of the first error."""
        return str(self.errors[0]["extensions"]["code"])


class MalformedRequest(RequestError):
    """The body is not a GraphQL request."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(coded(message, ErrorCode.BAD_USER_INPUT.value, field=field))


def coded(message: str, code: str, **extensions: Any) -> GraphQLFormattedError:
    """A formatted error without a place in a document."""
    return {"message": message, "extensions": {"code": code, **extensions}}


def refused(error: DomainError) -> RequestError:
    """A whole request that the domain refuses."""
    return RequestError(coded(error.message, error.code.value, **error.context))


def static_errors(errors: Iterable[GraphQLError]) -> list[GraphQLFormattedError]:
    """Errors of parsing or validating a document, in the core's words."""
    return [_static_error(error) for error in errors]


def _static_error(error: GraphQLError) -> GraphQLFormattedError:
    default = PARSE_FAILED if isinstance(error, GraphQLSyntaxError) else VALIDATION_FAILED
    return _with_code(error.formatted, default)


@dataclass(frozen=True, slots=True)
class Place:
    """The schema and the kind of operation that errors belong to: paths into the input are read from them."""

    schema: GraphQLSchema
    kind: OperationType

    def of(self, error: GraphQLError, formatted: GraphQLFormattedError) -> GraphQLFormattedError:
        """The error with the path of the input that it blames."""
        node = error.nodes[0] if error.nodes else None
        if not isinstance(node, FieldNode) or "field" not in formatted["extensions"]:
            return formatted
        is_root = len([step for step in error.path or () if isinstance(step, str)]) <= 1
        extensions = placed(formatted["extensions"], self.schema, self.kind, node, is_root=is_root)
        return {**formatted, "extensions": extensions}


def execution_errors(
    errors: Sequence[GraphQLError], context: Context, operation_name: str | None, place: Place
) -> list[GraphQLFormattedError]:
    """Errors met while executing, mapped and masked; those masked are logged."""
    return [place.of(error, execution_error(error, context, operation_name)) for error in errors]


def execution_error(error: GraphQLError, context: Context, operation_name: str | None) -> GraphQLFormattedError:
    """One error met while executing."""
    cause = _root_cause(error)
    formatted = error.formatted
    if isinstance(cause, DomainError):
        return {
            **formatted,
            "message": cause.message,
            "extensions": {"code": cause.code.value, **cause.context},
        }
    if isinstance(cause, OUTAGES) and not isinstance(cause, OSError):
        # Of what reached the database past the places that say so themselves.
        outage = unavailable(cause)
        return {**formatted, "message": outage.message, "extensions": {"code": outage.code.value, **outage.context}}
    if _is_bad_input(cause):
        return _with_code(formatted, ErrorCode.BAD_USER_INPUT.value)
    path = ".".join(str(step) for step in error.path or ())
    return {**formatted, **masked(cause, context, operation_name=operation_name, path=path)}


def errors_of(error: Exception, context: Context, **where: object) -> list[GraphQLFormattedError]:
    """The errors for the client of an operation that ``error`` ended before or outside of an execution."""
    if isinstance(error, RequestError):
        return error.errors
    if isinstance(error, DomainError):
        return [coded(error.message, error.code.value, **error.context)]
    return [masked(error, context, **where)]


def masked(cause: BaseException, context: Context, **where: object) -> GraphQLFormattedError:
    """Log ``cause`` with its traceback and give the client nothing but the request id."""
    _log.error("request failed", request_id=str(context.request_id), exc_info=cause, **where)
    return coded(_MASKED_MESSAGE, INTERNAL, requestId=str(context.request_id))


def _root_cause(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _is_bad_input(cause: BaseException) -> bool:
    """True if the core or a scalar blames the request; a value that cannot be serialized is our own failure."""
    if isinstance(cause, StrawberryInputCoercionError):
        return True
    if not isinstance(cause, GraphQLError):
        return False
    # The core points at the argument or variable it could not use; when it fails to serialise a value, at nothing.
    return bool(cause.extensions and "code" in cause.extensions) or cause.nodes is not None


def _with_code(formatted: GraphQLFormattedError, default: str) -> GraphQLFormattedError:
    extensions = {"code": default, **formatted.get("extensions", {})}
    return {**formatted, "extensions": extensions}
