"""Tables partitioned by month: partitions are made ahead of writes and dropped whole when they are old.

A partition is created apart and then attached. What that locks is taken first and held for a moment, and never waited
for long: a transaction that is in the way makes the work fail, and its task tries again. Changing partitions holds one
advisory lock until the transaction ends, so two processes never do the same work.

A table may have a partition for months without one, ``<table>_rest``: rows are never refused because nobody has
made their month. ``sort_rest`` gives such rows the partitions of their months.

SQL: the ORM knows no partitions.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from domain.kernel.lock_queries import ALONE, NO_WRITERS, existing_tables, referenced_by, take_tables
from domain.kernel.unit_of_work import UnitOfWork

# Any fixed number: whoever changes the partitions of a table holds it.
_LOCK = 7_402_012
_MONTHS_A_YEAR = 12
# Whoever else changes partitions is done within that time.
_PATIENCE = "SET LOCAL lock_timeout = '2s'"
_EXISTING = """
SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass($1) ORDER BY c.relname
"""
_BOUND = re.compile(r"FOR VALUES FROM \((?:MINVALUE|'(?P<begin>[^']+)')\) TO \((?:MAXVALUE|'(?P<end>[^']+)')\)")


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: it holds rows from ``begin`` on and before ``end``; None means unbounded."""

    name: str
    begin: datetime | None
    end: datetime | None

    def covers(self, at: datetime) -> bool:
        """True if a row of that time is in it."""
        return (self.begin is None or at >= self.begin) and (self.end is None or at < self.end)


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A partitioned table; ``also`` are statements for each new partition, which is ``{name}`` in them.

    They add properties that a partition does not inherit: a key, or statement triggers.
    """

    name: str
    also: Sequence[str] = ()
    has_rest: bool = False

    @property
    def rest(self) -> str:
        """The name of the partition for months that have none."""
        return f"{self.name}_rest"


def month_of(at: datetime) -> int:
    """The month that ``at`` lies in, in UTC, counted from the year 0."""
    moment = at.astimezone(UTC)
    return moment.year * _MONTHS_A_YEAR + moment.month - 1


def partition_name(table: str, month: int) -> str:
    """The name of a month's partition."""
    return f"{table}_{month // _MONTHS_A_YEAR:04d}_{month % _MONTHS_A_YEAR + 1:02d}"


def _begins(month: int) -> datetime:
    return datetime(month // _MONTHS_A_YEAR, month % _MONTHS_A_YEAR + 1, 1, tzinfo=UTC)


async def ensure_partitions(work: UnitOfWork, table: Partitioned, at: datetime, *, ahead: int = 1) -> list[str]:
    """Make the partitions of the month of ``at`` and of ``ahead`` months after it; the names of those that were made.

    A step; one statement when there is nothing to make.
    """
    first = month_of(at)
    return await _ensure_months(work, table, range(first, first + ahead + 1))


async def _ensure_months(work: UnitOfWork, table: Partitioned, months: Sequence[int]) -> list[str]:
    if not _missing(await partitions_of(work, table), months):
        return []
    await _take(work, table)
    missing = _missing(await partitions_of(work, table), months)
    if table.has_rest and missing and await _has_rest(work, table):
        await _sort(work, table, set(missing))
    else:
        for month in missing:
            await _make(work, table, month)
    return [partition_name(table.name, month) for month in missing]


def _missing(existing: Sequence[Partition], months: Sequence[int]) -> list[int]:
    return [month for month in months if not any(each.covers(_begins(month)) for each in existing)]


async def sort_rest(work: UnitOfWork, table: Partitioned) -> list[str]:
    """Make the partitions of all months of which there are rows in the rest; their names. A step."""
    if not await _has_rest(work, table):
        return []
    await _take(work, table)
    return [partition_name(table.name, month) for month in await _sort(work, table, set())]


async def _has_rest(work: UnitOfWork, table: Partitioned) -> bool:
    row = await work.fetch_row(f"SELECT EXISTS (SELECT FROM {table.rest})")
    return row is not None and bool(row[0])


async def _sort(work: UnitOfWork, table: Partitioned, wanted: set[int]) -> list[int]:
    """Make the partitions of ``wanted`` and of the rest's rows, and put these rows into them; an empty rest stays."""
    rest, old = table.rest, f"{table.rest}_old"
    await work.execute(f"ALTER TABLE {table.name} DETACH PARTITION {rest}")
    rows = await work.fetch(
        f"SELECT DISTINCT (extract(year FROM m) * 12 + extract(month FROM m) - 1)::int AS month "
        f"FROM (SELECT at AT TIME ZONE 'UTC' AS m FROM {rest}) AS r"
    )
    months = sorted({row["month"] for row in rows} | wanted)
    for month in months:
        await _make(work, table, month)
    if rows:
        # Rows of a log are not removed one by one, by anybody: they are copied, and the whole table goes.
        await work.execute(f"ALTER TABLE {rest} RENAME TO {old}")
        await _create(work, table, rest)
        await work.execute(f"INSERT INTO {table.name} SELECT * FROM {old}")
        await work.execute(f"DROP TABLE {old}")
    await work.execute(f"ALTER TABLE {table.name} ATTACH PARTITION {rest} DEFAULT")
    return months


async def _make(work: UnitOfWork, table: Partitioned, month: int) -> None:
    name = partition_name(table.name, month)
    bounds = f"FROM ('{_begins(month).isoformat()}') TO ('{_begins(month + 1).isoformat()}')"
    await _create(work, table, name)
    await work.execute(f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES {bounds}")


async def _create(work: UnitOfWork, table: Partitioned, name: str) -> None:
    await work.execute(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)")
    for statement in table.also:
        await work.execute(statement.format(name=name))


async def old_partitions(work: UnitOfWork, table: Partitioned, before: datetime) -> list[Partition]:
    """The partitions that hold nothing from ``before`` on, oldest first; never the rest. A step."""
    existing = await partitions_of(work, table)
    old = [each for each in existing if each.end is not None and each.end <= before]
    return sorted(old, key=lambda each: (each.end, each.name))


async def drop_partitions(work: UnitOfWork, table: Partitioned, before: datetime) -> list[str]:
    """Drop the partitions that hold nothing from ``before`` on; their names. A step."""
    old = await old_partitions(work, table, before)
    if old:
        await _take(work, table)
    dropped = []
    for partition in await old_partitions(work, table, before) if old else []:
        await work.execute(f"DROP TABLE {partition.name}")
        dropped.append(partition.name)
    return dropped


async def drop_partition(work: UnitOfWork, table: Partitioned, name: str) -> None:
    """Drop one partition with all that it holds, if it is there. A step."""
    await _take(work, table)
    if any(each.name == name for each in await partitions_of(work, table)):
        await work.execute(f"DROP TABLE {name}")


async def count_rows(work: UnitOfWork, name: str) -> int:
    """The number of rows of a partition, which is locked: none is added before the transaction ends. A step."""
    await _wait_for_others(work)
    await take_tables(work, {name: NO_WRITERS})
    row = await work.fetch_row(f"SELECT count(*) FROM {name}")
    assert row is not None
    return int(row[0])


async def partitions_of(work: UnitOfWork, table: Partitioned) -> list[Partition]:
    """The partitions of a table, without the rest."""
    found = []
    for row in await work.fetch(_EXISTING, table.name):
        bound = _BOUND.fullmatch(row["bound"])
        if bound is not None:
            begin, end = (datetime.fromisoformat(text) if text else None for text in bound.group("begin", "end"))
            found.append(Partition(row["name"], begin, end))
    return found


async def _take(work: UnitOfWork, table: Partitioned) -> None:
    """Take a table with its partitions and what its rows refer to, which a partition with references locks too."""
    await _wait_for_others(work)
    names = dict.fromkeys([table.name, *await referenced_by(work, table.name)], ALONE)
    await take_tables(work, await existing_tables(work, names))


async def _wait_for_others(work: UnitOfWork) -> None:
    await work.execute(_PATIENCE)
    await work.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
