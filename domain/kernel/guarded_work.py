"""Guarded work: writes sent as one statement, which takes effect only if its guard holds.

A unit of work locks, loads, decides and writes in five round trips or more. Guarded work starts from data that was
loaded before, with known versions: it decides first and then sends one statement. The guard locks the rows, compares
the versions, and lets the writes through or undoes everything. Nothing is read between the lock and the commit.
"""

import asyncpg

from domain.kernel.database import Row, borrowed, unavailable_when_down
from domain.kernel.rows import guarded
from domain.kernel.unit_of_work import Writing


class StaleVersions(Exception):
    """The guard did not hold, or a unique key is taken. Nothing was written: load and decide again."""


class OutdatedReads(StaleVersions):
    """The guard found that something has changed since it was read; after a new read the same may be written."""


class GuardedWork(Writing):
    """Writes to several tables, at most one write per table."""

    __slots__ = ()

    async def commit(self, guard: str, *arguments: object) -> list[Row]:
        """Send the writes behind ``guard``, a query that takes ``arguments``, and return its answer.

        Call ``finish`` next.

        Raises:
            OutdatedReads: the guard raised a serialization failure; nothing was written.
            StaleVersions: a unique key is taken; nothing was written.
            Unavailable: the database cannot be reached; whether the statement took effect is then unknown.
        """
        writes = tuple(write for write, _ in self._writes)
        assert len({write.table for write in writes}) == len(writes), "a statement changes a table once"
        sql = guarded(guard, len(arguments), writes)
        try:
            with unavailable_when_down():
                async with borrowed() as connection:
                    rows = (argument for _, encoded in self._writes for argument in encoded)
                    return await connection.fetch(sql, *arguments, *rows)
        except asyncpg.SerializationError as error:
            raise OutdatedReads(str(error)) from error
        except asyncpg.UniqueViolationError as error:
            raise StaleVersions(str(error)) from error
