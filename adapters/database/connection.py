"""The database for the ORM and for raw SQL, and its migrations."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import asyncpg
from tortoise import Tortoise
from tortoise.connection import connections
from tortoise.validators import MaxLengthValidator

from adapters.database.migrating import LATEST, apply_all, patiently
from domain.kernel.database import PgBouncerConnection, PooledConnection
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork
from domain.system.month_tables import TABLES, make_months

APP = "tradegraph"
# In characters.
LONGEST_KEPT_STATEMENT = 100_000
# A transaction of a process that stands still (one that was stopped, or a machine that sleeps) ends by itself, and what
# it had locked is free.
_STUCK_MILLISECONDS = 15_000
MODEL_MODULES = [
    "domain.kernel.models",
    "domain.access.models",
    "domain.market.models",
    "domain.accounts.models",
    "domain.positions.models",
    "domain.risk.models",
    "domain.orders.models",
    "domain.orders.venues.models",
    "domain.anomalies.models",
    "domain.anomalies.cases.models",
    "domain.system.models",
    "domain.system.notifications.models",
    "domain.system.fix.models",
    "domain.system.series.models",
]
# Any fixed number: whoever migrates holds it, so that two starts at once do not migrate together.
_MIGRATION_LOCK = 7_402_011
_LOCK_POLL_SECONDS = 0.1


@cache
def process_name() -> str:
    """The name of this process in the database's list of sessions; a process that takes over ends these sessions."""
    return f"{APP} {secrets.token_hex(6)}"


# A forked process is another one.
os.register_at_fork(after_in_child=process_name.cache_clear)


def orm_config(database_url: str, *, pool_size: int = 8, pooler: bool = False) -> dict[str, Any]:
    """The ORM's configuration for a ``postgresql://`` URL; ``?host=/directory`` names a unix socket.

    ``pooler`` says that the URL is one of a pooler whose sessions change between transactions.

    Raises:
        ValueError: the URL is not one of PostgreSQL.
    """
    parts = urlsplit(database_url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError("DATABASE_URL must start with postgresql://")
    options = dict(parse_qsl(parts.query))
    credentials: dict[str, Any] = {
        "host": options.pop("host", None) or parts.hostname or "127.0.0.1",
        "port": parts.port or 5432,
        "user": unquote(parts.username or "postgres"),
        "password": unquote(parts.password) if parts.password else None,
        "database": parts.path.lstrip("/") or "postgres",
        "minsize": 1,
        "maxsize": pool_size,
        "connection_class": PgBouncerConnection if pooler else PooledConnection,
        "command_timeout": 30,
        # The driver's own bound is 15 KB: a longer statement, such as one that writes lists to several tables, would be
        # parsed and planned anew each time.
        "max_cacheable_statement_size": LONGEST_KEPT_STATEMENT,
        # Plans are made once per connection; jit costs more than it gives on statements of a millisecond.
        "server_settings": {
            "application_name": process_name(),
            "timezone": "UTC",
            "jit": "off",
            "idle_in_transaction_session_timeout": str(_STUCK_MILLISECONDS),
        },
    }
    if pooler:
        # What one session has prepared another does not have.
        credentials["statement_cache_size"] = 0
    if "sslmode" in options:
        credentials["ssl"] = options["sslmode"]
    return {
        "connections": {"default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}},
        "apps": {APP: {"models": MODEL_MODULES, "migrations": "migrations", "default_connection": "default"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def database(database_url: str, *, pool_size: int = 8, pooler: bool = False) -> AsyncIterator[None]:
    """The ORM and the pool behind it, open for the whole process while the context lasts."""
    # Without the global fallback, what is opened in a lifespan task is invisible to request handlers.
    config = orm_config(database_url, pool_size=pool_size, pooler=pooler)
    await Tortoise.init(config=config, _enable_global_fallback=True)
    _let_filters_hold_any_text()
    try:
        # The ORM opens its pool at the first query; raw reads need it from the start.
        await connections.get("default").create_connection(with_db=True)
        yield
    finally:
        await Tortoise.close_connections()


def _let_filters_hold_any_text() -> None:
    """Let a filter by a text that is longer than its column find nothing, as one by any other unknown text does.

    The ORM raises an error of its own instead. What is written is still bounded: by the domain, and by the column.
    """
    for model in (model for models in (Tortoise.apps or {}).values() for model in models.values()):
        for field in model._meta.fields_map.values():
            field.validators = [one for one in field.validators if not isinstance(one, MaxLengthValidator)]


async def migrate(database_url: str, *, last: str = LATEST) -> None:
    """Bring the schema up to date, with the months that are written next; concurrent callers wait for each other.

    ``last`` names the migration to stop at, for a database as an earlier release had it.

    Raises:
        Unavailable: others have held a table for longer than this waits.
    """
    config = orm_config(database_url)
    # The lock of migrations and their work are of one session: who loses the one has lost the other.
    settings = config["connections"]["default"]["credentials"]["server_settings"]
    connection = await asyncpg.connect(database_url, server_settings=settings)
    try:
        # Who waited within a statement would keep those who build an index concurrently waiting for ever. What another
        # process does is no event here.
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _MIGRATION_LOCK):  # noqa: ASYNC110  another process frees it
            await asyncio.sleep(_LOCK_POLL_SECONDS)
        await Tortoise.init(config=config, init_connections=False)
        try:
            await apply_all(connection, config["apps"], last)
        finally:
            await Tortoise.close_connections()
        if last == LATEST:
            names = [table.name for table in TABLES]
            await patiently(connection, "months ahead", names, partial(_make_months, connection))
    finally:
        await connection.close()


async def _make_months(connection: asyncpg.Connection) -> None:
    await make_months(partial(_transaction, connection), utc_now())


@asynccontextmanager
async def _transaction(connection: asyncpg.Connection) -> AsyncIterator[UnitOfWork]:
    async with connection.transaction():
        yield UnitOfWork(connection, utc_now())
