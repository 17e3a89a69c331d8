"""Database outages: the errors of a database that cannot serve, as one refusal with its reason.

The reasons are few and tell who can help; ``UNREACHABLE`` is everything that time or a restart repairs.
"""

import asyncio
from typing import Final

import asyncpg
import structlog
from tortoise.exceptions import DBConnectionError

from domain.kernel.errors import Unavailable

_log = structlog.stdlib.get_logger("database")

UNREACHABLE: Final = "UNREACHABLE"
# What a dead, restarting or overloaded server looks like.
CONNECTION_ERRORS = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # The driver's own confusion when a connection dies, or is given up, in the middle of an exchange.
    asyncpg.InternalClientError,
    # SQLSTATE 57: shut down, crashed, starting, a statement that was cancelled.
    asyncpg.OperatorInterventionError,
    asyncpg.DeadlockDetectedError,
    DBConnectionError,
    OSError,
    asyncio.TimeoutError,
)
# What a server says that is there and cannot do it. SQLSTATE 53: resources; 58: the system's own failures.
OUTAGES = (
    *CONNECTION_ERRORS,
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
)
# The other reasons, with what callers are told; the most specific first.
_REASONS: Final[tuple[tuple[type[BaseException], str, str], ...]] = (
    (asyncpg.DiskFullError, "DISK_FULL", "The database has no disk space left; try again later."),
    (asyncpg.OutOfMemoryError, "OUT_OF_MEMORY", "The database has no memory left; try again."),
    (asyncpg.TooManyConnectionsError, "TOO_MANY_CONNECTIONS", "The database has too many connections; try again."),
    (asyncpg.ReadOnlySQLTransactionError, "READ_ONLY", "The database is read-only now; try again."),
    (asyncpg.InsufficientResourcesError, "OUT_OF_RESOURCES", "The database lacks resources; try again."),
    (asyncpg.PostgresSystemError, "SERVER_FAILURE", "The database server cannot read or write its files; try again."),
)


def unavailable(error: BaseException) -> Unavailable:
    """The refusal for ``error``, which is one of the ``OUTAGES``; the log records it once a minute."""
    fitting = ((reason, message) for kind, reason, message in _REASONS if isinstance(error, kind))
    reason, message = next(fitting, (UNREACHABLE, "The database cannot be reached; try again."))
    _log.warning("the database cannot serve", reason=reason, error=type(error).__name__, seldom=True)
    return Unavailable(message, reason=reason)
