"""Connections to PostgreSQL, borrowed from the pool that the ORM opened, and reads outside of transactions.

Commands go through ``unit_of_work``. A read on a connection that the last database restart closed is tried once more; a
second failure is ``Unavailable``.
"""

from asyncio import CancelledError, Task, current_task
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext, suppress
from contextvars import ContextVar
from types import TracebackType
from typing import Any, cast

import asyncpg
from tortoise.connection import connections

from domain.kernel.errors import Unavailable
from domain.kernel.outages import CONNECTION_ERRORS, OUTAGES, unavailable

Connection = asyncpg.Connection
Row = asyncpg.Record
# Whether a unit of work is open where the code runs.
in_transaction: ContextVar[bool] = ContextVar("in_transaction", default=False)


class PooledConnection(asyncpg.Connection):
    """A connection that is handed back without asyncpg's reset query.

    That query costs a round trip per use; no code here leaves session state behind (locks are held per transaction or
    on a dedicated connection, settings are set at connect).

    The exception is a use that was interrupted, by its caller or by its time limit. Between a statement's preparation
    and its run the server has a transaction open, of which asyncpg does not know; the next simple query ends it.
    """

    __slots__ = ("_was_interrupted",)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._was_interrupted = False

    @property
    def is_clean(self) -> bool:
        """True if there is nothing to reset: handing it back waits for nothing."""
        return not (self._was_interrupted or self.is_closed() or self.is_in_transaction())

    def get_reset_query(self) -> str:
        """Nothing to reset, unless a use was interrupted."""
        if not self._was_interrupted:
            return ""
        self._was_interrupted = False
        return "SELECT 1"

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        """All rows of a statement."""
        with self._noting_interruption():
            return await super().fetch(query, *args, **options)

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        """The first row of a statement."""
        with self._noting_interruption():
            return await super().fetchrow(query, *args, **options)

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        """A value of the first row of a statement."""
        with self._noting_interruption():
            return await super().fetchval(query, *args, **options)

    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        """Run a statement."""
        with self._noting_interruption():
            return await super().execute(query, *args, **options)

    async def executemany(self, command: str, args: Any, **options: Any) -> Any:
        """Run a statement once for each of the argument lists."""
        with self._noting_interruption():
            return await super().executemany(command, args, **options)

    @contextmanager
    def _noting_interruption(self) -> Iterator[None]:
        try:
            yield
        except (CancelledError, TimeoutError):
            self._was_interrupted = True
            raise


class PgBouncerConnection(PooledConnection):
    """A connection through a pooler that gives it a session of the server for each transaction (PgBouncer's mode).

    A statement with arguments is prepared first and then run, so both are put into one transaction: between two of
    them another session may be the one that runs it.
    """

    __slots__ = ()

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        """All rows of a statement."""
        async with _in_one_transaction(self):
            return await super().fetch(query, *args, **options)

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        """The first row of a statement."""
        async with _in_one_transaction(self):
            return await super().fetchrow(query, *args, **options)

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        """A value of the first row of a statement."""
        async with _in_one_transaction(self):
            return await super().fetchval(query, *args, **options)

    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        """Run a statement; without arguments it needs no preparation."""
        if not args:
            return await super().execute(query, **options)
        async with _in_one_transaction(self):
            return await super().execute(query, *args, **options)


def _in_one_transaction(connection: asyncpg.Connection) -> AbstractAsyncContextManager[Any]:
    return nullcontext() if connection.is_in_transaction() else connection.transaction()


@contextmanager
def unavailable_when_down() -> Iterator[None]:
    """Turn the errors of a database that cannot serve into ``Unavailable``, with the reason.

    In a task that was cancelled meanwhile, such an error comes from the rollback and hides the cancellation: that is
    raised again instead.
    """
    task = cast("Task[object]", current_task())
    cancelled_before = task.cancelling()
    try:
        yield
    except OUTAGES as error:
        if task.cancelling() > cancelled_before:
            raise CancelledError from error
        raise unavailable(error) from error


def pool() -> asyncpg.Pool:
    """The pool behind the ORM's default connection.

    Raises:
        Unavailable: the process has not connected yet, or is about to end.
    """
    found = cast("asyncpg.Pool | None", cast(Any, connections.get("default"))._pool)
    if found is None or found.is_closing():
        raise Unavailable("The process is not connected to the database; try again.")
    return found


class _Borrowing:
    """A connection of the pool, for as long as the context lasts.

    asyncpg hands a connection back in a task of its own, because resetting it may wait and must not be cancelled. Most
    connections have nothing to reset, and are handed back here and now: a task costs as much as a small statement.
    """

    __slots__ = ("_connection", "_pool")

    async def __aenter__(self) -> Connection:
        self._pool = pool()
        self._connection = cast(Connection, await self._pool.acquire())
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        proxy = cast(Any, self._connection)
        held = proxy._con
        if kind is None and held is not None and held.is_clean:
            held._on_release()
            await proxy._holder.release(None)
            return
        # A connection that cannot be handed back is closed. Its error must not hide the one that ended its use, such as
        # a cancellation.
        with suppress(*OUTAGES):
            await self._pool.release(proxy)


def borrowed() -> AbstractAsyncContextManager[Connection]:
    """A connection of the pool behind the ORM's default connection.

    Raises:
        Unavailable: the process has not connected yet, or is about to end.
    """
    return _Borrowing()


def pool_use() -> dict[str, int]:
    """The numbers of connections of the pool that are used, and that are idle.

    Raises:
        Unavailable: the process has not connected yet, or is about to end.
    """
    found = pool()
    idle = found.get_idle_size()
    return {"used": found.get_size() - idle, "idle": idle}


def refuse_in_transaction() -> None:
    """Refuse a second connection to a task that holds one for a transaction.

    Transactions that hold all connections of the pool and wait for one more would wait for each other.

    Raises:
        RuntimeError: a unit of work is open: read before it, or through it.
    """
    if in_transaction.get():
        raise RuntimeError("a unit of work is open: read before it, or pass it as an argument and read through it")


@contextmanager
def beside_transaction() -> Iterator[None]:
    """Allow reads on a second connection: for a unit of work of which there is one at a time, and never a crowd."""
    token = in_transaction.set(False)
    try:
        yield
    finally:
        in_transaction.reset(token)


@asynccontextmanager
async def reading() -> AsyncIterator[Connection]:
    """A pooled connection for several reads."""
    refuse_in_transaction()
    with unavailable_when_down():
        async with borrowed() as connection:
            yield connection


async def fetch(sql: str, *arguments: object) -> list[Row]:
    """All rows of one read."""
    refuse_in_transaction()
    with unavailable_when_down():
        try:
            async with borrowed() as connection:
                return await connection.fetch(sql, *arguments)
        except CONNECTION_ERRORS:
            async with borrowed() as connection:
                return await connection.fetch(sql, *arguments)


async def fetch_row(sql: str, *arguments: object) -> Row | None:
    """The first row of one read, or None."""
    rows = await fetch(sql, *arguments)
    return rows[0] if rows else None


async def ping() -> None:
    """Return when the database has answered.

    Raises:
        Unavailable: it cannot be reached.
    """
    await fetch("SELECT 1")
