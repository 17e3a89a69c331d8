"""Reading from PostgreSQL: raw rows for hot queries, over the pool that the ORM opened.

Commands go through ``unit_of_work``. A read on a connection that the last database restart closed is tried once more; a
second failure is ``Unavailable``.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import asyncpg
from tortoise.connection import connections

from domain.kernel.errors import Unavailable
from domain.kernel.outages import CONNECTION_ERRORS, OUTAGES, unavailable

Connection = asyncpg.Connection
Row = asyncpg.Record


class PooledConnection(asyncpg.Connection):
    """A connection that is handed back without asyncpg's reset query.

    That query costs a round trip per use; no code here leaves session state behind (locks are held per transaction or
    on a dedicated connection, settings are set at connect).
    """

    __slots__ = ()

    def get_reset_query(self) -> str:
        """Nothing to reset."""
        return ""


@contextmanager
def unavailable_when_down() -> Iterator[None]:
    """Turn the errors of a database that cannot serve into ``Unavailable``, with the reason."""
    try:
        yield
    except OUTAGES as error:
        raise unavailable(error) from error


def pool() -> asyncpg.Pool:
    """The pool behind the ORM's default connection."""
    client = cast(Any, connections.get("default"))
    if client._pool is None:
        raise Unavailable("The database is not connected yet; try again.")
    return cast(asyncpg.Pool, client._pool)


def pool_use() -> dict[str, int]:
    """The numbers of used connections of the pool, and of waiting uses.

    Raises:
        Unavailable: the database is not connected yet.
    """
    found = pool()
    idle = found.get_idle_size()
    return {"used": found.get_size() - idle, "idle": idle}


@asynccontextmanager
async def reading() -> AsyncIterator[Connection]:
    """A pooled connection for several reads."""
    with unavailable_when_down():
        async with pool().acquire() as connection:
            yield cast(Connection, connection)


async def fetch(sql: str, *arguments: object) -> list[Row]:
    """All rows of one read."""
    with unavailable_when_down():
        try:
            return await pool().fetch(sql, *arguments)
        except CONNECTION_ERRORS:
            return await pool().fetch(sql, *arguments)


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
