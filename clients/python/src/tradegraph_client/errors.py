"""Errors as exceptions: one class for each code of the API, and one for a server that cannot be reached.

``except Rejected`` catches what a business rule refuses; ``except TradegraphError`` catches all. An order that is
refused is no error: it is stored, and its ``status`` is REJECTED with a ``reject_reason``.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class TradegraphError(Exception):
    """The base of all errors of this package."""


class StreamEnded(TradegraphError):
    """A stream ended for a reason that a new connection does not mend."""


class CursorsUnreadable(TradegraphError):
    """A file of cursors cannot be read or written."""


class ApiError(TradegraphError):
    """An operation was answered with an error, and has stored nothing.

    Attributes:
        code: The API's code, such as ``BAD_USER_INPUT``.
        message: What went wrong, for people.
        field: Path of the input value that is invalid, such as ``input.quantity``; None for other errors.
        index: Which item of a batch, from 0; None where there is no batch.
        path: Where in the operation it happened.
        extensions: All that the API says besides.
    """

    code = "UNKNOWN"

    def __init__(
        self, message: str, extensions: Mapping[str, Any] | None = None, path: Sequence[str | int] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.extensions = dict(extensions or {})
        self.path = tuple(path or ())
        self.code = self.extensions.get("code", self.code)
        self.field: str | None = self.extensions.get("field")
        self.index: int | None = self.extensions.get("index")

    def __str__(self) -> str:
        where = f" ({self.field})" if self.field else ""
        return f"{self.code}{where}: {self.message}"


class BadUserInput(ApiError):
    """A value is invalid; ``field`` names it."""

    code = "BAD_USER_INPUT"


class Unauthenticated(ApiError):
    """The credential is missing, wrong, expired or revoked."""

    code = "UNAUTHENTICATED"

    @property
    def reason(self) -> str | None:
        """``CODE_REQUIRED`` or ``CODE_WRONG`` where a code of an authenticator app is asked for."""
        return self.extensions.get("reason")


class Forbidden(ApiError):
    """You may see the object, but not do this."""

    code = "FORBIDDEN"


class NotFound(ApiError):
    """The object does not exist, or you may not see it."""

    code = "NOT_FOUND"


class Conflict(ApiError):
    """The state has changed, or the same key was used with other content."""

    code = "CONFLICT"

    @property
    def status(self) -> str | None:
        """Of an order: its present status."""
        return self.extensions.get("status")

    @property
    def version(self) -> int | None:
        """Of an order: its present version."""
        return self.extensions.get("version")


class Rejected(ApiError):
    """A business rule refuses."""

    code = "REJECTED"

    @property
    def reason(self) -> str | None:
        """A ``RejectReason``."""
        return self.extensions.get("reason")


class RateLimited(ApiError):
    """Too many requests."""

    code = "RATE_LIMITED"

    @property
    def retry_after_seconds(self) -> float | None:
        """Seconds until a new try; None where they are not known."""
        return self.extensions.get("retryAfterSeconds")


class Unavailable(ApiError):
    """The server, or a server behind it, cannot be reached or cannot serve.

    Attributes:
        outcome_unknown: True when a command was sent and its answer was lost: it may have taken effect.
        client_order_ids: The orders that were asked for. Repeating the command with these ids places none twice.
    """

    code = "UNAVAILABLE"
    outcome_unknown = False
    client_order_ids: tuple[str, ...] = ()


class InvalidDocument(ApiError):
    """The operation is not valid GraphQL for this server, or exceeds one of its limits."""

    code = "GRAPHQL_VALIDATION_FAILED"


class ServerFailure(ApiError):
    """A failure of the server, whose log has the details under ``request_id``."""

    code = "INTERNAL_SERVER_ERROR"

    @property
    def request_id(self) -> str | None:
        """The request's name in the server's log."""
        return self.extensions.get("requestId")


_BY_CODE: Mapping[str, type[ApiError]] = {
    kind.code: kind
    for kind in (
        BadUserInput,
        Unauthenticated,
        Forbidden,
        NotFound,
        Conflict,
        Rejected,
        RateLimited,
        Unavailable,
        InvalidDocument,
        ServerFailure,
    )
} | {"GRAPHQL_PARSE_FAILED": InvalidDocument, "PERSISTED_QUERY_NOT_FOUND": InvalidDocument}


def error_of(said: Mapping[str, Any]) -> ApiError:
    """The exception for one error of an answer."""
    extensions = said.get("extensions") or {}
    kind = _BY_CODE.get(extensions.get("code", ""), ApiError)
    return kind(str(said.get("message", "")), extensions, said.get("path"))
