"""The closed family of domain errors.

An exception of this family means that nothing was saved. Each carries a stable ``code`` (the GraphQL
``extensions.code``), a message fit for the user, and a context of plain values that is sent along.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """Every value that ``extensions.code`` can take for an error raised by the domain."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    REJECTED = "REJECTED"


class DomainError(Exception):
    """Base of the family: a refusal with a code, a message for the user and a context."""

    code: ClassVar[ErrorCode]

    def __init__(self, message: str, **context: str | int | None) -> None:
        super().__init__(message)
        self.message = message
        self.context = {name: value for name, value in context.items() if value is not None}


class BadInput(DomainError):
    """The input is malformed; ``field`` names the offending input field, ``index`` its place in a batch."""

    code = ErrorCode.BAD_USER_INPUT

    def __init__(self, message: str, *, field: str, index: int | None = None) -> None:
        super().__init__(message, field=field, index=index)
        self.field = field
        self.index = index


class Unauthenticated(DomainError):
    """The credential is missing, wrong, expired or revoked."""

    code = ErrorCode.UNAUTHENTICATED


class Forbidden(DomainError):
    """The actor may see the object but lacks the right. An object that it may not see is ``NotFound``."""

    code = ErrorCode.FORBIDDEN


class NotFound(DomainError):
    """The object does not exist, or the actor may not see it; ``field`` names the input field that named it."""

    code = ErrorCode.NOT_FOUND

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message, field=field)
        self.field = field


class Conflict(DomainError):
    """The state has changed, or the key was used before with other content."""

    code = ErrorCode.CONFLICT


class RateLimited(DomainError):
    """Too many attempts; ``retryAfterSeconds`` is the time to wait."""

    code = ErrorCode.RATE_LIMITED


class Unavailable(DomainError):
    """A server that is needed cannot be reached. The outcome of a command is unknown, so repeat it with its key."""

    code = ErrorCode.UNAVAILABLE


class NewerForm(DomainError):
    """A form that this release does not know, in what a process of the next release wrote.

    Trying again is of use at another process only, so it is no ``Unavailable``, which the followers of logs wait out.
    """

    code = ErrorCode.UNAVAILABLE


class Refused(DomainError):
    """A well-formed request that a business rule rejects (for anything but an order); ``reason`` is a reject reason."""

    code = ErrorCode.REJECTED

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message, reason=reason)
        self.reason = reason


@contextmanager
def within_field(name: str) -> Iterator[None]:
    """Prefix the field path of an error inside with ``name``."""
    try:
        yield
    except DomainError as error:
        prefix_field(error, name)
        raise


def prefix_field(error: DomainError, name: str) -> None:
    """Prefix the field path of ``error`` with ``name``."""
    field = error.context.get("field")
    error.context["field"] = f"{name}.{field}" if field else name
    if isinstance(error, BadInput):
        error.field = str(error.context["field"])
