"""A database as an earlier release left it: migrated up to a step, with rows of that time in it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg

from adapters.database.connection import migrate

_MADE_AT = datetime(2026, 1, 5, tzinfo=UTC)
# What a column that must have a value gets, by its type.
_ANYTHING: dict[str, Any] = {
    "uuid": uuid4,
    "numeric": lambda: Decimal(0),
    "integer": lambda: 0,
    "bigint": lambda: 0,
    "smallint": lambda: 0,
    "boolean": lambda: False,
    "timestamp with time zone": lambda: _MADE_AT,
    "bytea": lambda: b"\0" * 32,
    "jsonb": lambda: "[]",
    "ARRAY": list,
    "text": lambda: "x",
    "character varying": lambda: "x",
}


async def migrate_to(database_url: str, step: str) -> None:
    """Apply the migrations up to and including one."""
    await migrate(database_url, last=step)


async def insert(connection: asyncpg.Connection, table: str, **values: Any) -> Any:
    """Insert a row with these values, and arbitrary values in other required columns; returns its id."""
    columns = await connection.fetch(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1 "
        "AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'",
        table,
    )
    needed = {row["column_name"]: _ANYTHING[row["data_type"]]() for row in columns if row["column_name"] not in values}
    row = needed | values
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    names = ", ".join(f'"{name}"' for name in row)
    await connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", *row.values())
    return row.get("id")
