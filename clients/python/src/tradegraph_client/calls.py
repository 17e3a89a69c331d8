"""One operation on its way through its attempts, and one sign-in through its steps: what to send, and when to stop.

Nothing here sends or waits. Both clients, the asynchronous and the other, are driven by it.
"""

from collections.abc import Generator, Mapping
from typing import Any

from tradegraph_client.credentials import LOGIN, REFRESH, Password, Tokens
from tradegraph_client.errors import ApiError, Unauthenticated, Unavailable
from tradegraph_client.retrying import RetryPolicy, is_command, is_repeatable, prepare
from tradegraph_client.wire import body_of, encode

_CODE_REQUIRED = "CODE_REQUIRED"


class Call:
    """An operation with its variables, each order with an id of its own.

    Args:
        document: The operation in GraphQL.
        operation: Its name.
        variables: Its variables; those that are UNSET are left out.
        policy: How long it is tried.
        started: The moment of the first attempt, of a clock that never jumps.
    """

    def __init__(
        self, document: str, operation: str | None, variables: Mapping[str, object], policy: RetryPolicy, started: float
    ) -> None:
        encoded = encode(variables)
        self._client_order_ids = prepare(operation, encoded)
        self.body = body_of(document, operation, encoded)
        self._is_command = is_command(document)
        self._is_repeatable = is_repeatable(document, operation)
        self._policy = policy
        self._started = started
        self._attempt = 0
        self._has_lost_an_answer = False

    def wait_after(self, error: ApiError, now: float, chance: float) -> float:
        """Seconds until the next attempt.

        Raises:
            ApiError: there is none. If an answer was lost on the way, it is an ``Unavailable`` that says so.
        """
        self._attempt += 1
        if isinstance(error, Unavailable):
            error.outcome_unknown = error.outcome_unknown and self._is_command
            self._has_lost_an_answer = self._has_lost_an_answer or error.outcome_unknown
        seconds = self._policy.wait(
            error, self._attempt, now - self._started, chance, is_repeatable=self._is_repeatable
        )
        if seconds is not None:
            return seconds
        if isinstance(error, Unavailable) or (self._has_lost_an_answer and not _is_an_answer(error)):
            raise self._unavailable(error) from error
        raise error

    def _unavailable(self, error: ApiError) -> Unavailable:
        unavailable = Unavailable(error.message, error.extensions | {"code": Unavailable.code}, error.path)
        unavailable.outcome_unknown = self._has_lost_an_answer
        unavailable.client_order_ids = self._client_order_ids
        return unavailable


def _is_an_answer(error: ApiError) -> bool:
    """True if the error tells what became of the command, as a repeat that is refused for its content does."""
    return error.code not in {"RATE_LIMITED", "UNAUTHENTICATED", "INTERNAL_SERVER_ERROR", "UNKNOWN"}


def renewing(who: Password, tokens: Tokens | None) -> Generator[bytes, dict[str, Any], dict[str, Any]]:
    """The requests that lead to a new session, or to new tokens of the one that there is; its answer.

    Send it each answer, or throw in its error. A refresh token works once: after a failure nobody knows whether it is
    used up, so that the person signs in anew.
    """
    if tokens is not None:
        try:
            answer = yield body_of(REFRESH, "refreshSession", {"token": tokens.refresh})
        except (Unauthenticated, Unavailable):
            pass
        else:
            return _session(answer, "refreshSession")
    try:
        answer = yield body_of(LOGIN, "login", {"input": who.login(with_code=False)})
    except Unauthenticated as error:
        if error.reason != _CODE_REQUIRED or who.code is None:
            raise
        answer = yield body_of(LOGIN, "login", {"input": who.login(with_code=True)})
    return _session(answer, "login")


def _session(answer: dict[str, Any], name: str) -> dict[str, Any]:
    session: dict[str, Any] = answer[name]
    return session


def unreachable(address: str, error: Exception, *, outcome_unknown: bool) -> Unavailable:
    """The error of a request without an answer."""
    reason = str(error) or type(error).__name__
    unavailable = Unavailable(f"{address} does not answer: {reason}")
    unavailable.outcome_unknown = outcome_unknown
    return unavailable
