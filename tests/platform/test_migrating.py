"""Migrations beside running processes: they wait for nobody while they hold something, and are whole or not at all."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.migrations.executor import MigrationTarget
from tortoise.migrations.migration import Migration
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor

from adapters.database import migrating
from adapters.database.connection import orm_config
from adapters.database.migrating import LATEST, Plan, apply_one, run, statements_of
from cli.checks import applied_migrations
from domain.accounts.event_queries import ACCOUNT_EVENTS
from domain.kernel.lock_queries import existing_tables, names_in, take_tables
from domain.kernel.orm import client_of
from domain.kernel.partition_queries import Partitioned, drop_partitions, ensure_partitions, sort_rest
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork
from domain.system.month_tables import TABLES
from tests.support.databases import DatabaseFactory
from tests.support.old_rows import insert
from tests.support.waiting import until

# From the weakest that a writer takes: what is weaker keeps nobody from reading or writing.
MODES = ("RowExclusiveLock", "ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock", "ExclusiveLock")
STRENGTH = {mode: strength for strength, mode in enumerate((*MODES, "AccessExclusiveLock"))}
HARMLESS = STRENGTH["ShareUpdateExclusiveLock"]
# Written by a trigger of the other table alone: who has that one meets nobody here.
BEHIND = {"open_order_counts": "orders"}
LOCKS = """
SELECT c.relname AS name, l.mode FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND l.granted AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
"""
WAITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = $1::regclass)"


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def migrating_session(url: str) -> AsyncIterator[tuple[asyncpg.Connection, dict[str, Any]]]:
    config = orm_config(url)
    await Tortoise.init(config=config, init_connections=False)
    try:
        async with connected(url) as connection:
            yield connection, config["apps"]
    finally:
        await Tortoise.close_connections()


async def strongest(connection: asyncpg.Connection) -> dict[str, int]:
    """The strongest lock of this transaction on each table, of those that writers would notice."""
    found: dict[str, int] = {}
    for row in await connection.fetch(LOCKS):
        found[row["name"]] = max(found.get(row["name"], -1), STRENGTH.get(row["mode"], -1))
    return {name: strength for name, strength in found.items() if strength >= 0}


async def tables(connection: asyncpg.Connection) -> set[str]:
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace "
        "AND relname <> 'tortoise_migrations'"
    )
    return {row[0] for row in rows}


def waited_for(taken: dict[str, int], held: dict[str, int], there: set[str]) -> set[str]:
    """The tables that were there and were locked later, or more strongly, than they had been taken."""
    return {name for name, strength in held.items() if name in there and strength > taken.get(name, -1)}


@dataclass
class Walk:
    """All migrations, applied one by one to a database that was empty.

    ``before`` is a copy before the last steps of one release, which had others' tables to themselves; ``rest`` are
    these steps and the later ones, each with its statements.
    """

    before: str = ""
    rest: list[tuple[Migration, list[str]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def walk(databases: DatabaseFactory) -> Iterator[Walk]:
    found = Walk()
    with databases.empty() as url, ExitStack() as stack:
        for going_on in walking(url, found):
            databases._wait(going_on, timeout_seconds=300)
            if not found.before:
                found.before = stack.enter_context(databases.copy(url))
        yield found


def walking(url: str, found: Walk) -> Iterator[Coroutine[Any, Any, None]]:
    """The walk in two parts, without open connections between them."""
    yield collect(url, found, "0043_indexes_by_account")
    found.rest.clear()
    yield collect(url, found, LATEST)


async def collect(url: str, found: Walk, last: str) -> None:
    async with migrating_session(url) as (connection, apps):
        plan = Plan(client_of(connection), apps)
        await plan.recorder.ensure_schema(AsyncpgSchemaEditor(client_of(connection)))
        steps = await plan.plan([MigrationTarget(app, last) for app in apps])
        state = await plan.models_after(await plan.recorder.applied_migrations())
        for migration in (step.migration for step in steps):
            statements = await statements_of(connection, migration, state)
            check = check_whole if migration.atomic else check_parts
            found.problems += await check(connection, migration, statements)
            found.rest.append((migration, statements))


def test_each_migration_locks_its_tables_first(walk: Walk) -> None:
    """Holds of every migration that is one transaction; of others each statement locks one table at most."""
    assert not walk.problems


async def check_whole(connection: asyncpg.Connection, migration: Migration, statements: list[str]) -> list[str]:
    """A migration in one transaction takes its tables before its first statement."""
    there = await tables(connection)
    async with connection.transaction():
        work = UnitOfWork(connection, utc_now())
        await take_tables(work, await existing_tables(work, names_in(statements)))
        taken = await strongest(connection)
        await run(connection, migration, statements)
        late = waited_for(taken, await strongest(connection), there)
    late -= {table for table, first in BEHIND.items() if first in taken}
    return [f"{migration.name} names nowhere that it locks {name}" for name in sorted(late)]


async def check_parts(connection: asyncpg.Connection, migration: Migration, statements: list[str]) -> list[str]:
    """Each statement of another one keeps writers from one table at most, and may be run again."""
    concurrent = {"CONCURRENTLY" in statement for statement in statements}
    problems = [f"{migration.name}: what waits for all others is a migration of its own"] if len(concurrent) > 1 else []
    for statement in () if True in concurrent else statements:
        async with connection.transaction():
            await connection.execute(statement)
            held = [name for name, strength in (await strongest(connection)).items() if strength > HARMLESS]
        if len(held) > 1:
            problems.append(f"{migration.name}: {statement} locks {held}")
    await run(connection, migration, statements)
    return problems


async def hold(connection: asyncpg.Connection, table: str) -> asyncpg.transaction.Transaction:
    """Begin a transaction that has written to a table."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
    return transaction


async def apply_rest(url: str, walk: Walk) -> None:
    async with migrating_session(url) as (connection, _apps):
        for migration, statements in walk.rest:
            await apply_one(connection, migration, statements)


async def test_a_migration_gives_way_to_each_transaction_whatever_it_holds(
    databases: DatabaseFactory, walk: Walk
) -> None:
    """A transaction holds any table and then wants all others, in either order: the migration ends no transaction.

    Before each transaction ends the next one has begun: so the migration meets every one of them.
    """
    with databases.copy(walk.before) as url:
        names = ["orders", "positions", "account_events", "bars"]
        async with connected(url) as one, connected(url) as other, asyncio.TaskGroup() as group:
            running, session = await hold(one, names[0]), one
            work = group.create_task(apply_rest(url, walk))
            for held, following in pairwise([*names, ""]):
                await until(partial(session.fetchval, WAITING, held))
                for wanted in sorted(set(names) - {held}, reverse=held < "p"):
                    await session.execute(f"LOCK TABLE {wanted} IN ROW EXCLUSIVE MODE")
                assert not work.done()
                if following:
                    session = other if session is one else one
                    after = await hold(session, following)
                    await running.commit()
                    running = after
            await running.commit()
        async with connected(url) as connection:
            assert "account_events_before" not in await tables(connection), "it was empty"


async def test_the_previous_release_works_beside_running_migrations(databases: DatabaseFactory, walk: Walk) -> None:
    """Its statements, in the order of its flows and the other way round, succeed, and all is there after."""
    with databases.copy(walk.before) as url:
        async with connected(url) as connection:
            seeded = await world(connection)
        stop, began = asyncio.Event(), [asyncio.Event() for _ in FLOWS]
        async with asyncio.TaskGroup() as group:
            traders = [group.create_task(trade(url, seeded, number, stop, event)) for number, event in enumerate(began)]
            for event in began:
                await event.wait()
            await apply_rest(url, walk)
            stop.set()
        async with connected(url) as connection:
            count = "SELECT count(*) FROM "
            kept = [await connection.fetchval(count + table) for table in ("account_events", "orders")]
            assert kept == [sum(trader.result() for trader in traders)] * 2


FLOWS = (("orders", "account_events", "bars"), ("bars", "account_events", "orders"))


async def world(connection: asyncpg.Connection) -> dict[str, Any]:
    money = {"settlement_cycle": "T0", "calendar": "24/7", "asset_class": "SPOT", "inverse": False, "currency": "USD"}
    grid = dict.fromkeys(("tick_size", "lot_size", "min_quantity", "multiplier"), 1)
    grid |= dict.fromkeys(("initial_margin_rate", "maintenance_margin_rate"), 1)
    coin = await insert(connection, "instruments", symbol="COIN", **money, **grid)
    owner = await insert(connection, "users", role="TRADER", active=True, email="owner@example.org")
    kind = {"kind": "CASH", "position_mode": "NETTING", "state": "ACTIVE", "currency": "USD", "venue": "paper"}
    accounts = [await insert(connection, "accounts", name=str(n), owner_id=owner, **kind) for n in range(len(FLOWS))]
    return {"coin": coin, "accounts": accounts}


async def trade(url: str, seeded: dict[str, Any], number: int, stop: asyncio.Event, began: asyncio.Event) -> int:
    """Run transactions of one account, each a whole flow, until stopped; returns their number."""
    count = 0
    account = seeded["accounts"][number]
    at = utc_now()
    async with connected(url) as connection:
        while not stop.is_set():
            count += 1
            async with connection.transaction():
                await connection.execute("SELECT FROM accounts WHERE id = $1 FOR UPDATE", account)
                placed = None
                for table in FLOWS[number]:
                    if table == "orders":
                        placed = await place(connection, account, seeded["coin"], str(count))
                    elif table == "account_events":
                        event = {"account_id": account, "kind": "NEW", "at": at, "payload": "{}", "sequence": count}
                        await insert(connection, "account_events", **event, order_id=placed)
                    else:
                        await grow(connection, seeded["coin"], at + timedelta(seconds=count))
            began.set()
    return count


async def place(connection: asyncpg.Connection, account: Any, coin: Any, name: str) -> Any:
    kind = {"type": "MARKET", "time_in_force": "IOC", "position_effect": "AUTO", "trigger_price": "BID_ASK"}
    state = {"status": "NEW", "contingency": "NONE", "venue": "paper", "quantity": 1, "side": "BUY"}
    return await insert(
        connection, "orders", account_id=account, instrument_id=coin, client_order_id=name, **kind, **state
    )


async def grow(connection: asyncpg.Connection, coin: Any, at: Any) -> None:
    await connection.execute(
        "INSERT INTO bars (id, instrument_id, interval, at, open, high, low, close, volume) "
        "VALUES (gen_random_uuid(), $1, 'SECOND', $2, 1, 1, 1, 1, 1) "
        "ON CONFLICT (instrument_id, interval, at) DO UPDATE SET volume = bars.volume + EXCLUDED.volume",
        coin,
        at,
    )


def invented(name: str = "9999_invented") -> Migration:
    return Migration(name, "tradegraph")


async def test_a_migration_is_applied_and_recorded_or_neither(database_url: str) -> None:
    async with migrating_session(database_url) as (connection, _apps):
        known = await applied_migrations(connection)
        # One that is recorded already cannot be recorded again.
        with pytest.raises(Exception, match="duplicate key"):
            await apply_one(connection, invented(known[-1]), ["CREATE TABLE marks (id int)"])
        assert "marks" not in await tables(connection)
        await apply_one(connection, invented(), ["CREATE TABLE marks (id int)"])
        assert "marks" in await tables(connection)
        assert await applied_migrations(connection) == [*known, "9999_invented"]


async def test_a_migration_that_gives_up_names_the_session_that_uses_the_table(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "PATIENCE", timedelta(0))
    async with migrating_session(database_url) as (connection, _apps), connected(database_url) as other:
        await other.execute("SET application_name = 'a long report'")
        transaction = await hold(other, "orders")
        change = ["ALTER TABLE orders ADD COLUMN mark int"]
        with pytest.raises(match=r"9999_invented waited .* orders by a long report \(pid \d+\)"):
            await apply_one(connection, invented(), change)
        await transaction.rollback()
        await apply_one(connection, invented(), change)
        assert await connection.fetchval("SELECT count(mark) FROM orders") == 0


class Noting(UnitOfWork):
    """A transaction that records its locks after its last lock of a table."""

    taken: dict[str, int]

    async def execute(self, sql: str, *arguments: object) -> None:
        await super().execute(sql, *arguments)
        if sql.startswith("LOCK"):
            self.taken = await strongest(self.connection)


@pytest.mark.tampers
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
async def test_months_are_created_sorted_and_dropped_with_their_tables_locked_first(
    database_url: str, table: Partitioned
) -> None:
    far = datetime(2050, 3, 4, tzinfo=UTC)
    async with connected(database_url) as connection:
        changes: list[Callable[[UnitOfWork], Awaitable[list[str]]]] = [
            lambda work: ensure_partitions(work, table, datetime(2040, 1, 1, tzinfo=UTC)),
            lambda work: sort_rest(work, table),
            lambda work: drop_partitions(work, table, datetime(2041, 1, 1, tzinfo=UTC)),
        ]
        for change in changes if table == ACCOUNT_EVENTS else (changes[0], changes[2]):
            if change is changes[1]:
                owner = await insert(connection, "users", role="TRADER", active=True, email="owner@example.org")
                money = {"currency": "USD", "state": "ACTIVE", "event_sequence": 1}
                account = await insert(connection, "accounts", name="a", owner_id=owner, **money)
                event = {"account_id": account, "sequence": 1, "kind": "NEW", "payload": "{}", "at": far}
                await insert(connection, "account_events", **event)
            there = await tables(connection)
            async with connection.transaction():
                work = Noting(connection, utc_now())
                assert await change(work)
                late = waited_for(work.taken, await strongest(connection), there)
                assert not late
