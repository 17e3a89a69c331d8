"""Rows arrive in their tables exactly as they were, and the writes of several tables together."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from domain.kernel.bus import NullBus
from domain.kernel.database import fetch
from domain.kernel.rows import Write, encode_rows, encoded, insertion, reader, update, zeros_of
from domain.kernel.unit_of_work import unit_of_work


class Colour(StrEnum):
    RED = "RED"


COLUMNS = {
    "id": "uuid",
    "name": "text",
    "amount": "numeric",
    "count": "bigint",
    "flag": "bool",
    "tags": "text[]",
    "digest": "bytea",
    "at": "timestamptz",
}
INSERT = insertion("things", COLUMNS)
UPDATE = Write(
    "things", "UPDATE things AS t SET name = n.name FROM {rows} WHERE t.id = n.id", {"id": "uuid", "name": "text"}
)
INSERT_PARTS = insertion("parts", {"thing_id": "uuid", "name": "text"})
SELECT = f"SELECT {', '.join(COLUMNS)} FROM things ORDER BY id"


@pytest.fixture(autouse=True)
async def tables(database: str) -> None:
    async with unit_of_work(NullBus()) as work:
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        await work.execute(f"CREATE TABLE things ({columns}, PRIMARY KEY (id))")
        await work.execute("CREATE TABLE parts (thing_id uuid NOT NULL REFERENCES things (id), name text)")


def thing(number: int, **others: Any) -> dict[str, Any]:
    return {"id": UUID(int=number), **others}


async def stored() -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await fetch(SELECT)]


async def test_values_are_stored_unchanged() -> None:
    row = thing(
        1,
        name="quotes \" ' \\ and é {} $1",
        amount=Decimal("123456789012345678.000000000000000010"),
        count=2**62,
        flag=True,
        tags=['a,"b"', "NULL", ""],
        digest=b"\x00\xff",
        at=datetime(2026, 1, 31, 9, 30, 0, 123456, tzinfo=UTC),
    )
    async with unit_of_work(NullBus()) as work:
        await work.write(INSERT, [row, thing(2, name=Colour.RED, amount=Decimal("1E+3"), tags=[])])
    first, second = await stored()
    assert first == tuple(row.values())
    assert str(first[2]) == "123456789012345678.000000000000000010"
    assert second == (UUID(int=2), "RED", Decimal(1000), None, None, [], None, None)


async def test_writes_to_several_tables_are_one_statement_with_valid_references() -> None:
    async with unit_of_work(NullBus()) as work:
        # The part first: references are checked when all is written.
        await work.write(INSERT_PARTS, [{"thing_id": UUID(int=1), "name": "wheel"}])
        await work.write(INSERT, [thing(1)])
    assert len(await fetch("SELECT 1 FROM parts")) == 1


async def test_two_writes_to_one_table_take_two_statements() -> None:
    async with unit_of_work(NullBus()) as work:
        await work.write(INSERT, [thing(1, name="first")])
        await work.write(UPDATE, [thing(1, name="second")])
        await work.write(UPDATE, [thing(1, name="third")])
    assert [row[1] for row in await stored()] == ["third"]


async def test_a_transaction_reads_its_own_writes() -> None:
    async with unit_of_work(NullBus()) as work:
        await work.write(INSERT, [thing(1, name="first")])
        assert len(await work.fetch(SELECT)) == 1
        await work.write(UPDATE, [thing(1, name="second")])
        row = await work.fetch_row(SELECT)
        assert row is not None
        assert row["name"] == "second"
        await work.write(UPDATE, [thing(1, name="third")])
        await work.execute("UPDATE things SET name = name || '!'")
    assert [row[1] for row in await stored()] == ["third!"]


async def test_rows_are_stored_as_they_were_when_they_were_queued() -> None:
    @dataclass(slots=True)
    class Thing:
        id: UUID
        name: str | None
        count: int = 3

    one = Thing(UUID(int=1), "before")
    record = reader("id", "name")
    async with unit_of_work(NullBus()) as work:
        await work.write(INSERT, [record(one)])
        one.name = None
        await work.write(INSERT, [])
    assert record(one) == {"id": UUID(int=1)}
    assert [row[:4] for row in await stored()] == [(UUID(int=1), "before", None, None)]


async def test_a_failed_write_stores_nothing() -> None:
    async def write() -> None:
        async with unit_of_work(NullBus()) as work:
            await work.write(INSERT, [thing(1)])
            await work.write(INSERT_PARTS, [{"thing_id": UUID(int=9)}])

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await write()
    assert await stored() == []
    with pytest.raises(TypeError):
        encode_rows([{"name": object()}])


@pytest.mark.parametrize("count", [2, 9, 10, 11, 60])
async def test_rows_of_a_list_are_stored_as_they_are_whatever_they_share(count: int) -> None:
    chance = Random(count)
    values: dict[str, tuple[Any, ...]] = {
        "name": ("", "same", "é", None),
        "amount": (Decimal("1.0"), Decimal("1.00"), Decimal(0), None),
        "count": (0, 1, None),
        "flag": (True, False, None),
        "tags": ([], ["a"], None),
        "digest": (b"", b"\x01", None),
        "at": (datetime(2026, 1, 31, tzinfo=UTC), None),
    }
    rows: list[dict[str, Any]] = [{"id": UUID(int=number)} for number in range(1, count + 1)]
    for name, choices in values.items():
        # A column is the same in all rows, or in all but one, or anything in each; None may be said or left out.
        usual, how = chance.choice(choices), chance.randrange(3)
        for row in rows:
            row[name] = chance.choice(choices) if how == 2 else usual
        if how == 1:
            chance.choice(rows)[name] = chance.choice(choices)
        for row in rows:
            if row[name] is None and chance.random() < 0.5:
                del row[name]
    async with unit_of_work(NullBus()) as work:
        await work.write(INSERT, rows)
    found = await stored()
    assert found == [tuple(row.get(name) for name in COLUMNS) for row in rows]
    assert [str(row[2]) for row in found] == [str(row.get("amount")) for row in rows]
    change = update("things", {"id": "uuid", "name": "text", "count": "bigint"}, keys=("id",))
    async with unit_of_work(NullBus()) as work:
        await work.write(change, [{"id": row["id"], "name": "new", "count": place} for place, row in enumerate(rows)])
    assert [(row[1], row[3]) for row in await stored()] == [("new", place) for place in range(count)]


def test_what_all_rows_of_a_list_have_is_sent_once() -> None:
    rows = [thing(number, name=Colour.RED, flag=False) for number in range(10)]
    write, (own, shared) = encoded(INSERT, rows)
    assert (write.table, write.arguments, encoded(INSERT, rows)[0]) == ("things", 2, write)
    assert orjson.loads(shared) == {"name": "RED", "flag": False}
    assert orjson.loads(own) == [{"id": str(UUID(int=number))} for number in range(10)]
    assert encoded(INSERT, rows[:9]) == (INSERT, (encode_rows(rows[:9]),))


@dataclass
class Counted:
    id: UUID
    name: str | None
    amount: Decimal
    count: int
    flag: bool
    tags: list[str]
    digest: bytes | None = None
    at: datetime | None = None


async def test_zeros_that_a_row_leaves_out_are_stored_as_zeros() -> None:
    zeros = zeros_of(Counted)
    assert zeros == {"amount", "count", "flag"}
    read = reader(*COLUMNS, zeros=zeros)
    nothing = Counted(UUID(int=1), "", Decimal(0), 0, flag=False, tags=[])
    assert read(nothing) == {"id": nothing.id, "name": "", "tags": []}
    change = update("things", {"id": "uuid", "amount": "numeric", "flag": "bool"}, keys=("id",), zeros=zeros)
    async with unit_of_work(NullBus()) as work:
        await work.write(
            insertion("things", COLUMNS, zeros=zeros),
            [read(nothing), read(Counted(UUID(int=2), None, Decimal("0.10"), 7, flag=True, tags=[]))],
        )
        await work.write(
            change,
            [
                reader("id", "amount", "flag", zeros=zeros)(
                    Counted(UUID(int=2), None, Decimal("0.00"), 0, flag=False, tags=[])
                )
            ],
        )
    assert await stored() == [
        (UUID(int=1), "", Decimal(0), 0, False, [], None, None),
        (UUID(int=2), None, Decimal(0), 7, False, [], None, None),
    ]
