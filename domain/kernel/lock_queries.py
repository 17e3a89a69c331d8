"""Locks of whole tables, for changes of the schema beside transactions that go on.

A change that waits for one table while it holds another can stop a transaction that waits the other way round: then the
server ends one of the two. So a change takes all its tables first. It takes them within less time than a session waits
before it looks for such a circle, or gives up; its caller ends the transaction and begins it anew a little later.

SQL: the ORM knows no locks of tables.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import Final

from domain.kernel.database import Row
from domain.kernel.unit_of_work import UnitOfWork

# Nobody else reads or writes; nobody else writes.
ALONE: Final = "ACCESS EXCLUSIVE"
NO_WRITERS: Final = "SHARE ROW EXCLUSIVE"
# Whoever waits for a table makes all others wait behind it.
_LONGEST_MILLISECONDS = 500
_TABLES = """
SELECT c.relname AS name FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname = ANY ($1::text[])
ORDER BY (SELECT count(DISTINCT conrelid) FROM pg_constraint WHERE contype = 'f' AND confrelid = c.oid) DESC, c.relname
"""
_WAIT = "SELECT setting::int FROM pg_settings WHERE name = 'deadlock_timeout'"
_REFERENCES = """
SELECT DISTINCT c.confrelid::regclass::text AS name FROM pg_constraint c
WHERE c.contype = 'f' AND c.conrelid = to_regclass($1)
"""
_HOLDERS = """
SELECT DISTINCT c.relname AS name, a.pid, a.application_name, a.xact_start
FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.pid <> pg_backend_pid() AND c.relname = ANY ($1::text[]) AND a.xact_start IS NOT NULL
ORDER BY a.xact_start, a.pid, c.relname
"""
_WORD = re.compile(r"\w+")
_CHANGES_ROWS = re.compile(r"\s*(?:WITH|INSERT|UPDATE|DELETE|SELECT)\b", re.IGNORECASE)
_WRITTEN = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?\"?(\w+)", re.IGNORECASE)


def names_in(statements: Iterable[str]) -> dict[str, str]:
    """The words of statements that may be tables which they lock, each with the lock that suffices. Pure.

    Of a statement that changes the schema these are all words, because it may lock what it refers to. Of one that
    changes rows they are the tables that it writes.
    """
    found: dict[str, str] = {}
    for statement in statements:
        if _CHANGES_ROWS.match(statement):
            found = dict.fromkeys(_WRITTEN.findall(statement), NO_WRITERS) | found
        else:
            found |= dict.fromkeys(_WORD.findall(statement), ALONE)
    return found


async def existing_tables(work: UnitOfWork, names: Mapping[str, str]) -> dict[str, str]:
    """Those of the names that are tables now, in the order in which to take them. A step.

    What most tables refer to comes first, as in transactions, which lock an account before they write of it: those that
    have begun end, and those that begin wait at the first table, so that all others are free.
    """
    return {row["name"]: names[row["name"]] for row in await work.fetch(_TABLES, list(names))}


async def referenced_by(work: UnitOfWork, table: str) -> list[str]:
    """The tables that a table refers to. A step."""
    return [row["name"] for row in await work.fetch(_REFERENCES, table)]


async def take_tables(work: UnitOfWork, tables: Mapping[str, str]) -> None:
    """Take tables with their partitions until the transaction ends, all of them within a bounded time. A step.

    Other waits of the transaction for locks are bounded by the same time from then on.

    Raises:
        asyncpg.LockNotAvailableError: somebody has one of them. End the transaction, and begin anew.
    """
    row = await work.fetch_row(_WAIT)
    assert row is not None
    milliseconds = min(_LONGEST_MILLISECONDS, max(2, int(row[0]) // 2))
    deadline = monotonic() + milliseconds / 1000
    for table, mode in tables.items():
        # Zero would be no bound at all.
        left = max(1, round((deadline - monotonic()) * 1000))
        await work.execute(f"SET LOCAL lock_timeout = {left}")
        await work.execute(f'LOCK TABLE "{table}" IN {mode} MODE')
    await work.execute(f"SET LOCAL lock_timeout = {milliseconds}")


async def holders_of(work: UnitOfWork, tables: Sequence[str]) -> list[Row]:
    """Other transactions that hold any lock of one of the tables, the oldest first. A step."""
    return await work.fetch(_HOLDERS, list(tables))
