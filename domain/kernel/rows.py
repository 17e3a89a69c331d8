"""Writing rows: many rows as one JSON argument, and the writes of several tables as one statement.

An array argument per column would cost an encoding for each, fifty for an order. One JSON text costs a third of the
processor time here and half of the time until the answer. It is exact, because numbers travel as text. Most numbers of
a new order and its position are zero; a row leaves those out, which halves it. What all rows of a long list have in
common is sent once, in an argument of its own, which halves it again.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from domain.kernel.records import Convert, Member, recorder

Record = Mapping[str, Any]
# A union in ``isinstance`` is made anew by each call.
_SPELLED = (Decimal, UUID)

# Fewer rows are not worth a second argument.
_SHARES_FROM = 10
_ABSENT = object()
_NO_CONVERTS: Mapping[str, Convert] = {}
# The key of what belongs to an account.
KEYS_OF_ACCOUNT = ("id", "account_id")
# True of every row. The planner takes a hundred rows for granted, for which it would read a table of a few thousand as
# a whole; of a range between two constants it expects almost nothing, and looks the rows up by their key.
_FEW = f"n.id BETWEEN '{UUID(int=0)}' AND '{UUID(int=2**128 - 1)}'"


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """A statement that writes rows of ``table``; in its ``sql``, ``{rows}`` stands for them, as a relation ``n``.

    ``columns`` names the columns of ``n`` with their PostgreSQL types; what a row leaves out is NULL there. ``by_id``:
    the rows change those of the table with the same ``id``. ``shares``: what the rows have in common is an argument of
    its own.
    """

    table: str
    sql: str
    columns: Mapping[str, str]
    by_id: bool = False
    shares: bool = False

    @property
    def arguments(self) -> int:
        """The number of arguments that its rows are in."""
        return 2 if self.shares else 1

    def text(self, place: int, *, behind: str = "") -> str:
        """The statement with its rows in the arguments from ``place`` on.

        ``behind`` names a relation of the statement that is evaluated in full before the first row is written.
        """
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        rows = f"json_to_recordset(${place}::json) AS n ({columns})"
        if self.shares:
            # The id alone: as an expression of both, the planner would not see that the condition below is a range.
            values = ", ".join(
                f"r.{name}" if self.by_id and name == "id" else f"coalesce(r.{name}, c.{name}) AS {name}"
                for name in self.columns
            )
            rows = (
                f"(SELECT {values} FROM json_to_recordset(${place}::json) AS r ({columns}), "  # noqa: S608  constants
                f"json_to_record(${place + 1}::json) AS c ({columns})) AS n"
            )
        conditions = [_FEW] if self.by_id else []
        if behind:
            # It refers to no row, so it is evaluated once, before the first.
            conditions.append(f"(SELECT count(*) FROM {behind}) >= 0")  # noqa: S608  constants
        if conditions:
            rows = f"(SELECT n.* FROM {rows} WHERE {' AND '.join(conditions)}) AS n"  # noqa: S608  constants
        return self.sql.replace("{rows}", rows)


def update(
    table: str,
    columns: Mapping[str, str],
    *,
    keys: Sequence[str] = KEYS_OF_ACCOUNT,
    added: Sequence[str] = (),
    zeros: Collection[str] = (),
) -> Write:
    """A ``Write`` that changes the rows with the same ``keys``, of which ``id`` is one.

    They get the other columns' values; what is ``added`` is an amount, by which the column grows. ``zeros`` as in
    ``reader``.
    """
    changes = (
        f"{name} = {f't.{name} + ' if name in added else ''}{_given(name, kind, zeros)}"
        for name, kind in columns.items()
        if name not in keys
    )
    same = " AND ".join(f"t.{name} = n.{name}" for name in keys)
    sql = f"UPDATE {table} AS t SET {', '.join(changes)} FROM {{rows}} WHERE {same}"  # noqa: S608  constants
    return Write(table, sql, columns, by_id=True)


def insertion(table: str, columns: Mapping[str, str], tail: str = "", *, zeros: Collection[str] = ()) -> Write:
    """A ``Write`` that inserts into these columns; ``tail`` comes behind it, such as what to do on a conflict.

    ``zeros`` as in ``reader``.
    """
    names, values = ", ".join(columns), ", ".join(_given(name, kind, zeros) for name, kind in columns.items())
    return Write(table, f"INSERT INTO {table} ({names}) SELECT {values} FROM {{rows}} {tail}", columns)  # noqa: S608  constants


def _given(name: str, kind: str, zeros: Collection[str]) -> str:
    """The value of a column in the relation of rows."""
    return f"coalesce(n.{name}, {'false' if kind == 'bool' else '0'})" if name in zeros else f"n.{name}"


@lru_cache(maxsize=256)
def joined(writes: tuple[Write, ...]) -> str:
    """One statement that does all of ``writes``, each of another table.

    The writes do not see each other's rows; references between them are checked at the end.
    """
    if len(writes) == 1:
        return writes[0].text(1)
    parts = ", ".join(f"w{place} AS ({write.text(place)})" for place, write in _placed(writes, 1))
    return f"WITH {parts} SELECT 1"


@lru_cache(maxsize=256)
def guarded(guard: str, arguments: int, writes: tuple[Write, ...]) -> str:
    """One statement that does all of ``writes`` once ``guard`` has answered, and returns that answer.

    ``guard`` is a query that takes the first ``arguments`` arguments; the rows of the writes follow. The writes may
    use its answer as a relation ``guard``. What it raises undoes everything.
    """
    parts = [f"guard AS MATERIALIZED ({guard})"]
    parts += [f"w{place} AS ({write.text(place, behind='guard')})" for place, write in _placed(writes, arguments + 1)]
    return f"WITH {', '.join(parts)} SELECT * FROM guard"  # noqa: S608  constants


def _placed(writes: Iterable[Write], place: int) -> Iterator[tuple[int, Write]]:
    """Writes with the places of their arguments, from ``place`` on."""
    for write in writes:
        yield place, write
        place += write.arguments


def zeros_of(type_: type) -> frozenset[str]:
    """The fields of a dataclass that are always a number or a truth value."""
    return frozenset(item.name for item in fields(type_) if item.type in (Decimal, int, bool))


def reader(
    *names: str, zeros: Collection[str] = (), converts: Mapping[str, Convert] = _NO_CONVERTS
) -> Callable[[Any], dict[str, Any]]:
    """A function that reads these attributes of an object as a record, without those that are None.

    Of the columns in ``zeros`` it leaves out zero and false too. The ``Write`` must be given the same ones: elsewhere a
    column that is left out is NULL. ``converts`` has functions that make the stored value of an attribute.
    """
    return recorder(Member(name, name not in zeros, converts.get(name)) for name in names)


def encode_rows(rows: Sequence[Record] | Record) -> str:
    """Rows, or what they have in common, as an argument of a ``Write``."""
    return orjson.dumps(rows, default=_text).decode()


def encoded(write: Write, rows: Sequence[Record]) -> tuple[Write, tuple[str, ...]]:
    """The rows as arguments, and the statement that takes them.

    That is ``write``, or for a long list its form that takes apart what all rows have in common.
    """
    if len(rows) < _SHARES_FROM:
        return write, (encode_rows(rows),)
    first, *others = rows
    # The same object, because equal numbers can have different digits: 1.0 and 1.00.
    shared = {
        name: value
        for name, value in first.items()
        if name != "id" and all(row.get(name, _ABSENT) is value for row in others)
    }
    own = [{name: value for name, value in row.items() if name not in shared} for row in rows]
    return _sharing(write), (encode_rows(own), encode_rows(shared))


@lru_cache(maxsize=256)
def _sharing(write: Write) -> Write:
    return replace(write, shares=True)


def _text(value: object) -> str:
    # asyncpg's identifiers are of a subclass, which orjson does not know.
    if isinstance(value, _SPELLED):
        return str(value)
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(f"a {type(value).__name__} cannot be stored")
