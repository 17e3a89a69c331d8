"""Tables partitioned by month: partitions are made ahead of writes and dropped whole when they are old.

A partition is created apart and then attached, so that readers of the table are never locked out. Making and dropping
holds one advisory lock until the transaction ends, so two processes never do the same work.

SQL: the ORM knows no partitions.
"""

from datetime import UTC, datetime

from domain.kernel.unit_of_work import UnitOfWork

# Any fixed number: whoever changes the partitions of a table holds it.
_LOCK = 7_402_012
_MONTHS_A_YEAR = 12
_EXISTING = """
SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass($1) ORDER BY c.relname
"""


def month_of(at: datetime) -> int:
    """The month that ``at`` lies in, in UTC, counted from the year 0."""
    moment = at.astimezone(UTC)
    return moment.year * _MONTHS_A_YEAR + moment.month - 1


def partition_name(table: str, month: int) -> str:
    """The name of a month's partition."""
    return f"{table}_{month // _MONTHS_A_YEAR:04d}_{month % _MONTHS_A_YEAR + 1:02d}"


def _begins(month: int) -> str:
    return f"{month // _MONTHS_A_YEAR:04d}-{month % _MONTHS_A_YEAR + 1:02d}-01 00:00:00+00"


async def ensure_partitions(work: UnitOfWork, table: str, at: datetime, *, ahead: int = 1) -> list[str]:
    """Make the partitions of the month of ``at`` and of ``ahead`` months after it; the names of those that were made.

    A step; one statement when there is nothing to make.
    """
    first = month_of(at)
    wanted = {partition_name(table, month): month for month in range(first, first + ahead + 1)}
    if wanted.keys() <= await _existing(work, table):
        return []
    await work.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    missing = [name for name in wanted if name not in await _existing(work, table)]
    for name in missing:
        month = wanted[name]
        bounds = f"FROM ('{_begins(month)}') TO ('{_begins(month + 1)}')"
        await work.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
        await work.execute(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES {bounds}")
    return missing


async def drop_partitions(work: UnitOfWork, table: str, before: datetime) -> list[str]:
    """Drop the partitions that hold nothing from ``before`` on; their names. A step."""
    await work.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    oldest = partition_name(table, month_of(before))
    # The names of a table's partitions sort as their months do.
    dropped = sorted(name for name in await _existing(work, table) if name < oldest)
    for name in dropped:
        await work.execute(f"DROP TABLE {name}")
    return dropped


async def _existing(work: UnitOfWork, table: str) -> set[str]:
    return {row["name"] for row in await work.fetch(_EXISTING, table)}
