"""Supervision: blocks whose failure must not end the work around them.

``Guarded`` is for work that continues after a failure, which is logged. ``HandedTo`` passes the failure to the callers
that wait for the work. Both let a cancellation pass. Where an exception is translated into an answer (an error of the
API, the failure of an exchange), the block has its own ``except``.
"""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import structlog

from domain.kernel.errors import Unavailable


class Guarded:
    """Logs the failure of its block, and goes on after it; ``failure`` is that failure, None if there was none.

    The database's absence is a warning, once a minute; everything else has its traceback. Exceptions of ``but`` pass.
    """

    def __init__(
        self,
        log: structlog.stdlib.BoundLogger,
        event: str,
        *,
        but: type[Exception] | tuple[type[Exception], ...] = (),
        **said: Any,
    ) -> None:
        self.failure: Exception | None = None
        self._log = log
        self._event = event
        self._but = but
        self._said = said

    @property
    def failed(self) -> bool:
        """True if the block failed."""
        return self.failure is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception) or isinstance(error, self._but):
            return False
        self.failure = error
        if isinstance(error, Unavailable):
            self._log.warning(self._event, error=error.message, seldom=True, **self._said)
        else:
            self._log.error(self._event, exc_info=error, **self._said)
        return True


class HandedTo:
    """Hands the failure of its block to those who wait for the outcome."""

    __slots__ = ("_fail",)

    def __init__(self, fail: Callable[[Exception], None]) -> None:
        self._fail = fail

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self._fail(error)
        return True
