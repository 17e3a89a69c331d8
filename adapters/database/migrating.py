"""Migrations, beside processes of the release before.

A migration that is one transaction locks the tables that it changes before its first statement, and is recorded in the
same transaction: it is applied and recorded, or neither. While another session holds one of its tables it releases its
locks, waits, and begins again, so it stops nobody: a request waits for at most half a second, and as long as its
statements take.

Other migrations are for statements that lock nobody out: each is a transaction of its own and may be repeated.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

import asyncpg
import structlog
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel, RunSQL
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor

from adapters.database.schema_state import LazyState, state_after
from domain.kernel.errors import Unavailable
from domain.kernel.lock_queries import existing_tables, holders_of, names_in, take_tables
from domain.kernel.orm import client_of
from domain.kernel.retry_policies import MIGRATION
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork

# A dump of the database, or a long report, ends within that time or is somebody's decision.
PATIENCE = timedelta(minutes=5)
LATEST = "__latest__"
_LOCKED = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
_ADDING = (AddConstraint, AddField, AddIndex, CreateModel, RunSQL)
_SECONDS_BETWEEN_LINES = 10.0
# A statement that waits for one table alone stops nobody for long; an index that is built beside writers waits for all
# transactions that began before it, and holds nobody up meanwhile.
_BOUND = "500ms"
_log = structlog.stdlib.get_logger("migrations")


class Plan(MigrationExecutor):
    """The migrations of the project, and the picture of the schema between them."""

    async def models_after(self, applied: Iterable[MigrationKey]) -> LazyState:
        """The models as applied migrations left them."""
        done = set(applied)
        return await state_after(self.loader.graph.nodes[key] for key in self._full_plan() if key in done)


async def apply_all(connection: asyncpg.Connection, apps: dict[str, dict[str, Any]], last: str = LATEST) -> None:
    """Apply the migrations that the database lacks, all or up to ``last``, over one connection, in their order.

    Raises:
        Unavailable: somebody has held a table for as long as this waits.
    """
    plan = Plan(client_of(connection), apps)
    await plan.recorder.ensure_schema(AsyncpgSchemaEditor(client_of(connection)))
    steps = await plan.plan([MigrationTarget(app, last) for app in apps])
    missing = [step.migration for step in steps if not step.backward]
    if not missing:
        return
    state = await plan.models_after(await plan.recorder.applied_migrations())
    for migration in missing:
        statements = await statements_of(connection, migration, state)
        await apply_one(connection, migration, statements)


async def apply_one(connection: asyncpg.Connection, migration: Migration, statements: Sequence[str]) -> None:
    """Run a migration's statements and record it, as often as it takes."""
    names = names_in(statements)

    async def once() -> None:
        if migration.atomic:
            async with connection.transaction():
                work = UnitOfWork(connection, utc_now())
                await take_tables(work, await existing_tables(work, names))
                await run(connection, migration, statements)
        else:
            bound = "0" if any("CONCURRENTLY" in statement for statement in statements) else _BOUND
            await connection.execute(f"SET lock_timeout = '{bound}'")
            await run(connection, migration, statements)

    await patiently(connection, migration.name, list(names), once)


async def patiently(
    connection: asyncpg.Connection, name: str, tables: list[str], once: Callable[[], Awaitable[None]]
) -> None:
    """Run an action that needs tables alone; repeat it while another session holds one of them, for a bounded time."""
    begun, failures, told = monotonic(), 0, -_SECONDS_BETWEEN_LINES
    while True:
        try:
            return await once()
        except _LOCKED as error:
            failures += 1
            waited = monotonic() - begun
            users = [
                f"{row['name']} by {row['application_name'] or 'an unnamed client'} (pid {row['pid']})"
                for row in await holders_of(UnitOfWork(connection, utc_now()), tables)
            ]
            if waited > PATIENCE.total_seconds():
                others = ", ".join(users) or "others"
                message = f"{name} waited {waited:.0f} s for tables that are in use: {others}; nothing was changed"
                raise Unavailable(message, reason="TABLES_IN_USE") from error
            if waited - told >= _SECONDS_BETWEEN_LINES:
                told = waited
                _log.warning("a migration waits for tables", migration=name, in_use=users[:5])
        await asyncio.sleep(MIGRATION.delay_seconds(failures, random.random()))  # noqa: S311  # no secret


async def statements_of(connection: asyncpg.Connection, migration: Migration, state: LazyState) -> list[str]:
    """The statements of a migration, none of them run; ``state``, the models before it, becomes that after it.

    They are made before any table is taken, because making classes of models takes longer than most of them.
    """
    if not all(operation.reduces_to_sql for operation in migration.operations):
        raise TypeError(f"{migration.name} has an operation that is no SQL")
    editor = AsyncpgSchemaEditor(client_of(connection), atomic=False, collect_sql=True)
    for operation in migration.operations:
        # Only what takes away or changes looks at the models before it.
        before = state if isinstance(operation, _ADDING) else state.clone()
        operation.state_forward(migration.app_label, state)
        await operation.database_forward(migration.app_label, before, state, editor)
    state.validate_relations_initialized()
    return editor.collected_sql


async def run(connection: asyncpg.Connection, migration: Migration, statements: Sequence[str]) -> None:
    """Run a migration's statements and record it, in the transaction that is open, if one is."""
    for statement in statements:
        await connection.execute(statement)
    await MigrationRecorder(client_of(connection)).record_applied(migration.app_label, migration.name)
