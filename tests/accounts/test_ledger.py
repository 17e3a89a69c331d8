"""The database itself keeps the ledger: rows are only ever added, each follows on the one before, none is changed."""

import asyncio
import re
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest

from adapters.database.connection import database as open_database
from adapters.embedded import EmbeddedServices
from domain.accounts.queries import READ_RUN, read_books, to_transaction
from domain.accounts.rules import first_break
from domain.accounts.service import MoveCash, deposit, withdraw
from domain.accounts.types import GENESIS_HASH, AccountBook
from domain.kernel.bus import NullBus
from domain.kernel.database import fetch, pool
from domain.kernel.errors import Conflict, Refused
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import UnitOfWork
from tests.accounts.conftest import Open

BUS = NullBus()
TABLES = ["account_transactions", "account_events"]
STATEMENTS = [
    "UPDATE {} SET sequence = sequence + 100",
    "UPDATE {} SET sequence = sequence WHERE false",
    "DELETE FROM {}",
    "TRUNCATE {}",
    "TRUNCATE {} CASCADE",
]
OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


async def all_cash(_work: UnitOfWork, account: AccountBook) -> Decimal:
    return account.cash - account.reserved


async def stored() -> list[tuple[Any, ...]]:
    return [tuple(row) for table in TABLES for row in await fetch(f"SELECT * FROM {table} ORDER BY 1, 2")]


async def test_the_database_refuses_to_change_or_delete_ledger_rows(open_one: Open) -> None:
    owner, book = await open_one()
    await deposit(BUS, owner, MoveCash(book.id, Decimal(1), "d"))
    before = await stored()
    for table in TABLES:
        for statement in STATEMENTS:
            with pytest.raises(asyncpg.RestrictViolationError):
                await pool().execute(statement.format(table))
    # A cascade from what it refers to does not get around it either.
    with pytest.raises(asyncpg.RestrictViolationError):
        await pool().execute("TRUNCATE accounts CASCADE")
    assert await stored() == before


async def test_replication_mode_does_not_bypass_the_ledger_triggers(
    open_one: Open, database: str, services: EmbeddedServices
) -> None:
    owner, book = await open_one()
    await deposit(BUS, owner, MoveCash(book.id, Decimal(1), "d"))
    url = urlsplit(services.postgres.superuser_url)
    connection = await asyncpg.connect(urlunsplit(url._replace(path=urlsplit(database).path)))
    await connection.execute("SET session_replication_role = replica")
    for table in TABLES:
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(f"DELETE FROM {table}")
    await connection.close()


INSERT = """
INSERT INTO account_transactions
(id, account_id, sequence, kind, contra, amount, balance_after, currency, hash, created_at)
SELECT n.id, $1, n.sequence, 'DEPOSIT', 'EXTERNAL', n.amount, n.balance, 'USD', 'none', now()
FROM unnest($2::uuid[], $3::bigint[], $4::numeric[], $5::numeric[]) AS n (id, sequence, amount, balance)
"""


async def insert(account_id: UUID, *rows: tuple[int, int, int]) -> None:
    """Rows behind the application's back: sequence, amount and balance."""
    ids = [new_id() for _ in rows]
    columns = [[Decimal(row[place]) if place else row[place] for row in rows] for place in range(3)]
    await pool().execute(INSERT, account_id, ids, *columns)


@pytest.mark.parametrize(
    "rows",
    [
        [(3, 5, 15)],  # a gap
        [(2, 5, 14)],  # another balance
        [(2, 5, 15), (3, 1, 15)],  # the second of a run
        [(2, 5, 15), (4, 1, 16)],  # a gap in a run
    ],
)
async def test_a_row_must_continue_the_number_balance_and_hash_of_the_previous_one(
    open_one: Open, rows: list[tuple[int, int, int]]
) -> None:
    owner, book = await open_one()
    await deposit(BUS, owner, MoveCash(book.id, Decimal(10), "d"))
    before = await stored()
    with pytest.raises(asyncpg.CheckViolationError, match="follow on"):
        await insert(book.id, *rows)
    assert await stored() == before


async def test_the_first_row_has_number_one(open_one: Open) -> None:
    _, book = await open_one()
    for row in ((2, 5, 5), (1, 5, 6)):
        with pytest.raises(asyncpg.CheckViolationError, match="follow on"):
            await insert(book.id, row)


@pytest.mark.tampers
async def test_consecutive_rows_are_accepted_together(open_one: Open) -> None:
    owner, book = await open_one()
    await deposit(BUS, owner, MoveCash(book.id, Decimal(10), "d"))
    # In any order within a statement, as set-based writes have none.
    await insert(book.id, (3, 1, 16), (2, 5, 15))
    assert len(await fetch(READ_RUN, book.id, 0, 10)) == 3


async def test_concurrent_uses_of_one_reference_move_money_once(open_one: Open) -> None:
    owner, book = await open_one()
    await deposit(BUS, owner, MoveCash(book.id, Decimal(100), "opening"))
    tries = [deposit(BUS, owner, MoveCash(book.id, Decimal(7), "in")) for _ in range(10)]
    tries += [withdraw(BUS, owner, MoveCash(book.id, Decimal(5), "out"), all_cash) for _ in range(10)]
    tries += [deposit(BUS, owner, MoveCash(book.id, Decimal(8), "opening")) for _ in range(5)]
    tries += [withdraw(BUS, owner, MoveCash(book.id, Decimal(100), "opening"), all_cash) for _ in range(5)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert len({row.id for row in results[:10]}) == 1  # type: ignore[union-attr]  # transactions
    assert len({row.id for row in results[10:20]}) == 1  # type: ignore[union-attr]  # transactions
    assert all(isinstance(row, Conflict) for row in results[20:])
    rows = [to_transaction(row) for row in await fetch(READ_RUN, book.id, 0, 100)]
    assert sorted((row.reference, row.amount) for row in rows) == [("in", 7), ("opening", 100), ("out", -5)]
    assert first_break(rows, GENESIS_HASH, 0, Decimal(0)) is None


async def test_concurrent_withdrawals_never_exceed_the_cash(open_one: Open) -> None:
    owner, book = await open_one()
    await deposit(BUS, owner, MoveCash(book.id, Decimal(50), "d"))
    tries = [withdraw(BUS, owner, MoveCash(book.id, Decimal(20), f"w{number}"), all_cash) for number in range(8)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    refused = [row for row in results if isinstance(row, Refused)]
    assert [row.reason for row in refused] == ["INSUFFICIENT_FUNDS"] * 6
    assert (await read_books([book.id]))[book.id].cash == Decimal(10)


def documented_grants(role: str) -> str:
    """The grants of operations.md to the role of ``web`` and ``engine``."""
    found = re.search(r"```sql\n(-- least privilege.*?)```", OPERATIONS.read_text(), re.DOTALL)
    assert found is not None
    return found[1].replace("tradegraph_app", role).replace("'...'", "'secret'")


async def test_a_least_privilege_database_role_serves_and_cannot_touch_the_ledger(
    open_one: Open, database_url: str, services: EmbeddedServices
) -> None:
    owner, book = await open_one()
    role = f"least_{book.id.hex[-12:]}"
    url = urlsplit(services.postgres.superuser_url)
    superuser = await asyncpg.connect(urlunsplit(url._replace(path=urlsplit(database_url).path)))
    try:
        await superuser.execute(documented_grants(role))
        place = urlsplit(database_url)
        address = f"{role}:secret@{place.netloc.rpartition('@')[2]}"
        async with open_database(urlunsplit(place._replace(netloc=address))):
            assert (await fetch("SELECT current_user AS name"))[0]["name"] == role
            await deposit(BUS, owner, MoveCash(book.id, Decimal(10), "d"))
            before = await stored()
            attempts = [statement.format(table) for table in TABLES for statement in STATEMENTS]
            attempts += [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in TABLES]
            attempts += [f"DROP TABLE {table}" for table in TABLES]
            attempts += ["DELETE FROM audit_entries", "TRUNCATE accounts CASCADE"]
            months = await fetch(
                "SELECT inhrelid::regclass AS name FROM pg_inherits WHERE inhparent = $1::regclass", TABLES[1]
            )
            attempts += [f"{statement} {row['name']}" for row in months for statement in ("DELETE FROM", "TRUNCATE")]
            assert months
            for attempt in attempts:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await pool().execute(attempt)
            assert await stored() == before
    finally:
        await superuser.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        await superuser.close()
