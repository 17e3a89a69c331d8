"""Each kind of failure becomes the error that the API promises, and only our own failures are masked."""

from typing import Any

import pytest
import structlog
from graphql import GraphQLError, GraphQLSyntaxError, Source, parse
from strawberry.exceptions import StrawberryInputCoercionError

from api.context import Context
from api.errors import RequestError, execution_error, refused, static_errors
from domain.kernel.errors import BadInput, Conflict, DomainError, ErrorCode, RateLimited, Refused

CONTEXT = Context(services=None)  # type: ignore[arg-type]
NODE = parse("{ a }").definitions[0]


def shown(error: GraphQLError) -> dict[str, Any]:
    with structlog.testing.capture_logs() as logs:
        formatted: dict[str, Any] = dict(execution_error(error, CONTEXT, "Name"))
    assert bool(logs) is (formatted["extensions"]["code"] == "INTERNAL_SERVER_ERROR")
    return formatted


@pytest.mark.parametrize(
    ("error", "extensions"),
    [
        (
            BadInput("Too small.", field="quantity", index=3),
            {"code": "BAD_USER_INPUT", "field": "quantity", "index": 3},
        ),
        (Conflict("Moved on."), {"code": "CONFLICT"}),
        (Refused("No.", reason="MARKET_CLOSED"), {"code": "REJECTED", "reason": "MARKET_CLOSED"}),
        (RateLimited("Later.", retryAfterSeconds=5), {"code": "RATE_LIMITED", "retryAfterSeconds": 5}),
    ],
)
def test_a_domain_error_keeps_its_message_code_and_context(error: DomainError, extensions: dict[str, Any]) -> None:
    located = GraphQLError(str(error), path=["a", 0], original_error=error)
    nested = GraphQLError("wrapped", path=["a", 0], original_error=located)
    for each in (located, nested):
        assert shown(each) == {"message": error.message, "path": ["a", 0], "extensions": extensions}
    assert refused(error).errors == [{"message": error.message, "extensions": extensions}]


@pytest.mark.parametrize(
    "cause",
    [
        StrawberryInputCoercionError("no such value"),
        GraphQLError("Argument 'a' has an invalid value", NODE),
        GraphQLError("refused by a scalar", extensions={"code": "BAD_USER_INPUT"}),
    ],
)
def test_errors_caused_by_the_request_are_bad_input(cause: GraphQLError) -> None:
    found = shown(GraphQLError(cause.message, path=["a"], original_error=cause))
    assert (found["message"], found["extensions"]["code"]) == (cause.message, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "cause",
    [
        ValueError("secret"),
        TypeError("Cannot return null for non-nullable field secret"),
        GraphQLError("Int cannot represent secret"),
        KeyError("secret"),
    ],
)
def test_internal_failures_are_masked(cause: Exception) -> None:
    found = shown(GraphQLError(str(cause), path=["a"], original_error=cause))
    assert "secret" not in str(found)
    assert found["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": str(CONTEXT.request_id)}
    assert found["path"] == ["a"]


def test_errors_of_invalid_documents_keep_the_text_of_graphql_core() -> None:
    syntax = GraphQLSyntaxError(Source("{"), 1, "Expected Name")
    errors = static_errors(
        [syntax, GraphQLError("No such field."), GraphQLError("x", extensions={"code": "BAD_USER_INPUT"})]
    )
    assert [error["extensions"]["code"] for error in errors] == [
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
    ]
    assert errors[1]["message"] == "No such field."


def test_a_refused_request_gets_its_error_code() -> None:
    error = RequestError({"message": "one", "extensions": {"code": ErrorCode.CONFLICT.value}})
    assert (str(error), error.code) == ("one", "CONFLICT")


def test_a_request_has_one_id() -> None:
    context = Context(services=None)  # type: ignore[arg-type]
    assert context.request_id == context.request_id
    assert context.fresh().request_id != context.request_id
